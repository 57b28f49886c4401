"""Is the process alive, and can it do its work?"""

import time
from concurrent.futures import Future
from contextlib import suppress

import kombu.exceptions
import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from mybcat.bounded import Question
from mybcat.celery import app as celery
from mybcat.gateway.proxy import came_through_a_proxy
from mybcat.metrics import CONTENT_TYPE, exposition

# Of each connection to Redis and broker.
PROBE_SECONDS = 1.0
# Of the whole answer: a probe must answer while what it asks hangs.
READY_SECONDS = 2.0


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, migrations, Redis and broker are good; else, within READY_SECONDS, 503 naming what is not."""
    deadline = time.monotonic() + READY_SECONDS
    asked = {name: question.asked() for name, question in QUESTIONS.items()}
    parts = {name: _state(answer, deadline - time.monotonic()) for name, answer in asked.items()}
    good = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if good else "unavailable", "parts": parts}, status=200 if good else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for programs of this machine only; others ask the private port of `manage.py metrics`."""
    # Through a proxy on this machine everybody would seem to be here.
    if came_through_a_proxy(request) or request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1"):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def _state(answer: "Future[bool]", seconds: float) -> str:
    with suppress(
        DatabaseError, InterfaceError, redis.RedisError, kombu.exceptions.OperationalError, OSError, TimeoutError
    ):
        if answer.result(max(seconds, 0)):
            return "ok"
    return "unavailable"


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('is_superuser'), rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        # A role that bypasses row-level security must not serve requests.
        return cursor.fetchone() == ("off", False)


def _migrations() -> bool:
    # Once applied they stay so, and building the graph is too dear for an address that anyone may ask.
    if "migrations" not in _settled:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _settled.add("migrations")
    return True


_settled: set[str] = set()


def _redis() -> bool:
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS
    ) as client:
        return bool(client.ping())


def _broker() -> bool:
    options = {"socket_timeout": PROBE_SECONDS, "socket_connect_timeout": PROBE_SECONDS}
    with celery.connection_for_write(transport_options=options) as broker:
        broker.ensure_connection(max_retries=1, timeout=PROBE_SECONDS)
        return bool(broker.connected)


QUESTIONS = {
    "database": Question(_database),
    "migrations": Question(_migrations),
    "redis": Question(_redis),
    "broker": Question(_broker),
}
