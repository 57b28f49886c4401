"""What Stripe told us and was handled is forgotten after a while; whatever still waits for anybody is not."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from integrations.stripe import inbound, life_cycle, retention
from integrations.stripe.models import InboundEvent
from integrations.stripe.tasks import forget_stripe_events
from mybcat.celery import app
from mybcat.ids import earliest_uuid, new_uuid
from mybcat.principal import Operator
from mybcat.tenancy import platform_scope
from practices.models import Practice
from tests.api.rows import changes
from tests.factories import make_user
from tests.integrations.stripe.telling import T, standing, tell
from tests.standins.stripe import body_of, event, subscription

MONTH, SECOND = timedelta(days=30), timedelta(seconds=1)
SUBSCRIBED = event("customer.subscription.created", subscription(), created=T, id="evt_subscribed")


def told(at: datetime, *, handled_at: datetime | None = None, **fields: Any) -> UUID:
    """An event of that age; handled at once, unless `handled_at` or `status` say otherwise."""
    identifier = UUID(int=earliest_uuid(at=at).int | new_uuid().int & 0xFFFF)
    ended = {"status": "handled", "outcome": "applied", "handled_at": handled_at or at}
    with platform_scope(reason="test"):
        InboundEvent.objects.create(
            id=identifier,
            stripe_id=f"evt_{identifier.hex}",
            type="invoice.paid",
            occurred_at=at,
            body=body_of(SUBSCRIBED),
            received_at=at,
            correlation_id="a-correlation",
            next_attempt_at=at,
            **(fields if "status" in fields else {**ended, **fields}),
        )
    return identifier


def kept() -> set[UUID]:
    with platform_scope(reason="test"):
        return set(InboundEvent.objects.values_list("id", flat=True))


def test_what_was_handled_is_forgotten_after_a_month() -> None:
    now = datetime.now(UTC)
    for outcome in ("applied", "stale", "ignored"):
        told(now - MONTH - SECOND, outcome=outcome)
    young = {told(now - MONTH + SECOND), told(now)}
    with changes(integrations_inboundevent=-3):
        assert retention.forget_handled(now=now) == 3
    assert kept() == young
    with changes():
        assert retention.forget_handled(now=now) == 0


def test_what_waits_for_anybody_stays_however_old_it_is() -> None:
    now = datetime.now(UTC)
    for status in ("pending", "dead"):
        told(now - 12 * MONTH, status=status)
    told(now - 12 * MONTH, outcome="unknown_customer")
    # Handled anew, by a replay.
    told(now - 12 * MONTH, handled_at=now - SECOND)
    with changes():
        assert retention.forget_handled(now=now) == 0


def test_it_goes_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mybcat.retention.BATCH", 2)
    now = datetime.now(UTC)
    for _ in range(5):
        told(now - 2 * MONTH)
    assert retention.forget_handled(now=now) == 5
    assert kept() == set()


def test_how_long_is_the_operators_to_say(settings: Any) -> None:
    settings.DELIVERY_RETENTION = 3 * MONTH
    now = datetime.now(UTC)
    told(now - 2 * MONTH)
    assert retention.forget_handled(now=now) == 0
    assert retention.forget_handled(now=now + MONTH + SECOND) == 1


def test_what_is_sent_once_more_after_that_changes_nothing(customer: Practice) -> None:
    tell(SUBSCRIBED)
    before = standing(customer)
    with platform_scope(reason="test"):
        InboundEvent.objects.all().delete()
    assert tell(SUBSCRIBED) == [life_cycle.Outcome.STALE]
    assert standing(customer) == before


def test_who_replays_it_has_it_for_another_month(customer: Practice) -> None:
    now = datetime.now(UTC)
    old = told(now - 2 * MONTH)
    with platform_scope(reason="test"):
        found = InboundEvent.objects.get(id=old)
        inbound.replay(event=found, by=Operator(id=make_user().id), now=now)
    assert retention.forget_handled(now=now) == 0
    inbound.work_off(clock=lambda: now)
    assert retention.forget_handled(now=now) == 0
    assert kept() == {old}
    assert retention.forget_handled(now=now + MONTH + SECOND) == 1


def test_beat_forgets_every_hour() -> None:
    (sweep,) = [entry for entry in app.conf.beat_schedule.values() if entry["task"] == forget_stripe_events.name]
    assert sweep["schedule"] == timedelta(hours=1)
    told(datetime.now(UTC) - 2 * MONTH)
    young = told(datetime.now(UTC))
    forget_stripe_events()
    assert kept() == {young}
