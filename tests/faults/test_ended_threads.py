"""The web server ends idle threads: their connections to PostgreSQL end with them."""

import gc
import warnings
from collections.abc import Iterator
from threading import Thread

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from tests.callers import Caller
from tests.concurrency.elsewhere import elsewhere
from tests.embedded.programs import until
from tests.factories import Clinic


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """Nothing is freed by chance."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def backend_of_a_thread_that_served_and_ended(agent: Caller) -> int:
    """Its process in PostgreSQL."""
    backends: list[int] = []

    def serve() -> None:
        assert agent.get("/api/v1/practitioners").status_code == 200
        backends.append(connection.connection.info.backend_pid)

    thread = Thread(target=serve)
    thread.start()
    thread.join()
    return backends[0]


def is_connected(backend: int) -> bool:
    with elsewhere() as superuser:
        return superuser.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone() is not None


def test_a_connection_ends_with_its_thread_though_nobody_closes_it(clinic: Clinic) -> None:
    backend = backend_of_a_thread_that_served_and_ended(Caller(clinic.agent, clinic.practice))
    until(lambda: not is_connected(backend), seconds=60)


def test_without_that_it_stays_until_the_garbage_collector_comes_by(clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    receivers = list(connection_created.receivers)
    assert connection_created.disconnect(dispatch_uid="mybcat.connections")
    try:
        backend = backend_of_a_thread_that_served_and_ended(agent)
        assert is_connected(backend)
    finally:
        connection_created.receivers = receivers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    until(lambda: not is_connected(backend), seconds=60)
