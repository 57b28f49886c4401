"""Entries whose time is over: nobody has to take them off the list."""

from datetime import datetime

from django.db.models import Q

from appointments.days import today
from appointments.models import Appointment
from appointments.waitlist.models import WaitlistEntry
from practices.models import Practice


def expire_entries(*, now: datetime) -> int:
    """Who waited for days that are over in the practice in scope waits no more; how many those are.

    Likewise who waited for an earlier time than an appointment has that is past, or off.
    """
    day = today(now=now, time_zone=Practice.objects.values_list("time_zone", flat=True).get())
    kept = Appointment.objects.filter(status=Appointment.Status.BOOKED, starts_at__gt=now)
    # What is on offer stays so: its patient is answered first.
    rows = WaitlistEntry.objects.filter(
        Q(until_date__lt=day) | (Q(appointment__isnull=False) & ~Q(appointment__in=kept)),
        status=WaitlistEntry.Status.WAITING,
    )
    return int(rows.update(status=WaitlistEntry.Status.EXPIRED, ended_at=now))
