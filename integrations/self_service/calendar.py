"""The patient's appointment for their own calendar (RFC 5545): when, where and with whom to call, and not what for."""

from datetime import UTC, datetime

from icalendar import Calendar, Event

from appointments.models import Appointment
from integrations.messaging.answers import number_to_call
from integrations.self_service.words import WORDS
from mybcat.ids import public_id
from patients.models import Language


def calendar_of(appointment: Appointment, *, address: str, now: datetime) -> bytes:
    """One event. `address`: of the patient's page, where it is told should the appointment move."""
    calendar = Calendar()
    calendar.add("prodid", "-//MyBCAT//Appointment//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event(appointment, address=address, now=now))
    return calendar.to_ical()


def _event(appointment: Appointment, *, address: str, now: datetime) -> Event:
    practice, location = appointment.practice, appointment.location
    words = WORDS[Language(appointment.patient.language)]
    event = Event()
    # Saved once more after a move, it takes the place of what was saved before: the same UID, a later SEQUENCE.
    event.add("uid", f"{public_id('appt', appointment.id)}@mybcat")
    event.add("sequence", int(now.timestamp()) & 0x7FFFFFFF)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("status", "CANCELLED" if appointment.status == Appointment.Status.CANCELLED else "CONFIRMED")
    event.add("summary", f"{words['title']}: {practice.name}")
    event.add("location", ", ".join(filter(None, (location.name, location.address))))
    phone = number_to_call(location, practice)
    event.add("description", f"{words['call']} {phone}\n{address}" if phone else address)
    event.add("url", address)
    return event
