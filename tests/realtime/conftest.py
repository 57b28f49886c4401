"""A `live` process, and who watches."""

from collections.abc import Callable, Iterator

import psutil
import pytest

from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from realtime import broadcasting
from tests.callers import Caller
from tests.factories import Clinic, make_member
from tests.mybcat.processes import Running, live
from tests.realtime.watcher import ORIGIN


@pytest.fixture(scope="session")
def _live(_migrated: None) -> Iterator[Running]:
    with live(TRUSTED_ORIGINS=ORIGIN) as running:
        yield running


@pytest.fixture
def port(_live: Running) -> int:
    return _live.port


@pytest.fixture
def memory(_live: Running) -> Callable[[], int]:
    """Of the process, in bytes."""
    return lambda: int(psutil.Process(_live.process.pid).memory_info().rss)


@pytest.fixture
def broadcaster() -> Iterator[broadcasting.Broadcasting]:
    """The chore of the relay's process."""
    broadcasting._waiting.clear()
    chore = broadcasting.Broadcasting()
    yield chore
    chore.close()


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice)


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def driver(clinic: Clinic) -> Caller:
    """The clinic's practitioner, signed in."""
    user = make_member(practice=clinic.practice, role=Role.PRACTITIONER)
    with practice_scope(clinic.practice.id):
        clinic.practitioner.user = user
        clinic.practitioner.save()
    return Caller(user, clinic.practice)
