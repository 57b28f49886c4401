"""Order: what happened to one subject reaches a listener in the order in which it happened."""

from datetime import UTC, datetime, timedelta
from threading import Event as Flag
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mybcat import deliveries
from mybcat.claims import claim
from mybcat.deliveries import discard, enqueue, enqueued_together, replay, replay_together
from mybcat.ids import new_uuid
from mybcat.listeners import DeliveryFailed, DeliveryRefused, Listener
from mybcat.models import Delivery
from mybcat.relay import relay_events
from mybcat.settling import recover_lost
from mybcat.tenancy import platform_scope, practice_scope
from mybcat.working import work_off
from tests.factories import Clinic
from tests.mybcat.engine import (
    NOW,
    Clock,
    change,
    claim_one,
    due_now,
    fresh,
    in_thread,
    lease_runs_out,
    make_listener,
    owed,
    patient_updated,
    registered,
    settle_one,
)

HOUR = timedelta(hours=1)
# Statements: sequences, rows, the change, the record.
REPLAY = 4


@pytest.fixture
def subject() -> UUID:
    return new_uuid()


def statuses(*rows: Delivery) -> list[str]:
    return [fresh(row).status for row in rows]


def relayed(clinic: Clinic, listener: Listener, subject: UUID, *, count: int) -> list[Delivery]:
    """Deliveries of so many events of one subject, in their order."""
    for _ in range(count):
        patient_updated(clinic, patient_id=subject)
    with registered(listener):
        relay_events(now=NOW)
    with platform_scope(reason="test"):
        return list(Delivery.objects.filter(listener=listener.name).order_by("seq"))


def test_a_later_event_waits_for_the_earlier_one(clinic: Clinic, subject: UUID) -> None:
    listener = make_listener()
    booked, moved, cancelled = relayed(clinic, listener, subject, count=3)
    assert statuses(booked, moved, cancelled) == ["pending", "held", "held"]
    for row in (booked, moved, cancelled):
        (claimed,) = claim(listener=listener, limit=9).deliveries
        assert claimed.id == row.id
        settle_one(claimed, listener)
    assert statuses(booked, moved, cancelled) == ["delivered"] * 3


def test_it_waits_while_the_earlier_one_is_tried_again(clinic: Clinic, subject: UUID) -> None:
    listener = make_listener(schedule=(HOUR,))
    first, second = relayed(clinic, listener, subject, count=2)
    claimed = claim_one(listener)
    assert claimed == first
    settle_one(claimed, listener, DeliveryFailed("http_503"))
    assert claim_one(listener) is None
    assert statuses(first, second) == ["pending", "held"]


@pytest.mark.parametrize("end", ["refused", "lost"])
def test_a_dead_one_holds_nothing_back(clinic: Clinic, subject: UUID, end: str) -> None:
    listener = make_listener(schedule=())
    first, second = relayed(clinic, listener, subject, count=2)
    claimed = claim_one(listener)
    assert claimed == first
    if end == "refused":
        settle_one(claimed, listener, DeliveryRefused("gone"))
    else:
        lease_runs_out(first)
        recover_lost(listener=listener)
    assert statuses(first, second) == ["dead", "pending"]


def test_other_subjects_listeners_and_targets_do_not_wait(clinic: Clinic, other_clinic: Clinic, subject: UUID) -> None:
    listener, other, target = make_listener(), make_listener(name="other"), new_uuid()
    rows = [
        owed(clinic, listener, patient_id=subject),
        owed(clinic, listener),
        owed(clinic, other, patient_id=subject),
        owed(clinic, listener, patient_id=subject, target_id=target),
        owed(other_clinic, listener, patient_id=subject),
    ]
    assert statuses(*rows) == ["pending"] * 5


def test_a_listener_may_do_without_order(clinic: Clinic, subject: UUID) -> None:
    listener = make_listener(ordered=False)
    assert [row.status for row in relayed(clinic, listener, subject, count=2)] == ["pending", "pending"]


def test_after_an_outage_everything_arrives_in_order(clinic: Clinic) -> None:
    arrived: dict[UUID, list[int]] = {}
    away = True

    def handler(*, delivery: Delivery, **kwargs: Any) -> None:
        if away:
            raise DeliveryFailed("http_503")
        arrived.setdefault(delivery.subject_id, []).append(delivery.seq)

    listener = make_listener(handler=handler, schedule=(HOUR,) * 3)
    subjects = [new_uuid() for _ in range(3)]
    rows = [row for subject in subjects for row in [relayed(clinic, listener, subject, count=4)]][-1]
    work_off(listener=listener, clock=Clock())
    away = False
    for row in rows:
        due_now(row)
    work_off(listener=listener, clock=Clock())
    assert sorted(arrived) == sorted(subjects)
    assert all(numbers == sorted(numbers) and len(numbers) == 4 for numbers in arrived.values())


def meeting(
    clinic: Clinic, subject: UUID, *, settle_while_owed: bool, patience: float = 0.3
) -> tuple[Delivery, Delivery]:
    """The later event is owed at the very moment when the earlier one ends, the one or the other being first.

    `patience`: how long the owing waits for the end. With our lock, in vain; without, for as long as it takes.
    """
    listener = make_listener()
    first = owed(clinic, listener, patient_id=subject)
    claimed = claim_one(listener)
    assert claimed is not None
    event = patient_updated(clinic, patient_id=subject)
    middle, ended = Flag(), Flag()

    def owe() -> None:
        with platform_scope(reason="test"):
            enqueue(event=event, listener=listener, now=NOW)
            middle.set()
            # The settlement has begun, and must wait for our lock.
            ended.wait(patience)

    def end() -> None:
        settle_one(claimed, listener)
        ended.set()

    def end_slowly() -> None:
        with platform_scope(reason="test"):
            deliveries.lock_in_order([claimed.id])
            middle.set()
            ended.wait(0.3)
            Delivery.objects.filter(id=claimed.id).update(
                status="delivered", delivered_at=NOW, lease=None, leased_until=None
            )
            deliveries.release([claimed.id])

    work = (owe, end) if settle_while_owed else (end_slowly, lambda: enqueue_alone(event, listener))
    threads = [Thread(target=in_thread(each)) for each in work]
    threads[0].start()
    middle.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join()
    with platform_scope(reason="test"):
        return fresh_of(first), Delivery.objects.get(event=event)


def enqueue_alone(event: Any, listener: Listener) -> None:
    with platform_scope(reason="test"):
        enqueue(event=event, listener=listener, now=NOW)


def fresh_of(row: Delivery) -> Delivery:
    found: Delivery = Delivery.objects.get(id=row.id)
    return found


@pytest.mark.parametrize("settle_while_owed", [True, False])
def test_the_one_that_comes_as_the_other_ends_is_not_left_behind(
    clinic: Clinic, subject: UUID, settle_while_owed: bool
) -> None:
    first, second = meeting(clinic, subject, settle_while_owed=settle_while_owed)
    assert (first.status, second.status) == ("delivered", "pending")


def test_without_the_lock_it_is_left_behind(clinic: Clinic, subject: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: whoever only looks holds the later one behind one that has ended."""
    monkeypatch.setattr(deliveries, "_OWE", deliveries._OWE.replace("FOR SHARE", ""))
    first, second = meeting(clinic, subject, settle_while_owed=True, patience=30)
    assert (first.status, second.status) == ("delivered", "held")


def test_what_is_owed_together_is_written_at_once_and_in_order(clinic: Clinic, subject: UUID) -> None:
    listener = make_listener()
    events = [patient_updated(clinic, patient_id=subject) for _ in range(3)]
    with platform_scope(reason="test"):
        with enqueued_together():
            for event in events:
                enqueue(event=event, listener=listener, now=NOW)
            assert not Delivery.objects.exists()
        assert [row.status for row in Delivery.objects.order_by("event_id")] == ["pending", "held", "held"]


def test_nothing_is_written_of_what_was_owed_together_with_an_error(clinic: Clinic) -> None:
    event = patient_updated(clinic)
    with platform_scope(reason="test"):
        with pytest.raises(ZeroDivisionError), enqueued_together():
            enqueue(event=event, listener=make_listener(), now=NOW)
            raise ZeroDivisionError
        assert not Delivery.objects.exists()


def again(clinic: Clinic, row: Delivery) -> None:
    with practice_scope(clinic.practice.id):
        replay(delivery=row, by=clinic.principal, now=NOW)


def test_a_replayed_one_goes_before_later_ones_that_wait(clinic: Clinic, subject: UUID) -> None:
    listener = make_listener(schedule=(HOUR,))
    first, second, third = relayed(clinic, listener, subject, count=3)
    change(first, status="dead")
    change(second, status="pending", next_attempt_at=datetime(2100, 1, 1, tzinfo=UTC))
    again(clinic, first)
    assert statuses(first, second, third) == ["pending", "held", "held"]
    for row in (first, second, third):
        assert claim_one(listener) == row
        settle_one(fresh(row), listener)


def test_a_replayed_one_waits_for_one_that_is_being_tried(clinic: Clinic, subject: UUID) -> None:
    listener = make_listener()
    first, second = relayed(clinic, listener, subject, count=2)
    change(first, status="dead")
    change(second, status="pending")
    assert claim_one(listener) == second
    again(clinic, first)
    assert statuses(first, second) == ["held", "leased"]
    settle_one(fresh(second), listener)
    assert statuses(first, second) == ["pending", "delivered"]


def test_all_dead_ones_replayed_arrive_in_order(clinic: Clinic, subject: UUID) -> None:
    listener = make_listener()
    rows = relayed(clinic, listener, subject, count=3)
    for row in rows:
        change(row, status="dead")
    for row in reversed(rows):
        again(clinic, row)
    assert statuses(*rows) == ["pending", "held", "held"]


def test_many_are_replayed_together_as_they_would_be_one_by_one(clinic: Clinic) -> None:
    """Of four subjects: all dead; a later one waits; a later one is being tried; an earlier one is still to come."""
    listener = make_listener(schedule=(HOUR,))
    for _ in range(4):
        rows = relayed(clinic, listener, new_uuid(), count=2)
    all_dead, waits, tried, earlier = rows[:2], rows[2:4], rows[4:6], rows[6:]
    for row in (*all_dead, waits[0], tried[0], earlier[1]):
        change(row, status="dead", attempts=2)
    for row in (waits[1], tried[1]):
        change(row, status="pending")
    change(waits[1], next_attempt_at=datetime(2100, 1, 1, tzinfo=UTC))
    change(earlier[0], next_attempt_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert claim_one(listener) == tried[1]
    with practice_scope(clinic.practice.id), CaptureQueriesContext(connection) as asked:
        assert replay_together(deliveries=rows[::-1], by=clinic.principal, now=NOW) == 5
    assert statuses(*rows) == ["pending", "held", "pending", "held", "held", "leased", "pending", "held"]
    assert fresh(all_dead[0]).attempts == fresh(earlier[1]).attempts == 0
    # One more, for those that have to wait now.
    assert len(asked) == REPLAY + 1


@pytest.mark.parametrize("count", [1, 40])
def test_however_many_are_replayed_the_relay_waits_for_a_few_statements(clinic: Clinic, count: int) -> None:
    listener = make_listener()
    rows = [owed(clinic, listener) for _ in range(count)]
    with platform_scope(reason="test"):
        Delivery.objects.update(status="dead")
    with practice_scope(clinic.practice.id), CaptureQueriesContext(connection) as asked:
        assert replay_together(deliveries=rows, by=clinic.principal, now=NOW) == count
    assert len(asked) == REPLAY
    assert {fresh(row).status for row in rows} == {"pending"}


def test_a_replay_and_the_relay_do_not_both_let_one_go(clinic: Clinic, subject: UUID) -> None:
    """The relay holds the practice's sequence until it commits; the replay looks only after that."""
    listener = make_listener()
    (first,) = relayed(clinic, listener, subject, count=1)
    change(first, status="dead")
    patient_updated(clinic, patient_id=subject)
    told, go_on = Flag(), Flag()

    def relay_slowly() -> None:
        with registered(listener), platform_scope_held(told, go_on):
            relay_events(now=NOW)

    thread = Thread(target=in_thread(relay_slowly))
    thread.start()
    told.wait(10)
    replaying = Thread(target=in_thread(lambda: again(clinic, first)))
    replaying.start()
    replaying.join(0.3)
    assert replaying.is_alive()
    go_on.set()
    for each in (thread, replaying):
        each.join()
    with platform_scope(reason="test"):
        rows = Delivery.objects.filter(subject_id=subject).order_by("seq")
        assert [row.status for row in rows] == ["pending", "held"]


class platform_scope_held:  # noqa: N801
    """The relay's transaction stays open after its deliveries are written, until told to go on."""

    def __init__(self, told: Flag, go_on: Flag) -> None:
        self._told, self._go_on = told, go_on

    def __enter__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        owe = deliveries._owe

        def slow(rows: list[dict[str, Any]]) -> None:
            owe(rows)
            self._told.set()
            self._go_on.wait(10)

        self._patch.setattr(deliveries, "_owe", slow)

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


def test_a_discarded_one_is_never_tried_again(clinic: Clinic) -> None:
    listener = make_listener()
    row = owed(clinic, listener)
    change(row, status="dead")
    with practice_scope(clinic.practice.id):
        discard(delivery=row, because="wrong endpoint", by=clinic.principal, now=NOW)
    stored = fresh(row)
    assert (stored.status, stored.discarded_because) == ("discarded", "wrong endpoint")
    assert claim_one(listener) is None
    for act in (lambda: again(clinic, row), lambda: thrown_away(clinic, row)):
        with pytest.raises(deliveries.NotDead):
            act()


def thrown_away(clinic: Clinic, row: Delivery) -> None:
    with practice_scope(clinic.practice.id):
        discard(delivery=row, because="again", by=clinic.principal, now=NOW)


def test_a_deadlock_with_another_settlement_is_tried_again(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = make_listener()
    owed(clinic, listener)
    claimed = claim_one(listener)
    assert claimed is not None
    lock, calls = deliveries.lock_in_order, []

    def locking(ids: Any) -> None:
        calls.append(ids)
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")
        lock(ids)

    monkeypatch.setattr("mybcat.settling.lock_in_order", locking)
    assert settle_one(claimed, listener) == "delivered"
    assert len(calls) == 2
