"""What Celery runs: deliveries of one listener, and the housekeeping of the platform."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import signals

from mybcat import idempotency_keys, tasks, working
from mybcat.celery import app
from mybcat.correlation import correlation_id
from mybcat.ids import new_uuid
from mybcat.listeners import Listener
from mybcat.models import IdempotencyKey
from mybcat.tenancy import practice_scope
from tests.factories import Clinic
from tests.mybcat.engine import NOW, all_events, fresh, log_lines, make_listener, owed, registered


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The listeners for whom a drain asked for another worker."""
    asked: list[str] = []

    def nudge(self: object, listener: Listener) -> bool:
        asked.append(listener.name)
        return True

    monkeypatch.setattr(tasks.Publisher, "nudge", nudge)
    yield asked


def test_a_drain_delivers_what_is_due_for_its_listener_only(clinic: Clinic, nudged: list[str]) -> None:
    seen = []
    mail = make_listener(name="mail", handler=lambda **kwargs: seen.append((kwargs["delivery"].id, correlation_id())))
    crm = make_listener(name="crm")
    with registered(mail, crm):
        first, second, other = owed(clinic, mail), owed(clinic, mail), owed(clinic, crm)
        tasks.drain(listener="mail")

    by_id = {event.id: event.correlation_id for event in all_events()}
    assert seen == [(row.id, by_id[row.event_id]) for row in (first, second)]
    assert [fresh(row).status for row in (first, second, other)] == ["delivered", "delivered", "pending"]
    assert nudged == []


def test_a_drain_that_ends_early_asks_for_another(
    clinic: Clinic, nudged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "WORK_BUDGET", timedelta(0))
    mail = make_listener(name="mail")
    with registered(mail):
        owed(clinic, mail)
        owed(clinic, mail)
        tasks.drain(listener="mail")
    assert nudged == ["mail"]


def test_a_listener_that_this_worker_does_not_know_is_left_to_others(
    nudged: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with registered():
        tasks.drain(listener="newer")
    assert nudged == []
    assert any("No such listener" in line for line in log_lines(caplog))


def test_tasks_take_arguments_of_a_newer_release(nudged: list[str]) -> None:
    with registered(make_listener()):
        tasks.drain(listener="probe", added_later=1)
    tasks.forget_idempotency_keys(added_later=1)


def test_a_drain_that_kills_its_worker_does_not_come_back() -> None:
    assert not tasks.drain.acks_late
    assert not tasks.drain.retry_on_worker_lost


def test_a_retry_comes_before_redis_would_hand_it_out_twice() -> None:
    task = app.tasks["mybcat.tasks.forget_idempotency_keys"]
    assert task.default_retry_delay < app.conf.visibility_timeout


def test_a_failed_task_is_logged_without_what_its_error_says(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("Ada Okafor, +12125550123")
    except ValueError as error:
        signals.task_failure.send(sender=tasks.drain, task_id="4711", exception=error)
    (line,) = log_lines(caplog)
    assert "mybcat.tasks.drain" in line
    assert "ValueError" in line
    assert "Okafor" not in line


@pytest.mark.parametrize("task", ["mybcat.tasks.drain", "mybcat.tasks.forget_idempotency_keys"])
def test_beat_and_relay_name_tasks_that_exist(task: str) -> None:
    app.loader.import_default_modules()
    assert task in app.tasks


def keys(clinic: Clinic, *expiries: datetime) -> list[Any]:
    with practice_scope(clinic.practice.id):
        return [
            IdempotencyKey.objects.create(
                principal_id=clinic.agent.id,
                operation="POST /",
                key=str(new_uuid()),
                fingerprint=b"",
                expires_at=expiry,
            ).id
            for expiry in expiries
        ]


def test_expired_idempotency_keys_are_forgotten_and_no_others(clinic: Clinic, other_clinic: Clinic) -> None:
    second = timedelta(seconds=1)
    *_, kept = keys(clinic, NOW - 9 * second, NOW - second, NOW, NOW + second)
    keys(other_clinic, NOW - second)

    assert idempotency_keys.forget_expired(now=NOW, batch=2) == 4
    with practice_scope(clinic.practice.id):
        assert list(IdempotencyKey.objects.values_list("id", flat=True)) == [kept]
    with practice_scope(other_clinic.practice.id):
        assert not IdempotencyKey.objects.exists()


def test_the_task_forgets_by_the_clock_of_today(clinic: Clinic) -> None:
    today = datetime.now(UTC)
    *_, kept = keys(clinic, today - timedelta(hours=1), today + timedelta(hours=1))
    tasks.forget_idempotency_keys()
    with practice_scope(clinic.practice.id):
        assert list(IdempotencyKey.objects.values_list("id", flat=True)) == [kept]
