"""What a practice may do for what it pays: booking needs a trial, a subscription, or its grace period."""

from datetime import datetime

from mybcat.errors import DomainError
from mybcat.principal import Principal
from practices.models import Practice, Subscription

STOPPED = {Subscription.Status.UNPAID, Subscription.Status.PAUSED, Subscription.Status.CANCELED}


class SubscriptionLapsed(DomainError):
    code = "subscription_lapsed"
    status = 402
    sentence = "The practice's subscription is not active: appointments can be read, but not booked"


def require_subscription(*, by: Principal, now: datetime) -> None:
    """Raises SubscriptionLapsed where the caller's practice may not book.

    Asks nobody: the principal was loaded with the instant until which it may.
    """
    if by.entitled_until is None or by.entitled_until <= now:
        raise SubscriptionLapsed


def settle(*, practice: Practice) -> None:
    """Set what the practice's trial and subscriptions come to: until when it may book, and its plan.

    The best of them counts; of equals, the newest. Whoever has stopped paying has the standard plan.
    In the transaction of whatever changed one of them.
    """
    rows = list(Subscription.objects.filter(practice=practice).order_by("id"))
    running = [row for row in rows if row.entitled_until]
    ends = [row.entitled_until for row in running] + [practice.trial_ends_at]
    practice.entitled_until = max((end for end in ends if end), default=None)
    paid = [row for row in running if row.plan and row.entitled_until == practice.entitled_until]
    if paid:
        practice.plan = paid[-1].plan
    elif not running and any(row.status in STOPPED for row in rows):
        practice.plan = Practice.Plan.STANDARD
    practice.save(update_fields=("entitled_until", "plan", "trial_ends_at"))
