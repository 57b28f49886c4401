"""Deliveries: claimed by lease, tried on schedule, and never lost, doubled or stuck behind another."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from mybcat import listeners, working
from mybcat.claims import LEASE, SUSPECT, claim
from mybcat.correlation import correlation_id
from mybcat.deliveries import NotDead, due_listeners, enqueue, replay
from mybcat.environment import CHECKOUT
from mybcat.listeners import AlreadyRegistered, DeliveryFailed, DeliveryPostponed, DeliveryRefused, Listener
from mybcat.models import AuditEntry, Delivery
from mybcat.settling import recover_lost
from mybcat.tenancy import ScopeRequired, current_scope, platform_scope, practice_scope
from mybcat.working import work_off
from tests.factories import Clinic
from tests.mybcat.engine import (
    NOW,
    Clock,
    all_events,
    attempts_of,
    change,
    claim_one,
    done,
    due_now,
    fresh,
    in_thread,
    lease_runs_out,
    log_lines,
    make_listener,
    owed,
    patient_updated,
    registered,
    settle_one,
    the_delivery,
    wait_until_due,
)

MINUTE = timedelta(minutes=1)


def clock() -> datetime:
    return NOW


def raising(error: Exception) -> Callable[..., None]:
    def handler(**kwargs: Any) -> None:
        raise error

    return handler


def test_an_event_is_owed_to_a_listener_once(clinic: Clinic) -> None:
    event, listener = patient_updated(clinic), make_listener()
    for _ in range(2):
        with platform_scope(reason="test"):
            enqueue(event=event, listener=listener, now=NOW)
    assert the_delivery(event=event, listener=listener).status == "pending"


def test_two_listeners_share_neither_name_nor_queue() -> None:
    one = make_listener(name="one")
    with registered(one):
        assert (listeners.find("one"), listeners.find("two")) == (one, None)
        for other in (one, Listener("one", "else", (), done), Listener("else", "one", (), done)):
            with pytest.raises(AlreadyRegistered):
                listeners.register(other)
        assert listeners.registered() == (one,)


def test_listeners_are_due_when_something_can_be_claimed(clinic: Clinic) -> None:
    listener, idle = make_listener(), make_listener(name="idle")
    with registered(listener, idle):
        assert due_listeners() == []
        delivery = owed(clinic, listener)
        assert due_listeners() == [listener]
        claim_one(listener)
        assert due_listeners() == []
        lease_runs_out(delivery)
        assert due_listeners() == [listener]
        change(
            delivery, status="pending", lease=None, leased_until=None, next_attempt_at=datetime(2100, 1, 1, tzinfo=UTC)
        )
        assert due_listeners() == []


def test_a_claim_leases_counts_and_brings_the_event(clinic: Clinic) -> None:
    listener = make_listener()
    delivery = owed(clinic, listener)
    claimed = claim_one(listener)
    assert claimed is not None
    assert (claimed.id, claimed.status, claimed.attempts) == (delivery.id, "leased", 1)
    assert claimed.event.subject_id == delivery.subject_id
    stored = fresh(delivery)
    assert stored.lease == claimed.lease
    assert stored.leased_until == claimed.leased_until


def test_nothing_is_claimed_that_is_leased_later_settled_or_anothers(clinic: Clinic) -> None:
    listener = make_listener()
    delivery = owed(clinic, listener)
    assert claim_one(make_listener(name="other")) is None
    assert claim_one(listener) is not None
    assert claim_one(listener) is None
    unleased = {"lease": None, "leased_until": None}
    for values in (
        {"status": "dead"},
        {"status": "delivered", "delivered_at": NOW},
        {"status": "pending", "delivered_at": None, "next_attempt_at": datetime(2100, 1, 1, tzinfo=UTC)},
    ):
        change(delivery, **unleased, **values)
        assert claim_one(listener) is None


def test_what_has_been_due_longest_is_claimed_first(clinic: Clinic) -> None:
    listener = make_listener()
    second, first = owed(clinic, listener), owed(clinic, listener)
    due_now(first)
    assert [claim_one(listener), claim_one(listener)] == [first, second]


def test_workers_claim_each_delivery_once(clinic: Clinic) -> None:
    listener = make_listener()
    expected = sorted(owed(clinic, listener).id for _ in range(30))
    start, claimed = Barrier(4), []

    def work() -> None:
        start.wait(10)
        while delivery := claim_one(listener):
            claimed.append(delivery.id)

    threads = [Thread(target=in_thread(work)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == expected


def test_without_the_row_lock_workers_claim_the_same(clinic: Clinic) -> None:
    """Negative control: what reads first and marks afterwards hands one delivery to two workers."""
    listener = make_listener()
    owed(clinic, listener)
    read, claimed = Barrier(2), []

    def work() -> None:
        with platform_scope(reason="test"):
            delivery = Delivery.objects.filter(status="pending").first()
            read.wait(10)
            Delivery.objects.filter(id=delivery.id).update(attempts=1)  # type: ignore[union-attr]
            claimed.append(delivery.id)  # type: ignore[union-attr]

    threads = [Thread(target=in_thread(work)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 2


def test_a_handler_works_outside_any_scope_with_the_events_correlation_id(clinic: Clinic) -> None:
    seen = []

    def handler(*, delivery: Delivery, now: datetime) -> None:
        with pytest.raises(ScopeRequired):
            current_scope()
        assert not connection.in_atomic_block
        seen.append((delivery.event.id, now, correlation_id()))

    listener = make_listener(handler=handler)
    delivery = owed(clinic, listener)
    assert work_off(listener=listener, clock=clock) is False

    (event,) = all_events()
    assert seen == [(event.id, NOW, event.correlation_id)]
    stored = fresh(delivery)
    assert (stored.status, stored.attempts, stored.lease, stored.last_error) == ("delivered", 1, None, "")
    assert stored.delivered_at is not None


def test_one_that_fails_is_tried_again_on_schedule_until_it_succeeds(clinic: Clinic) -> None:
    errors = [DeliveryFailed("http_503"), DeliveryFailed("http_503"), None]

    def handler(**kwargs: Any) -> None:
        if error := errors.pop(0):
            raise error

    listener = make_listener(handler=handler, schedule=(5 * MINUTE, 50 * MINUTE))
    delivery = owed(clinic, listener)
    for wait in listener.schedule:
        work_off(listener=listener, clock=clock)
        stored = fresh(delivery)
        assert (stored.status, stored.lease, stored.last_error) == ("pending", None, "http_503")
        assert wait - MINUTE / 2 < wait_until_due(delivery) <= wait * 1.1
        due_now(delivery)

    work_off(listener=listener, clock=clock)
    stored = fresh(delivery)
    assert (stored.status, stored.attempts, stored.last_error) == ("delivered", 3, "")


def test_after_the_last_attempt_it_is_dead(clinic: Clinic) -> None:
    listener = make_listener(handler=raising(DeliveryFailed("http_503")), schedule=(timedelta(0),))
    delivery = owed(clinic, listener)
    work_off(listener=listener, clock=clock)
    assert [(row.attempt, row.error, row.trigger) for row in attempts_of(delivery)] == [
        (1, "http_503", "scheduled"),
        (2, "http_503", "scheduled"),
    ]
    stored = fresh(delivery)
    assert (stored.status, stored.attempts, stored.last_error) == ("dead", 2, "http_503")
    with registered(listener):
        assert due_listeners() == []


def test_one_that_was_postponed_is_due_when_it_asked_for_and_has_all_its_attempts_left(clinic: Clinic) -> None:
    listener = make_listener(handler=raising(DeliveryPostponed("quiet_hours", wait=timedelta(hours=11))))
    delivery = owed(clinic, listener)
    for _ in range(3 * listener.attempts):
        due_now(delivery)
        work_off(listener=listener, clock=clock)
    postponed = fresh(delivery)
    assert (postponed.status, postponed.attempts, postponed.last_error) == ("pending", 0, "quiet_hours")
    assert timedelta(hours=10, minutes=59) < wait_until_due(delivery) <= timedelta(hours=12, minutes=6)


def test_one_that_is_refused_is_dead_at_once(clinic: Clinic) -> None:
    listener = make_listener(handler=raising(DeliveryRefused("gone")))
    delivery = owed(clinic, listener)
    work_off(listener=listener, clock=clock)
    stored = fresh(delivery)
    assert (stored.status, stored.attempts, stored.last_error) == ("dead", 1, "gone")


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        (timedelta(hours=2), timedelta(minutes=119), timedelta(hours=2)),
        (timedelta(seconds=1), timedelta(minutes=4), timedelta(minutes=5.5)),
        (timedelta(days=900), timedelta(hours=23), timedelta(hours=24)),
    ],
)
def test_a_vendors_retry_after_is_heeded_within_reason(
    clinic: Clinic, asked: timedelta, least: timedelta, most: timedelta
) -> None:
    failed = DeliveryFailed("http_429", retry_after=asked)
    listener = make_listener(handler=raising(failed), schedule=(5 * MINUTE,))
    delivery = owed(clinic, listener)
    work_off(listener=listener, clock=clock)
    assert least < wait_until_due(delivery) <= most


def test_an_unexpected_error_is_kept_and_logged_as_its_class(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    listener = make_listener(handler=raising(ValueError("Ada Okafor, +12125550123")), schedule=())
    delivery = owed(clinic, listener)
    work_off(listener=listener, clock=clock)
    assert fresh(delivery).last_error == "ValueError"
    lines = "\n".join(log_lines(caplog))
    assert str(delivery.id) in lines
    assert "ValueError" in lines
    assert "Okafor" not in lines
    assert "+1212" not in lines


@pytest.mark.parametrize("code", ["Ada Okafor", "+12125550123", "", "x" * 101, "invalid number"])
def test_a_sentence_is_no_code(code: str) -> None:
    with pytest.raises(ValueError, match="a code holds"):
        DeliveryFailed(code)


def test_one_poisoned_delivery_does_not_stop_the_others(clinic: Clinic) -> None:
    done_for = []

    def handler(*, delivery: Delivery, **kwargs: Any) -> None:
        if delivery.id == poisoned.id:
            raise RuntimeError
        done_for.append(delivery.id)

    listener = make_listener(handler=handler, schedule=(MINUTE,))
    poisoned, *others = [owed(clinic, listener) for _ in range(4)]
    assert work_off(listener=listener, clock=clock) is False
    assert done_for == [other.id for other in others]
    assert fresh(poisoned).status == "pending"


def test_a_slow_load_ends_before_its_task_is_killed_and_says_that_there_may_be_more(clinic: Clinic) -> None:
    clock = Clock()

    def handler(**kwargs: Any) -> None:
        clock.now += working.WORK_BUDGET / 2

    listener = make_listener(handler=handler)
    rows = [owed(clinic, listener) for _ in range(3)]
    assert work_off(listener=listener, clock=clock) is True
    assert [fresh(row).status for row in rows] == ["delivered", "delivered", "pending"]
    assert work_off(listener=listener, clock=clock) is False
    assert fresh(rows[2]).status == "delivered"


def test_whoever_was_overtaken_changes_nothing(clinic: Clinic) -> None:
    listener = make_listener()
    delivery = owed(clinic, listener)
    slow = claim_one(listener)
    lease_runs_out(delivery)
    recover_lost(listener=listener)
    quick = claim_one(listener)
    assert slow is not None
    assert quick is not None
    held = fresh(delivery)

    for error in (None, DeliveryFailed("late"), DeliveryRefused("late")):
        assert settle_one(slow, listener, error) == "lost"
        assert vars_of(fresh(delivery)) == vars_of(held)

    assert settle_one(quick, listener, None) == "delivered"
    assert settle_one(slow, listener, DeliveryRefused("late")) == "lost"
    assert (fresh(delivery).status, fresh(delivery).attempts) == ("delivered", 2)


def test_what_was_not_claimed_cannot_be_settled(clinic: Clinic) -> None:
    listener = make_listener()
    delivery = owed(clinic, listener)
    delivery.event = all_events()[0]
    assert settle_one(delivery, listener, None) == "lost"
    assert vars_of(fresh(delivery)) == vars_of(delivery)


def vars_of(delivery: Delivery) -> dict[str, object]:
    return {name: value for name, value in vars(delivery).items() if name != "_state"}


def test_a_delivery_that_kills_its_worker_each_time_ends_as_dead(clinic: Clinic) -> None:
    listener = make_listener(schedule=(timedelta(0),))
    delivery = owed(clinic, listener)
    for _ in range(listener.attempts):
        assert recover_lost(listener=listener) == 0
        assert claim_one(listener) is not None
        lease_runs_out(delivery)
    with registered(listener):
        assert due_listeners() == [listener]
    assert work_off(listener=listener, clock=clock) is False
    stored = fresh(delivery)
    assert (stored.status, stored.attempts, stored.last_error) == ("dead", 2, "worker_lost")
    assert [(row.attempt, row.succeeded, row.error) for row in attempts_of(delivery)] == [
        (1, False, "worker_lost"),
        (2, False, "worker_lost"),
    ]


def test_an_attempt_that_was_lost_began_with_its_lease(clinic: Clinic) -> None:
    listener = make_listener()
    delivery = owed(clinic, listener)
    first = claim_one(listener)
    assert first is not None
    settle_one(first, listener, DeliveryFailed("http_503"))
    change(delivery, first_attempt_at=NOW - timedelta(days=2))
    assert claim_one(listener) == delivery
    change(delivery, leased_until=NOW)
    recover_lost(listener=listener)
    lost = attempts_of(delivery)[-1]
    assert (lost.attempt, lost.error, lost.started_at) == (2, "worker_lost", NOW - LEASE)


def test_what_was_lost_twice_is_tried_without_others(clinic: Clinic) -> None:
    listener = make_listener(schedule=(timedelta(0),) * 5)
    rows = [owed(clinic, listener) for _ in range(3)]
    for _ in range(SUSPECT):
        assert len(claim(listener=listener, limit=9).deliveries) == 3
        for row in rows:
            lease_runs_out(row)
        recover_lost(listener=listener)
    innocent = owed(clinic, listener)
    assert [row.id for row in claim(listener=listener, limit=9).deliveries] == [innocent.id]
    assert claim(listener=listener, limit=9).deliveries == []
    alone = claim_one(listener, suspects=True)
    assert alone is not None
    settle_one(alone, listener)
    work_off(listener=listener, clock=clock)
    assert [fresh(row).status for row in rows] == ["delivered"] * 3


def test_what_was_lost_twice_does_not_take_the_time_of_all_others(clinic: Clinic) -> None:
    """Such as deliveries to a receiver that hangs, which were under way at two restarts: a task for each of them."""
    passing = Clock()
    seen: list[Delivery] = []

    def hangs(*, delivery: Delivery, **kwargs: Any) -> None:
        seen.append(delivery)
        passing.now += working.WORK_BUDGET
        if delivery.lost >= SUSPECT:
            raise DeliveryFailed("timeout")

    listener = make_listener(schedule=(timedelta(hours=1),), handler=hangs)
    suspects = [owed(clinic, listener) for _ in range(3)]
    for row in suspects:
        change(row, lost=SUSPECT)
    innocent = owed(clinic, listener)
    assert work_off(listener=listener, clock=passing)
    assert fresh(innocent).status == "pending"
    work_off(listener=listener, clock=passing)
    assert fresh(innocent).status == "delivered"
    for _ in range(4):
        work_off(listener=listener, clock=passing)
    assert [row.id for row in seen] == [suspects[0].id, innocent.id, suspects[1].id, suspects[2].id]


KILLED_IN_THE_ACT = """
    import os, signal
    from datetime import UTC, datetime, timedelta

    import django
    django.setup()

    from mybcat.claims import claim
    from mybcat.listeners import Listener
    from mybcat.working import attempt

    def handler(**kwargs):
        os.kill(os.getpid(), signal.SIGKILL)

    listener = Listener("probe", "probe", (timedelta(0),), handler)
    (delivery,) = claim(listener=listener, limit=1, lease=timedelta(seconds=1)).deliveries
    attempt(delivery=delivery, listener=listener, clock=lambda: datetime.now(UTC))
"""


@pytest.mark.processes
def test_the_work_of_a_killed_worker_is_done_once_its_lease_has_run_out(clinic: Clinic) -> None:
    done_for = []
    listener = make_listener(handler=lambda **kwargs: done_for.append(kwargs["delivery"].id))
    delivery = owed(clinic, listener)
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED_IN_THE_ACT)],
        check=False,
        cwd=CHECKOUT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "mybcat.settings"},
    )
    assert killed.returncode == -signal.SIGKILL
    assert (fresh(delivery).status, fresh(delivery).attempts) == ("leased", 1)

    end = time.monotonic() + 30
    while fresh(delivery).status == "leased" and time.monotonic() < end:
        work_off(listener=listener, clock=clock)
        time.sleep(0.05)
    work_off(listener=listener, clock=clock)
    assert done_for == [delivery.id]
    assert (fresh(delivery).status, fresh(delivery).attempts) == ("delivered", 2)


def test_a_dead_delivery_can_be_replayed_with_all_its_attempts(clinic: Clinic) -> None:
    errors: list[Exception | None] = [DeliveryRefused("gone"), None]

    def handler(**kwargs: Any) -> None:
        if error := errors.pop(0):
            raise error

    listener = make_listener(handler=handler)
    delivery = owed(clinic, listener)
    work_off(listener=listener, clock=clock)
    with practice_scope(clinic.practice.id):
        replay(delivery=delivery, by=clinic.principal, now=NOW)
    assert (fresh(delivery).status, fresh(delivery).attempts) == ("pending", 0)

    work_off(listener=listener, clock=clock)
    assert (fresh(delivery).status, fresh(delivery).attempts) == ("delivered", 1)
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.principal_id, entry.object_kind) == ("delivery.replayed", clinic.agent.id, "whd")
    assert entry.object_ids == [str(delivery.id)]


def test_an_operators_replay_is_on_record_with_the_practice(clinic: Clinic) -> None:
    delivery = owed(clinic, make_listener())
    change(delivery, status="dead")
    with platform_scope(reason="test"):
        replay(delivery=delivery, by=None, now=NOW)
    with practice_scope(clinic.practice.id):
        assert AuditEntry.objects.get().principal_kind == "platform"


@pytest.mark.parametrize("status", ["pending", "delivered"])
def test_what_is_not_dead_cannot_be_replayed(clinic: Clinic, status: str) -> None:
    delivery = owed(clinic, make_listener())
    change(delivery, status=status, delivered_at=NOW if status == "delivered" else None)
    before = vars_of(fresh(delivery))
    with pytest.raises(NotDead), practice_scope(clinic.practice.id):
        replay(delivery=delivery, by=clinic.principal, now=NOW)
    assert vars_of(fresh(delivery)) == before
    with practice_scope(clinic.practice.id):
        assert not AuditEntry.objects.exists()


def test_another_practices_delivery_cannot_be_replayed(clinic: Clinic, other_clinic: Clinic) -> None:
    delivery = owed(clinic, make_listener())
    change(delivery, status="dead")
    with pytest.raises(NotDead), practice_scope(other_clinic.practice.id):
        replay(delivery=delivery, by=other_clinic.principal, now=NOW)
    assert fresh(delivery).status == "dead"
