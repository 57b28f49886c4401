"""A practice with a long day of free slots, and eight callers who want them at once."""

from collections.abc import Iterator

import pytest

from tests.callers import Caller
from tests.concurrency.elsewhere import connections_with
from tests.concurrency.racing import Racers, each_alone
from tests.factories import Clinic, make_type


@pytest.fixture
def racers() -> Iterator[Racers]:
    with Racers() as threads:
        yield threads


@pytest.fixture
def unhurried() -> Iterator[None]:
    """Who waits for eight others, one after the other, waits for as long as a busy machine takes, and is not told to
    come again."""
    with connections_with(lock_timeout="60s", statement_timeout="90s"):
        yield


@pytest.fixture
def agents(clinic: Clinic) -> list[Caller]:
    """One agent at eight screens."""
    return each_alone(Caller(clinic.agent, clinic.practice))


@pytest.fixture
def quarter(clinic: Clinic) -> str:
    """A type of appointment that takes one slot."""
    return make_type(practice=clinic.practice, code="quarter", duration_minutes=15).code
