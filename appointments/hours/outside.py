"""Appointments that a change of hours leaves where nobody is: they stand, and somebody must look at them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from appointments.models import Appointment
from appointments.regeneration import LONGEST_APPOINTMENT
from appointments.working_days import Interval, WeeklyPeriod, covers, plan_stays
from practices.models import Practitioner, TimeOff

# Of whom to call first; the calendar has them all.
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Outside:
    """How many appointments to come lie outside from now on, and the soonest of them."""

    count: int
    soonest: Sequence[Appointment]


def left_outside(
    *, practitioner: Practitioner, before: Sequence[WeeklyPeriod], after: Sequence[WeeklyPeriod], now: datetime
) -> Outside:
    """Those that lay within `before` and do not lie within `after`."""
    coming = list(_coming(now).filter(practitioner=practitioner).order_by("starts_at", "id"))
    if not coming:
        return Outside(0, ())
    # A zone's day may begin a day before UTC's or after it.
    margin = timedelta(days=2)
    since, until = (now - margin).date(), (coming[-1].ends_at + margin).date()
    stood, stand = (plan_stays(hours=hours, since=since, until=until) for hours in (before, after))
    return _told(each for each in coming if _within(each, stood) and not _within(each, stand))


def within_time_off(*, time_off: TimeOff, now: datetime) -> Outside:
    """Those that the time off touches."""
    rows = _coming(now).filter(
        starts_at__gt=max(time_off.starts_at, now) - LONGEST_APPOINTMENT,
        starts_at__lt=time_off.ends_at,
        ends_at__gt=time_off.starts_at,
    )
    if time_off.practitioner_id is not None:
        rows = rows.filter(practitioner_id=time_off.practitioner_id)
    if time_off.location_id is not None:
        rows = rows.filter(location_id=time_off.location_id)
    return _told(rows.order_by("starts_at", "id"))


def still_with(*, practitioner: Practitioner, now: datetime) -> Outside:
    """All that are booked with them."""
    return _told(_coming(now).filter(practitioner=practitioner).order_by("starts_at", "id"))


def _coming(now: datetime) -> QuerySet[Appointment]:
    rows: QuerySet[Appointment] = Appointment.objects.filter(status=Appointment.Status.BOOKED, starts_at__gte=now)
    return rows


def _within(appointment: Appointment, stays: Sequence[Interval]) -> bool:
    wanted = Interval(appointment.starts_at, appointment.ends_at, appointment.location_id)
    return covers(stays=stays, wanted=wanted)


def _told(appointments: Iterable[Appointment]) -> Outside:
    found = list(appointments)
    return Outside(len(found), found[:MOST_TOLD])
