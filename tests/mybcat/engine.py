"""What tests of the event path need: events to relay, listeners to serve, and rows as they stand."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import structlog
from django.db import connection

from mybcat import events, listeners
from mybcat.claims import claim
from mybcat.deliveries import enqueue
from mybcat.ids import new_uuid, public_id
from mybcat.listeners import Handler, Listener
from mybcat.models import ITSELF, Delivery, DeliveryAttempt, Event
from mybcat.settling import Attempted, settle
from mybcat.tenancy import platform_scope, practice_scope
from tests.factories import Clinic

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def patient_updated(clinic: Clinic, *, patient_id: UUID | None = None) -> Event:
    """A committed event that no listener of the product hears of."""
    with practice_scope(clinic.practice.id):
        return publish(clinic, patient_id=patient_id)


def publish(clinic: Clinic, *, patient_id: UUID | None = None) -> Event:
    """Each of a subject of its own, unless told: later events of one subject wait for earlier ones."""
    patient_id = patient_id or new_uuid()
    return events.publish(
        type="patient.updated",
        subject_id=patient_id,
        data={"patientId": public_id("pat", patient_id)},
        by=clinic.principal,
        now=NOW,
    )


def done(**kwargs: Any) -> None:
    """A handler without work."""


def make_listener(
    *,
    name: str = "probe",
    handler: Handler = done,
    schedule: tuple[timedelta, ...] = (timedelta(0), timedelta(0)),
    **options: Any,
) -> Listener:
    return Listener(name=name, queue=name, schedule=schedule, handler=handler, **options)


@contextmanager
def registered(*known: Listener) -> Iterator[None]:
    """Only these listeners exist, and each hears of every event."""

    def owe(sender: type[Event], *, event: Event, now: datetime, **kwargs: Any) -> None:
        for listener in known:
            enqueue(event=event, listener=listener, now=now)

    with pytest.MonkeyPatch.context() as patch, receiving(owe):
        patch.setattr(listeners, "_registered", {})
        for listener in known:
            listeners.register(listener)
        yield


@contextmanager
def receiving(receiver: Callable[..., None]) -> Iterator[None]:
    """`receiver` hears of every event that is relayed."""
    events.event_committed.connect(receiver, weak=False)
    try:
        yield
    finally:
        events.event_committed.disconnect(receiver)


def owed(clinic: Clinic, listener: Listener, *, patient_id: UUID | None = None, target_id: UUID = ITSELF) -> Delivery:
    """A delivery of a new event."""
    event = patient_updated(clinic, patient_id=patient_id)
    with platform_scope(reason="test"):
        enqueue(event=event, listener=listener, now=NOW, target_id=target_id)
    return the_delivery(event=event, listener=listener)


def claim_one(listener: Listener, **options: Any) -> Delivery | None:
    return next(iter(claim(listener=listener, limit=1, **options).deliveries), None)


def settle_one(delivery: Delivery, listener: Listener, error: Exception | None = None) -> str:
    attempted = Attempted(delivery, error, None, NOW, timedelta(milliseconds=5))
    return settle(listener=listener, attempted=[attempted])[0]


def due_now(delivery: Delivery) -> None:
    change(delivery, next_attempt_at=datetime(2020, 1, 1, tzinfo=UTC))


def lease_runs_out(delivery: Delivery) -> None:
    change(delivery, leased_until=datetime(2020, 1, 1, tzinfo=UTC))


def wait_until_due(delivery: Delivery) -> timedelta:
    """How long after PostgreSQL's now the next attempt is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return fresh(delivery).next_attempt_at - now


def the_delivery(**filters: Any) -> Delivery:
    if "listener" in filters:
        filters["listener"] = filters["listener"].name
    with platform_scope(reason="test"):
        return Delivery.objects.get(**filters)


def fresh(delivery: Delivery) -> Delivery:
    """The row as it stands now."""
    return the_delivery(id=delivery.id)


def attempts_of(delivery: Delivery) -> list[DeliveryAttempt]:
    with platform_scope(reason="test"):
        return list(DeliveryAttempt.objects.filter(delivery_id=delivery.id).order_by("id"))


def change(delivery: Delivery, **values: Any) -> None:
    with platform_scope(reason="test"):
        Delivery.objects.filter(id=delivery.id).update(**values)


def all_events() -> list[Event]:
    with platform_scope(reason="test"):
        return list(Event.objects.order_by("practice_id", "seq"))


class Clock:
    """A clock that goes on only when told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def pausing(rounds: int, *, clock: Clock | None = None, waits: list[timedelta] | None = None) -> Callable[..., bool]:
    """A pause that lets so many rounds happen; the clock goes on by what it was asked to wait."""
    left = iter(range(rounds))

    def pause(wait: timedelta) -> bool:
        if waits is not None:
            waits.append(wait)
        if clock is not None:
            clock.now += wait
        return next(left, None) is None

    return pause


def in_thread(work: Callable[[], object]) -> Callable[[], None]:
    """`work` with a database connection of its own, closed at the end."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run


def log_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, as it is written to standard output."""
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    (json,) = [found for found in formatters if isinstance(found, structlog.stdlib.ProcessorFormatter)]
    return [json.format(record) for record in caplog.records]
