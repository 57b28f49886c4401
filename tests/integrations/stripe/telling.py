"""Events told to the life cycle, and what the practice has come to."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.stripe import inbound
from integrations.stripe.models import InboundEvent
from mybcat.tenancy import platform_scope
from practices.models import Practice, Subscription
from tests.standins import stripe

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
T = int(NOW.timestamp())
GRACE = timedelta(days=7)


def change_practice(practice: Practice, **values: Any) -> Practice:
    with platform_scope(reason="test"):
        Practice.objects.filter(id=practice.id).update(**values)
        return Practice.objects.get(id=practice.id)


def tell(*events: dict[str, Any], now: datetime = NOW) -> list[str]:
    """Stored and handled one after the other, in this order; what became of each."""
    outcomes = []
    for event in events:
        inbound.store(event=event, body=stripe.body_of(event), now=now)
        work_off(now=now)
        outcomes.append(stored(event["id"]).outcome)
    return outcomes


def work_off(*, now: datetime = NOW) -> None:
    assert not inbound.work_off(clock=lambda: now)


def stored(stripe_id: str) -> InboundEvent:
    with platform_scope(reason="test"):
        found: InboundEvent = InboundEvent.objects.get(stripe_id=stripe_id)
        return found


def all_stored() -> list[InboundEvent]:
    with platform_scope(reason="test"):
        return list(InboundEvent.objects.order_by("id"))


def standing(practice: Practice) -> tuple[str, list[tuple[str, str]], datetime | None]:
    """Plan, each subscription's status, and until when the practice may book."""
    with platform_scope(reason="test"):
        fresh = Practice.objects.get(id=practice.id)
        rows = Subscription.objects.filter(practice=practice).order_by("stripe_id")
        return fresh.plan, [(row.stripe_id, row.status) for row in rows], fresh.entitled_until


def forget(practices: Iterable[Practice]) -> None:
    """As if Stripe had told nothing."""
    with platform_scope(reason="test"):
        Subscription.objects.all().delete()
        InboundEvent.objects.all().delete()
    for practice in practices:
        change_practice(practice, entitled_until=None, plan="standard")
