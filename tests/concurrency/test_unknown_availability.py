"""A search that PostgreSQL does not carry out is told by v2 as unknown, in words for the caller: never as nothing."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.concurrency.elsewhere import connections_with, elsewhere
from tests.concurrency.racing import meanwhile
from tests.factories import Clinic

LOCK_SLOTS = "LOCK TABLE appointments_slot IN ACCESS EXCLUSIVE MODE"
SENTENCE = "We could not find out; this does not mean that there is nothing free"


@contextmanager
def too_slow() -> Iterator[None]:
    """Slots are locked, and a statement's time is over before the wait for a lock is."""
    with elsewhere() as other, connections_with(statement_timeout="100ms"):
        other.execute(LOCK_SLOTS)
        yield


@contextmanager
def locked() -> Iterator[None]:
    """Slots are locked for longer than anybody waits for a lock."""
    with elsewhere() as other, connections_with(lock_timeout="100ms"):
        other.execute(LOCK_SLOTS)
        yield


@contextmanager
def full() -> Iterator[None]:
    """The database takes no more connections."""
    with elsewhere() as other:
        _limit(other, 0)
        try:
            yield
        finally:
            _limit(other, -1)


def _limit(other: psycopg.Connection, count: int) -> None:
    name = sql.Identifier(other.info.dbname)
    other.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(name, sql.Literal(count)))
    other.commit()


def searches(clinic: Clinic) -> dict[str, dict[str, str]]:
    """What asks for times, with its query."""
    practitioner, start = public("pract", clinic.practitioner.id), f"{clinic.slots[0].starts_at:%Y-%m-%dT%H:%M:%SZ}"
    kind = {"type": clinic.exam.code}
    return {
        "slots/next": kind,
        "slots/why-not": {**kind, "practitioner": practitioner, "start": start},
    }


@pytest.fixture
def agent(agents: list[Caller]) -> Caller:
    return agents[0]


def asked(agent: Caller, path: str, query: dict[str, str]) -> Any:
    """The answer over a new connection."""
    with meanwhile(partial(agent.get, path, **query)) as answer:
        return answer.result()


@pytest.mark.parametrize("search", ["slots/next", "slots/why-not"])
@pytest.mark.parametrize("failure", [too_slow, locked, full])
def test_what_could_not_be_found_out_is_unknown(failure: Any, search: str, clinic: Clinic, agent: Caller) -> None:
    query = searches(clinic)[search]
    cause: AbstractContextManager[None] = failure()
    with changes(), cause:
        answer = asked(agent, f"/api/v2/{search}", query)
    assert_refused(answer, status=503, code="availability_unknown", sentence=SENTENCE)
    assert answer["Retry-After"] == "1"
    assert asked(agent, f"/api/v2/{search}", query).status_code == 200


def test_v1_is_busy_as_ever(clinic: Clinic, agent: Caller) -> None:
    with too_slow():
        answer = asked(agent, "/api/v1/slots/next", searches(clinic)["slots/next"])
    assert_refused(answer, status=503, code="busy", sentence="The service is busy. Try again.")


def test_what_was_asked_wrongly_is_still_told_so(agent: Caller) -> None:
    with too_slow():
        answer = asked(agent, "/api/v2/slots/next", {"type": ""})
    assert answer.status_code == 400
