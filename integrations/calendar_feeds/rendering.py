"""One practitioner's appointments as RFC 5545 has them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL
from icalendar import Calendar, Event

from appointments.models import Appointment
from integrations.calendar_feeds.models import CalendarFeed
from mybcat.ids import public_id

PAST, FUTURE = timedelta(days=30), timedelta(days=180)
# How often programs are to ask.
REFRESH = timedelta(minutes=15)
# PostgreSQL keeps by itself which transaction wrote a row last: it grows with each change of the appointment, as
# SEQUENCE must, which has one bit less.
_SEQUENCE = RawSQL(  # a constant
    "appointments_appointment.xmin::text::bigint & 2147483647", (), output_field=BigIntegerField()
)
_STATUS: dict[str, str] = {status.value: "CONFIRMED" for status in Appointment.OCCUPYING}


def appointments_of(feed: CalendarFeed, *, now: datetime) -> list[Appointment]:
    """From 30 days ago to 180 days ahead, by time; cancelled ones too, so that programs strike them out."""
    rows = Appointment.objects.filter(practitioner_id=feed.practitioner_id)
    rows = rows.starting_between(now - PAST, now + FUTURE).annotate(sequence=_SEQUENCE)
    return list(rows.select_related("patient", "location", "appointment_type").order_by("starts_at", "id"))


def render(feed: CalendarFeed, found: Sequence[Appointment]) -> bytes:
    """The calendar; the same appointments give the same bytes. Patients are named where the feed shows them."""
    calendar = Calendar()
    calendar.add("prodid", "-//MyBCAT//Calendar feed//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", feed.practitioner.name)
    calendar.add("x-wr-calname", feed.practitioner.name)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    for appointment in found:
        calendar.add_component(_event(appointment, shows_patients=feed.shows_patients))
    return calendar.to_ical()


def _event(appointment: Appointment, *, shows_patients: bool) -> Event:
    event = Event()
    event.add("uid", f"{public_id('appt', appointment.id)}@mybcat")
    event.add("dtstamp", (appointment.cancelled_at or appointment.booked_at).astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("sequence", appointment.sequence)  # type: ignore[attr-defined]  # annotated
    event.add("status", _STATUS.get(appointment.status, "CANCELLED"))
    event.add("summary", _summary(appointment, shows_patients=shows_patients))
    event.add("location", ", ".join(filter(None, (appointment.location.name, appointment.location.address))))
    return event


def _summary(appointment: Appointment, *, shows_patients: bool) -> str:
    kind = appointment.appointment_type.name
    patient = appointment.patient
    return f"{kind}: {patient.first_name} {patient.last_name}" if shows_patients else kind
