"""What Stripe's events do to a practice's subscriptions, in whatever order they arrive and however often.

Stripe promises no order and tells time to the second. Each subscription therefore remembers how new the
event was that its status comes from, and the same for its details (plan, period), which invoices do not
carry. Only what is newer counts.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings

from mybcat import audit
from practices.models import Practice, Subscription
from practices.subscriptions import settle

Status = Subscription.Status
Event = Mapping[str, Any]

# Of events of one second, the one that says more decides.
RANKS = {
    "customer.subscription.created": 0,
    "invoice.payment_failed": 1,
    "invoice.payment_succeeded": 2,
    "invoice.paid": 2,
    "customer.subscription.updated": 3,
    "customer.subscription.paused": 3,
    "customer.subscription.resumed": 3,
    "customer.subscription.deleted": 4,
}
# Stripe never revives these: who returns gets a subscription with another id.
FINAL = {Status.CANCELED, Status.INCOMPLETE_EXPIRED}
# Someone who paid. A paid invoice of a trial (of nothing) or of a paused subscription changes neither.
REVIVED_BY_PAYMENT = {Status.INCOMPLETE, Status.PAST_DUE, Status.UNPAID}
# Who has never paid gets no grace: their first payment leaves them incomplete.
GRACED_AFTER_FAILURE = {Status.TRIALING, Status.ACTIVE}


class Outcome(StrEnum):
    """What became of an event. The codes are stable: rows hold them."""

    APPLIED = "applied"
    # Something newer has been applied already.
    STALE = "stale"
    # Of a type, or about something, that is none of our business.
    IGNORED = "ignored"
    UNKNOWN_CUSTOMER = "unknown_customer"


def apply(*, event: Event, now: datetime) -> Outcome:
    """Let the practice's subscription follow `event`, in platform scope and the caller's transaction.

    Raises KeyError, TypeError or ValueError for an event that is not as Stripe documents it.
    """
    rank = RANKS.get(event["type"])
    if rank is None or (stripe_id := _subscription_of(event)) is None:
        return Outcome.IGNORED
    # A text, for None would find whoever has no customer. The lock makes events of one practice follow one
    # another; bookings do not ask for it.
    customer = str(event["data"]["object"]["customer"])
    practice = Practice.objects.select_for_update(no_key=True).filter(stripe_customer_id=customer).first()
    if practice is None:
        return Outcome.UNKNOWN_CUSTOMER
    known = Subscription.objects.filter(practice=practice, stripe_id=stripe_id).first()
    if known is None:
        if _is_of_nothing(event):
            return Outcome.IGNORED
        known = Subscription(practice=practice, stripe_id=stripe_id, status=_status_before(event))
    clock = int(event["created"]) * 10 + rank
    if not (_follow_details(known, event, clock) | _follow_status(known, event, clock)):
        return Outcome.STALE
    known.save()
    settle(practice=practice)
    audit.record(
        principal=None,
        action="subscription.changed",
        object_kind="prac",
        object_ids=[practice.id],
        now=now,
        practice_id=practice.id,
    )
    return Outcome.APPLIED


def _is_invoice(event: Event) -> bool:
    return str(event["type"]).startswith("invoice.")


def _subscription_of(event: Event) -> str | None:
    """The subscription that the event is about, or whose invoice it is about; None for any other invoice."""
    told = event["data"]["object"]
    if not _is_invoice(event):
        return str(told["id"])
    # Since its version 2025-03-31, Stripe tells an invoice's subscription in `parent`.
    parent = (told.get("parent") or {}).get("subscription_details") or {}
    found = parent.get("subscription") or told.get("subscription")
    return str(found) if found else None


def _is_of_nothing(event: Event) -> bool:
    """A trial begins with a paid invoice of zero, which must not make it look paid for."""
    return _is_invoice(event) and event["data"]["object"].get("amount_paid", 1) == 0 and "failed" not in event["type"]


def _status_before(event: Event) -> Status:
    """Of a subscription that this event is the first to tell of: an invoice may overtake what it is for."""
    first = event["data"]["object"].get("billing_reason") == "subscription_create"
    return Status.ACTIVE if _is_invoice(event) and not first else Status.INCOMPLETE


def _follow_status(known: Subscription, event: Event, clock: int) -> bool:
    follows = event["data"].get("previous_attributes", {}).get("status") == known.status
    # Two updates of one second: the later one says which status it found.
    newer = clock > known.status_clock or (clock == known.status_clock and follows)
    if known.status in FINAL or not newer:
        return False
    status = _status_after(event, known)
    if status != Status.PAST_DUE:
        known.grace_until = None
    elif known.grace_until is None:
        # From the first failure: those that follow do not prolong it.
        known.grace_until = _instant(event["created"]) + timedelta(days=settings.SUBSCRIPTION_GRACE_DAYS)
    known.status, known.status_clock = status, clock
    return True


def _status_after(event: Event, known: Subscription) -> Status:
    before = Status(known.status)
    if not _is_invoice(event):
        return Status(event["data"]["object"]["status"])
    if event["type"] == "invoice.payment_failed":
        return Status.PAST_DUE if before in GRACED_AFTER_FAILURE else before
    return Status.ACTIVE if before in REVIVED_BY_PAYMENT else before


def _follow_details(known: Subscription, event: Event, clock: int) -> bool:
    if _is_invoice(event) or clock <= known.details_clock:
        return False
    told = event["data"]["object"]
    (item, *_) = told["items"]["data"]
    known.plan = settings.STRIPE_PRICES.get(item["price"]["id"], known.plan)
    # Since its version 2025-03-31, Stripe tells the period of each item.
    end = item.get("current_period_end") or told.get("current_period_end")
    known.current_period_end = _instant(end) if end else None
    known.cancel_at_period_end = bool(told.get("cancel_at_period_end"))
    known.details_clock = clock
    return True


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
