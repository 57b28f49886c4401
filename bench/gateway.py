"""Processor time that the gateway adds to a request of a caller it knows, over the view alone."""

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import redis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from django.utils import timezone
from rest_framework.request import Request

from bench.practice import BenchPractice, make_practice
from bench.table import table
from mybcat import audit
from mybcat.gateway import authoriser
from mybcat.gateway.endpoint import Endpoint
from mybcat.ids import public_id
from mybcat.principal import Principal

# ms: the figure.
GOAL = 1.0
# One caller asks as often as a thousand would.
FACTOR = 1_000_000

Call = Callable[[], None]


def main(arguments: list[str]) -> int:
    """Prints the figures; 1 if the goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000, help="of each round")
    parser.add_argument("--rounds", type=int, default=7, help="medians are taken over these")
    options = parser.parse_args(arguments)
    practice = make_practice(name="Bench: gateway", callers=1)
    with override_settings(RATE_LIMIT_FACTOR=FACTOR):
        full, bare = _request(WSGIHandler(), practice), _bare(practice)
        _cost(full, 200)
        with bare as view:
            _cost(view, 200)
        added, whole, alone, asked = [], [], [], []
        for _ in range(options.rounds):
            before = _asked()
            whole.append(_cost(full, options.requests))
            asked.append((_asked() - before) / options.requests)
            with _bare(practice) as view:
                alone.append(_cost(view, options.requests))
            added.append(whole[-1] - alone[-1])
    rows = [
        ["request of a known caller", *_spread(whole)],
        ["view and transaction alone", *_spread(alone)],
        ["gateway", *_spread(added)],
    ]
    print(table(["processor time of the api", "median ms", "least ms", "most ms"], rows))
    print(f"\nscripts run by Redis a request: {statistics.median(asked):.2f}; goal: gateway ≤ {GOAL} ms")
    return 0 if statistics.median(added) <= GOAL else 1


def _spread(series: list[float]) -> list[str]:
    return [f"{value:.3f}" for value in (statistics.median(series), min(series), max(series))]


def _cost(call: Call, count: int) -> float:
    """Milliseconds of this process's time, in the kernel too, that one call takes."""
    begun = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - begun) * 1000 / count


@contextmanager
def _bare(practice: BenchPractice) -> Iterator[Call]:
    """The same route, transaction, view and JSON, without middleware, caller, limits and audit row."""
    known = authoriser._read(practice.tokens[0], None, timezone.now()).principal
    with ExitStack() as stack:
        with override_settings(MIDDLEWARE=[]):
            handler = WSGIHandler()
        stack.enter_context(patch.object(Endpoint, "perform_authentication", _as(known)))
        stack.enter_context(patch.object(audit, "record", lambda **_: None))
        yield _request(handler, practice)


def _as(principal: Principal) -> Callable[[Endpoint, Request], None]:
    def known(endpoint: Endpoint, request: Request) -> None:
        endpoint.principal = request.user = principal  # type: ignore[assignment]

    return known


def _request(handler: WSGIHandler, practice: BenchPractice) -> Call:
    """A read of one patient: the shortest request that leaves an audit row."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/api/v2/patients/{public_id('pat', practice.patient_id(0))}",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {practice.tokens[0]}",
        "wsgi.url_scheme": "http",
    }
    statuses: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
        statuses.append(status)

    def call() -> None:
        answer: Any = handler({**environ, "wsgi.input": io.BytesIO()}, start_response)
        b"".join(answer)
        answer.close()
        if statuses.pop() != "200 OK":
            raise RuntimeError("the patient was not shown")

    return call


def _asked() -> int:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        found: Any = client.info("commandstats")
    return int(found.get("cmdstat_evalsha", {}).get("calls", 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
