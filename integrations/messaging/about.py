"""What a message to a patient is about: an appointment, or a time that the waitlist has offered."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from appointments.models import Appointment
from appointments.waitlist.closing import ASKED
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from integrations.imports.models import ImportKind
from integrations.messaging.defaults import Kind
from integrations.models import Message
from integrations.self_service.links import link_to
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.models import Event
from mybcat.rows import columns, rows_of
from mybcat.tenancy import current_scope
from patients.models import Patient
from practices.models import Location, Practice, Practitioner

_READ = (Appointment, Practice, Patient, Location, Practitioner)
# And whether a file brought it.
_APPOINTMENT = f"""
    SELECT EXISTS (SELECT FROM integrations_importedrecord i
                   WHERE i.practice_id = %(practice)s AND i.kind = '{ImportKind.APPOINTMENTS}' AND i.object_id = a.id),
           {columns(Appointment, "a")}, {columns(Practice, "p")}, {columns(Patient, "t")}, {columns(Location, "l")},
           {columns(Practitioner, "c")}
    FROM appointments_appointment a
    JOIN practices_practice p ON p.id = a.practice_id
    JOIN patients_patient t ON t.practice_id = a.practice_id AND t.id = a.patient_id
    JOIN practices_location l ON l.practice_id = a.practice_id AND l.id = a.location_id
    JOIN practices_practitioner c ON c.practice_id = a.practice_id AND c.id = a.practitioner_id
    WHERE a.practice_id = %(practice)s AND a.id = %(appointment)s
"""  # noqa: S608 - of our own columns
OF_WAITLIST = (EventType.WAITLIST_OFFERED, EventType.WAITLIST_TAKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """`against`: why the patient must not be written to, as a code; empty when they may."""

    practice: Practice
    patient: Patient
    location: Location
    practitioner: Practitioner
    starts_at: datetime
    # Empty where there is nothing yet to confirm, move or cancel.
    link: str
    against: str


def about(event: Event, *, now: datetime) -> About:
    """As it stands now, in the practice in scope."""
    if event.type in OF_WAITLIST:
        return _offer(event, now=now)
    practice_id = current_scope().practice_id
    with connection.cursor() as cursor:
        cursor.execute(_APPOINTMENT, {"practice": practice_id, "appointment": event.subject_id})
        row = cursor.fetchone()
    if row is None:
        raise Appointment.DoesNotExist
    appointment, practice, patient, location, practitioner = rows_of(_READ, row[1:])
    return About(
        practice=practice,
        patient=patient,
        location=location,
        practitioner=practitioner,
        starts_at=appointment.starts_at,
        link=link_to(practice_id=practice.id, appointment_id=appointment.id),
        against=_against_appointment(event, appointment, imported=row[0], now=now),
    )


def _against_appointment(event: Event, appointment: Appointment, *, imported: bool, now: datetime) -> str:
    if _is_answered(event, appointment):
        return "answered"
    booked = appointment.status == Appointment.Status.BOOKED
    # By the time it is sent, the one may have been cancelled, and the cancellation of the other be undone.
    if booked == (event.type == EventType.APPOINTMENT_CANCELLED):
        return "appointment_booked" if booked else "appointment_not_booked"
    # A reminder is of the time that it was published for; whoever moved the appointment was told the new one.
    reminds = event.type == EventType.APPOINTMENT_REMINDER_DUE
    if reminds and event.data["slotId"] != public_id("slot", appointment.slot_id):
        return "appointment_moved"
    if appointment.starts_at <= now:
        return "appointment_past"
    # Agreed with the patient long ago, in the system that the practice comes from.
    if event.type == EventType.APPOINTMENT_BOOKED and imported:
        return "appointment_imported"
    return ""


def _is_answered(event: Event, appointment: Appointment) -> bool:
    """Who has texted X has their answer, and who has texted YES, unless the yes had to wait for the desk."""
    if event.principal_kind != "waitlist":
        return event.type == EventType.APPOINTMENT_CANCELLED and event.principal_kind == "patient"
    rows = WaitlistOffer.objects.filter(entry__appointment=appointment, status=WaitlistOffer.Status.ACCEPTED)
    return bool(rows.filter(answered_at__gte=event.occurred_at).exists())


def _offer(event: Event, *, now: datetime) -> About:
    places = ("opening__practice", "opening__location", "opening__practitioner", "entry__patient")
    offer = WaitlistOffer.objects.select_related(*places).get(id=event.subject_id)
    opening = offer.opening
    return About(
        practice=opening.practice,
        patient=offer.entry.patient,
        location=opening.location,
        practitioner=opening.practitioner,
        starts_at=opening.starts_at,
        link="",
        against="appointment_past" if opening.starts_at <= now else _against_offer(event, offer),
    )


def _against_offer(event: Event, offer: WaitlistOffer) -> str:
    if offer.entry.status not in WaitlistEntry.STANDING:
        return "not_waiting"
    if event.type == EventType.WAITLIST_OFFERED:
        on_offer = offer.opening.status == WaitlistOpening.Status.OPEN and offer.status in ASKED
        return "" if on_offer else "not_on_offer"
    if offer.answered_at is not None and offer.answered_at >= event.occurred_at:
        return "answered"
    return "" if _was_asked(offer) else "not_asked"


def _was_asked(offer: WaitlistOffer) -> bool:
    """Who never heard of the time need not hear that it is gone. In the order of one subject, the offer is first."""
    rows = Message.objects.filter(patient=offer.entry.patient_id, kind=Kind.WAITLIST_OFFER)
    reached = (Message.Status.SENT, Message.Status.SENDING, Message.Status.UNKNOWN)
    return bool(rows.filter(created_at__gte=offer.offered_at, status__in=reached).exists())
