"""Who calls in these tests."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from mybcat.principal import Role
from tests.callers import Caller
from tests.factories import Clinic, make_member


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    """The clinic's scheduling agent."""
    return Caller(clinic.agent, clinic.practice)


@pytest.fixture
def clinician(clinic: Clinic) -> Caller:
    """A practitioner, who may read but not write."""
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)


@pytest.fixture
def april() -> Iterator[None]:
    """It is 10:00 in New York on Friday 24 April 2026; the clinic's slots begin at 13:00 UTC on the 25th."""
    with time_machine.travel(datetime(2026, 4, 24, 14, tzinfo=UTC), tick=False):
        yield
