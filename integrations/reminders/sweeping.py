"""What is due by the clock: one event for each reminder, of the time that the appointment has then.

A practice's row says up to when its reminders are published, and moves on in the transaction that publishes them:
two sweeps at once, or one that dies, publish each reminder once (docs/adr/0030-reminders.md).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from appointments.booking import event_data
from appointments.holds import UNDOABLE
from appointments.models import Appointment
from integrations.messaging.quiet_hours import nights, reminder_due
from integrations.reminders.models import ReminderSettings
from mybcat import events
from mybcat.events import EventType
from mybcat.principal import Behalf
from mybcat.tenancy import practice_scope
from practices.models import Practice

# A change that may still be undone is waited for: the reminder of a time to which an undo returns is not lost.
SETTLED_AFTER = UNDOABLE + timedelta(seconds=3)
# What beat could not tell for longer than this is told no more.
LATE = timedelta(hours=12)
_DAY = timedelta(days=1)


def remind(*, practice_id: UUID, now: datetime) -> int:
    """Publish what has become due since the practice's last sweep; how many reminders that were."""
    with practice_scope(practice_id):
        until = now - SETTLED_AFTER
        row = _locked(until)
        if row.swept_until >= until:
            return 0
        due = _due(row, since=max(row.swept_until, until - LATE), until=until)
        found = [appointment for appointment in due if appointment.starts_at > now]
        for appointment in found:
            _publish(appointment, now=now)
        row.swept_until = until
        row.save(update_fields=("swept_until",))
        return len(found)


def _locked(until: datetime) -> ReminderSettings:
    row: ReminderSettings
    row, _ = ReminderSettings.objects.select_for_update().get_or_create(defaults={"swept_until": until})
    return row


def _due(row: ReminderSettings, *, since: datetime, until: datetime) -> Iterator[Appointment]:
    """Those of which one reminder or more has become due in `(since, until]`, each once."""
    zone = Practice.objects.values_list("time_zone", flat=True).get()
    offsets = [timedelta(minutes=minutes) for minutes in row.offsets_minutes]
    if not offsets:
        return
    near = Q()
    for start, end in [(since, until), *_moved_by_nights(since, until, zone)]:
        for offset in offsets:
            near |= Q(starts_at__gt=start + offset, starts_at__lte=end + offset)
    rows = Appointment.objects.filter(near, status=Appointment.Status.BOOKED).order_by("starts_at", "id")
    for appointment in rows:
        if any(since < due <= until for due in _times(appointment, offsets, zone)):
            yield appointment


def _moved_by_nights(since: datetime, until: datetime, zone: str) -> Iterator[tuple[datetime, datetime]]:
    """The nights whose reminders may be due in `(since, until]`: on the evening before, or on the morning after."""
    for night in nights(since=since - _DAY, until=until + _DAY, time_zone=zone):
        if since < night.evening <= until or since < night.ends_at <= until:
            yield night.starts_at - timedelta(microseconds=1), night.ends_at


def _times(appointment: Appointment, offsets: Sequence[timedelta], zone: str) -> Iterator[datetime]:
    """When the appointment's reminders are due; without those that its booking came too late for."""
    for offset in offsets:
        wanted = appointment.starts_at - offset
        due = reminder_due(wanted=wanted, starts_at=appointment.starts_at, now=wanted - _DAY, time_zone=zone)
        if due is not None and min(wanted, due) > appointment.booked_at:
            yield due


def _publish(appointment: Appointment, *, now: datetime) -> None:
    by = Behalf("platform", appointment.practice_id, appointment.practice_id)
    due = EventType.APPOINTMENT_REMINDER_DUE
    events.publish(type=due, subject_id=appointment.id, data=event_data(appointment), by=by, now=now)
