"""What a booking needs is locked by somebody else: wait a little, repeat what may be repeated, else say "busy"."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from appointments import booking
from mybcat.gateway import endpoint
from tests.callers import Caller
from tests.concurrency.counting import NOTHING, Left, left_behind
from tests.concurrency.elsewhere import connections_with, elsewhere, until_somebody_waits_for
from tests.concurrency.racing import meanwhile
from tests.concurrency.without_guards import failing_bookings
from tests.factories import Clinic

ONE = Left(appointments=1, busy_slots=2, events=1, audit_rows=1, keys=1)
LOCK_SLOT = "SELECT 1 FROM appointments_slot WHERE id = %s FOR UPDATE"
LOCK_PATIENT = "SELECT 1 FROM patients_patient WHERE id = %s FOR UPDATE"
KEY_TAKEN = """
    SELECT count(*) FROM pg_locks
    WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND relation = 'mybcat_idempotencykey'::regclass AND mode = 'RowExclusiveLock' AND granted
"""


@pytest.fixture
def agent(agents: list[Caller]) -> Caller:
    return agents[0]


def assert_busy(answer: Any) -> None:
    assert answer.status_code == 503, answer.content
    assert answer["Retry-After"] == "1"
    assert answer.json() == {
        "error": "The service is busy. Try again.",
        "correlationId": answer["X-Correlation-Id"],
    }


def booked_into_a_deadlock(clinic: Clinic, agent: Caller) -> Any:
    """The answer to a booking that PostgreSQL ended to undo a deadlock with another transaction."""
    with elsewhere() as other:
        # PostgreSQL ends whoever looks first: that shall be the booking, after its 1 s.
        other.execute("SET LOCAL deadlock_timeout = '10s'")
        other.execute(LOCK_PATIENT, [clinic.patient.id])
        with meanwhile(partial(agent.book, clinic)) as answer:
            until_somebody_waits_for(other)
            # The booking holds the slot by now; this gets it once the booking has been ended.
            other.execute(LOCK_SLOT, [clinic.slots[0].id])
            other.commit()
            return answer.result()


def test_a_deadlock_is_repeated_and_the_caller_does_not_see_it(clinic: Clinic, agent: Caller) -> None:
    with patch.object(booking, "_book", wraps=booking._book) as attempts:
        answer = booked_into_a_deadlock(clinic, agent)
    assert answer.status_code == 201, answer.content
    assert attempts.call_count == 2
    assert left_behind(clinic.practice.id) == ONE


def test_without_the_repetition_the_same_deadlock_reaches_the_caller(clinic: Clinic, agent: Caller) -> None:
    with patch.object(endpoint, "MAX_ATTEMPTS", 1):
        assert_busy(booked_into_a_deadlock(clinic, agent))
    assert left_behind(clinic.practice.id) == NOTHING


def test_a_serialisation_failure_is_repeated_and_the_caller_does_not_see_it(clinic: Clinic, agent: Caller) -> None:
    with elsewhere() as other, connections_with(default_transaction_isolation="repeatable read"):
        other.execute("UPDATE appointments_slot SET status = status WHERE id = %s", [clinic.slots[0].id])
        with (
            meanwhile(partial(agent.book, clinic)) as answer,
            patch.object(booking, "_book", wraps=booking._book) as attempts,
        ):
            until_somebody_waits_for(other)
            other.commit()
            assert answer.result().status_code == 201, answer.result().content
    assert attempts.call_count == 2
    assert left_behind(clinic.practice.id) == ONE


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_the_third_attempt_is_the_last(sqlstate: str, clinic: Clinic, agent: Caller, owner: psycopg.Connection) -> None:
    with failing_bookings(owner, clinic, sqlstate=sqlstate, times=2) as attempts:
        assert agent.book(clinic, key="lucky").status_code == 201
        assert attempts() == 3
    with failing_bookings(owner, clinic, sqlstate=sqlstate, times=3) as attempts:
        before = left_behind(clinic.practice.id)
        assert_busy(agent.book(clinic, slot=2, key="unlucky"))
        assert attempts() == 3
        assert left_behind(clinic.practice.id) == before
        # Nothing keeps the key, so the caller's own repetition books.
        assert agent.book(clinic, slot=2, key="unlucky").status_code == 201


@pytest.mark.parametrize("sqlstate", ["53100", "53200", "25006"])
def test_a_full_disk_is_no_fault_of_the_caller(
    sqlstate: str, clinic: Clinic, agent: Caller, owner: psycopg.Connection
) -> None:
    with failing_bookings(owner, clinic, sqlstate=sqlstate, times=1) as attempts:
        answer = agent.book(clinic, key="again")
        assert attempts() == 1
        assert left_behind(clinic.practice.id) == NOTHING
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert agent.book(clinic, key="again").status_code == 201


def test_what_repetition_cannot_mend_is_not_repeated(clinic: Clinic, agent: Caller, owner: psycopg.Connection) -> None:
    with failing_bookings(owner, clinic, sqlstate="22012", times=1) as attempts:
        answer = agent.book(clinic)
        assert attempts() == 1
        assert left_behind(clinic.practice.id) == NOTHING
    assert answer.status_code == 500
    assert answer.json() == {
        "error": "An unexpected error occurred",
        "correlationId": answer["X-Correlation-Id"],
    }


def test_a_slot_locked_for_longer_than_two_seconds_is_answered_busy(clinic: Clinic, agent: Caller) -> None:
    with elsewhere() as other:
        other.execute(LOCK_SLOT, [clinic.slots[0].id])
        begun = time.monotonic()
        assert_busy(agent.book(clinic, key="again"))
        assert 1.9 < time.monotonic() - begun < 4
        assert left_behind(clinic.practice.id) == NOTHING
    assert agent.book(clinic, key="again").status_code == 201
    assert left_behind(clinic.practice.id) == ONE


def test_a_statement_that_takes_too_long_is_answered_busy(clinic: Clinic, agent: Caller) -> None:
    with elsewhere() as other, connections_with(statement_timeout="200ms"):
        other.execute(LOCK_SLOT, [clinic.slots[0].id])
        with meanwhile(partial(agent.book, clinic)) as answer:
            assert_busy(answer.result())
    assert left_behind(clinic.practice.id) == NOTHING


@contextmanager
def held_before_committing() -> Iterator[Event]:
    """Bookings stop when they have their key and their slots, until the event is set."""
    go_on, book = Event(), booking._book

    def book_and_wait(*arguments: Any, **named: Any) -> Any:
        row = book(*arguments, **named)
        assert go_on.wait(10)
        return row

    with patch.object(booking, "_book", book_and_wait):
        yield go_on


def until_somebody_holds_a_key() -> None:
    with elsewhere() as other:
        while other.execute(KEY_TAKEN).fetchone() == (0,):
            time.sleep(0.01)


def test_a_key_whose_request_still_runs_after_two_seconds_is_answered_in_progress(
    clinic: Clinic, agents: list[Caller]
) -> None:
    with held_before_committing() as go_on, meanwhile(partial(agents[0].book, clinic, key="one")) as first:
        until_somebody_holds_a_key()
        begun = time.monotonic()
        second = agents[1].book(clinic, key="one")
        assert 1.9 < time.monotonic() - begun < 4
        assert left_behind(clinic.practice.id) == NOTHING
        go_on.set()
        booked = first.result()
    assert second.status_code == 409
    assert second["Retry-After"] == "1"
    assert second.json() == {
        "error": "A request with this idempotency key is still running",
        "correlationId": second["X-Correlation-Id"],
    }
    assert booked.status_code == 201
    third = agents[1].book(clinic, key="one")
    assert (third.status_code, third.content, third["Idempotent-Replayed"]) == (201, booked.content, "true")
    assert left_behind(clinic.practice.id) == ONE
