"""What the relay's process does beside relaying: rounds that outlive their failures."""

import queue
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils.module_loading import import_string

from mybcat import chores
from mybcat.chores import FIRST_BACKOFF, LONGEST_BACKOFF, Chore

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


class Failing:
    """Fails as often as it is told to, and then asks for a minute's rest."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def __call__(self, *, now: datetime) -> timedelta:
        assert now == NOW
        if self.errors:
            raise self.errors.pop(0)
        return timedelta(minutes=1)


def chore(work: Any) -> Chore:
    return Chore(name="test", work=work, clock=lambda: NOW)


def test_a_round_waits_as_long_as_its_work_says() -> None:
    assert chore(Failing()).round() == timedelta(minutes=1)


def test_failures_wait_longer_each_time_and_are_forgotten_after_a_success() -> None:
    probe = chore(Failing(*[RuntimeError() for _ in range(8)]))
    waits = [probe.round() for _ in range(8)]
    assert waits[:3] == [FIRST_BACKOFF, 2 * FIRST_BACKOFF, 4 * FIRST_BACKOFF]
    assert waits[-1] == LONGEST_BACKOFF
    assert probe.round() == timedelta(minutes=1)
    probe._work.errors = [RuntimeError()]  # type: ignore[attr-defined]
    assert probe.round() == FIRST_BACKOFF


def test_a_failure_is_logged_once_for_as_long_as_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    probe = chore(Failing(RuntimeError(), RuntimeError(), OperationalError()))
    for _ in range(4):
        probe.round()
    lines = [record.msg["event"] for record in caplog.records if record.name == "mybcat.chores"]  # type: ignore[index]
    assert lines == ["A chore failed"]


def test_every_chore_that_settings_name_can_be_made() -> None:
    for path in settings.RELAY_CHORES.values():
        assert callable(import_string(path)())


ROUNDS: queue.Queue[datetime] = queue.Queue()


class Counting:
    def __call__(self, *, now: datetime) -> timedelta:
        ROUNDS.put(now)
        return timedelta(days=1)


def test_starting_runs_each_in_a_thread(settings: Any) -> None:
    settings.RELAY_CHORES = {"one": f"{__name__}.Counting", "other": f"{__name__}.Counting"}
    chores.start(clock=lambda: NOW)
    assert [ROUNDS.get(timeout=10) for _ in range(2)] == [NOW, NOW]
