"""A connection to PostgreSQL dies under a request: before it, in its middle, at its commit, or after it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.admin import AdminSite
from django.db import OperationalError, close_old_connections, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from appointments import booking
from tests.admin.conftest import at_desk
from tests.callers import Caller
from tests.concurrency.counting import NOTHING, Left, left_behind
from tests.concurrency.elsewhere import connections_with, elsewhere, terminate_connections_of_the_application
from tests.factories import PASSWORD, Clinic, make_user

ONE = Left(appointments=1, busy_slots=2, events=1, audit_rows=1, keys=1)


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    """One whom the gateway knows already: who is not yet known costs a transaction before the booking's."""
    caller = Caller(clinic.agent, clinic.practice)
    assert caller.get("/api/v1/locations").status_code == 200
    return caller


def assert_busy(answer: Any) -> None:
    assert answer.status_code == 503, answer.content
    assert answer["Retry-After"] == "1"
    assert answer.json() == {"error": "The service is busy. Try again.", "correlationId": answer["X-Correlation-Id"]}


def terminate() -> None:
    """Our own connection, by somebody else."""
    pid = connection.connection.info.backend_pid
    with elsewhere() as superuser:
        assert superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)


def close() -> None:
    """As when psycopg has seen the end of the connection, but Django has not."""
    connection.connection.close()


@contextmanager
def once(place: Any, name: str, *, before: Callable[[], None]) -> Iterator[None]:
    """`before` happens before the first call of this function."""
    function, left = getattr(place, name), [before]

    def called(*arguments: Any, **named: Any) -> Any:
        if left:
            left.pop()()
        return function(*arguments, **named)

    with patch.object(place, name, called):
        yield


@pytest.mark.parametrize("lose", [terminate, close])
def test_a_connection_lost_between_requests_is_replaced_unseen(
    lose: Callable[[], None], agent: Caller, clinic: Clinic
) -> None:
    assert agent.get("/api/v1/practitioners").status_code == 200
    lose()
    assert agent.book(clinic).status_code == 201
    assert left_behind(clinic.practice.id) == ONE


@pytest.mark.parametrize("lose", [terminate, close])
def test_signing_in_on_a_lost_connection_works(lose: Callable[[], None], agent: Caller, clinic: Clinic) -> None:
    lose()
    assert Caller(clinic.agent, clinic.practice, password=PASSWORD).token


@pytest.mark.parametrize("lose", [terminate, close])
@pytest.mark.parametrize("place", ["_book", "refuse_answered"])
def test_a_connection_lost_in_the_middle_is_answered_busy_and_nothing_is_written(
    place: str, lose: Callable[[], None], agent: Caller, clinic: Clinic
) -> None:
    with once(booking, place, before=lose):
        assert_busy(agent.book(clinic, key="one"))
    assert left_behind(clinic.practice.id) == NOTHING
    answer = agent.book(clinic, key="one")
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer
    assert left_behind(clinic.practice.id) == ONE


@pytest.mark.parametrize("lose", [terminate, close])
def test_a_connection_lost_before_the_commit_is_answered_busy_and_nothing_is_written(
    lose: Callable[[], None], agent: Caller, clinic: Clinic
) -> None:
    with once(BaseDatabaseWrapper, "_commit", before=lose):
        assert_busy(agent.book(clinic, key="one"))
    assert left_behind(clinic.practice.id) == NOTHING
    assert agent.book(clinic, key="one").status_code == 201
    assert left_behind(clinic.practice.id) == ONE


def test_a_connection_lost_after_the_commit_is_answered_busy_and_the_repetition_finds_the_booking(
    agent: Caller, clinic: Clinic
) -> None:
    commit = BaseDatabaseWrapper._commit

    def commit_and_hear_nothing(wrapper: Any) -> None:
        commit(wrapper)
        terminate()
        raise OperationalError("server closed the connection unexpectedly")

    with patch.object(BaseDatabaseWrapper, "_commit", commit_and_hear_nothing):
        assert_busy(agent.book(clinic, key="one"))
    assert left_behind(clinic.practice.id) == ONE
    answer = agent.book(clinic, key="one")
    assert answer.status_code == 201
    assert answer["Idempotent-Replayed"] == "true"
    assert left_behind(clinic.practice.id) == ONE


def test_a_request_that_idles_in_its_transaction_is_ended_and_answered_busy(agent: Caller, clinic: Clinic) -> None:
    connection.close()
    with connections_with(idle_in_transaction_session_timeout="50ms"):
        with once(booking, "_book", before=partial(time.sleep, 0.3)):
            assert_busy(agent.book(clinic, key="one"))
        assert left_behind(clinic.practice.id) == NOTHING
    assert agent.book(clinic, key="one").status_code == 201
    connection.close()


@pytest.fixture
def operator() -> Client:
    """Signed in to the admin, whose sessions are read outside any scope."""
    browser = at_desk(make_user(email="ops@mybcat.example", is_staff=True, is_superuser=True))
    assert browser.get("/admin/").status_code == 200
    return browser


@pytest.mark.parametrize("lose", [terminate, close])
def test_a_page_that_reads_outside_a_practice_is_served_after_a_lost_connection(
    lose: Callable[[], None], operator: Client
) -> None:
    lose()
    # Servers say so at the start of each request; Django's test client does not.
    close_old_connections()
    assert operator.get("/admin/").status_code == 200


def test_a_page_that_loses_its_connection_in_the_middle_is_answered_busy(operator: Client) -> None:
    with once(AdminSite, "each_context", before=terminate):
        answer = operator.get("/admin/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "1"
    assert answer.json()["code"] == "busy"


def test_readiness_is_not_shaken_by_a_connection_that_died_before(agent: Caller) -> None:
    assert agent.get("/readyz").status_code == 200
    terminate()
    close_old_connections()
    assert agent.get("/readyz").status_code == 200


def test_a_booking_asks_postgresql_nothing_more_than_it_must(agent: Caller, clinic: Clinic) -> None:
    assert agent.book(clinic).status_code == 201
    close_old_connections()
    with patch.object(type(connections["default"]), "is_usable") as asked:
        assert agent.book(clinic, slot=2).status_code == 201
    assert asked.call_count == 0


def test_after_a_restart_of_postgresql_each_thread_finds_its_way_back(agent: Caller, clinic: Clinic) -> None:
    terminate_connections_of_the_application()
    assert [agent.book(clinic, slot=slot).status_code for slot in (0, 2, 4)] == [201, 201, 201]
