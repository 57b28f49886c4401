"""How soon and how far ahead programs may book, for patients who choose by themselves.

Members are not bound, nor is who takes a time that the practice's waitlist has offered, which has rules of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments.days import day_range, today
from appointments.unavailable import Unavailable
from mybcat.principal import Principal
from practices.models import FOREVER, Practice


class TooSoon(Unavailable):
    code = "too_soon"
    status = 409
    sentence = "The practice takes such bookings only further ahead: it has to be called for this time"


class TooFarAhead(Unavailable):
    code = "too_far_ahead"
    status = 409
    sentence = "The practice does not take such bookings so far ahead: it has to be called for this time"


_UNBOUND = ("member", "waitlist")


@dataclass(frozen=True, slots=True)
class Window:
    """An appointment may begin in `[since, until)`."""

    since: datetime
    until: datetime

    @property
    def last_moment(self) -> datetime:
        """For sentences: within the last day."""
        return self.until - timedelta(microseconds=1)


def window(*, by: Principal, now: datetime) -> Window:
    """Where the caller may book, by what the practice in scope says; days end on the practice's clock."""
    if by.kind in _UNBOUND:
        return Window(now, FOREVER)
    practice = Practice.objects.get()
    since = now + timedelta(hours=practice.self_service_lead_hours or 0)
    if practice.self_service_horizon_days is None:
        return Window(since, FOREVER)
    first = today(now=now, time_zone=practice.time_zone)
    last = first + timedelta(days=practice.self_service_horizon_days - 1)
    return Window(since, day_range(first=first, last=last, time_zone=practice.time_zone)[1])


def require_window(*, starts_at: datetime, by: Principal, now: datetime) -> None:
    """Raises TooSoon, TooFarAhead."""
    if by.kind in _UNBOUND:
        return
    allowed = window(by=by, now=now)
    if starts_at < allowed.since:
        raise TooSoon
    if starts_at >= allowed.until:
        raise TooFarAhead
