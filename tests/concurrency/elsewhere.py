"""Somebody else's transaction, which holds what a booking needs."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.signals import connection_created

_PATIENCE = 60.0
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


@contextmanager
def elsewhere() -> Iterator[psycopg.Connection]:
    """A superuser's transaction: sees all practices, and may say how long it bears a deadlock."""
    database = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(os.environ["MYBCAT_TEST_ADMIN_URL"], dbname=database) as connection:
        yield connection
        connection.rollback()


def until_somebody_waits_for(connection: psycopg.Connection, *, count: int = 1) -> None:
    """Returns once so many others are held up by what this transaction has locked."""
    deadline = time.monotonic() + _PATIENCE
    while connection.execute(_WAITING).fetchone() != (count,):
        assert time.monotonic() < deadline, "nobody came to wait"
        time.sleep(0.01)


def terminate_connections_of_the_application() -> None:
    """What a restart of PostgreSQL does to idle connections; those in a transaction lose it."""
    with elsewhere() as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE usename = 'mybcat_app' AND datname = current_database()"
        )


@contextmanager
def connections_with(**settings: str) -> Iterator[None]:
    """Connections that the application opens meanwhile have these settings of PostgreSQL."""

    def prepare(*, connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", [name, value])

    connection_created.connect(prepare)
    try:
        yield
    finally:
        connection_created.disconnect(prepare)
