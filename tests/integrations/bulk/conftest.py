"""An agent who submits jobs, a provider that can be told to fail, and a worker in broad daylight."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integrations.bulk import chunks, working
from mybcat.principal import Role
from tests.api.conftest import agent
from tests.callers import Caller
from tests.factories import Clinic, make_member
from tests.integrations.bulk.providers import Forgetful, Instant

__all__ = ["agent"]

NOON = datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("America/New_York"))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several to a batch, so that something can happen between them."""
    monkeypatch.setattr(chunks, "CHUNK", 250)


@pytest.fixture(autouse=True)
def instant(settings: Any) -> Iterator[type[Instant]]:
    settings.MESSAGE_PROVIDER = f"{Instant.__module__}.{Instant.__qualname__}"
    yield Instant
    Instant.forget()


@pytest.fixture
def forgetful(settings: Any) -> Iterator[type[Forgetful]]:
    settings.MESSAGE_PROVIDER = f"{Forgetful.__module__}.{Forgetful.__qualname__}"
    yield Forgetful
    Forgetful.forget()


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def work() -> Callable[[], None]:
    """All that is due, done by one worker at noon in New York."""

    def work_off() -> None:
        while working.work_off(clock=lambda: NOON):
            pass

    return work_off
