"""What the patient's link may do, with the same services as the desk, up to the practice's cutoff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from appointments.availability import Start, next_starts
from appointments.blocks.rules import been_here
from appointments.cancelling import cancel_appointment
from appointments.confirming import confirm_appointment
from appointments.models import Appointment, Slot
from appointments.moving import move_appointment
from appointments.self_service import window
from appointments.wishes import Wishes
from integrations.reminders.services import reminder_settings
from integrations.self_service.links import BadLink
from mybcat.errors import DomainError, UnknownId
from mybcat.principal import Principal
from practices.models import FOREVER

# More than that is a calendar, and a call.
MOST_OFFERS = 12


class TooLate(DomainError):
    code = "too_late"
    status = 409
    sentence = "It is too near to the appointment: please call"


@dataclass(frozen=True, slots=True)
class Seen:
    """The appointment, and whether it can still be confirmed, and changed by the patient."""

    appointment: Appointment
    confirmable: bool
    changeable: bool


def look(*, appointment_id: UUID, now: datetime) -> Seen:
    """In the practice in scope; changes nothing. Raises BadLink once it is over, or never was."""
    appointment: Appointment | None = (
        Appointment.objects.select_related("practice", "location", "patient", "practitioner", "appointment_type")
        .filter(id=appointment_id, ends_at__gt=now)
        .exclude(status=Appointment.Status.ENTERED_IN_ERROR)
        .first()
    )
    if appointment is None:
        raise BadLink
    to_come = appointment.status == Appointment.Status.BOOKED and appointment.starts_at > now
    return Seen(appointment, to_come, to_come and _in_time(appointment.starts_at, now=now))


def offers(appointment: Appointment, *, now: datetime) -> list[Start]:
    """Other times with the same practitioner at the same place, the soonest first: only such as a move may have."""
    if not (appointment.practitioner.is_active and appointment.location.is_active):
        return []
    allowed = window(by=_patient(appointment), now=now)
    return next_starts(
        appointment_type=appointment.appointment_type,
        practitioners=[appointment.practitioner_id],
        locations=[appointment.location_id],
        since=max(now + _cutoff(), allowed.since),
        limit=MOST_OFFERS,
        wishes=Wishes(
            until=None if allowed.until == FOREVER else allowed.until, been_here=been_here(appointment.patient_id)
        ),
    )


def act(*, appointment_id: UUID, wish: str, slot_id: UUID | None, now: datetime) -> None:
    """`confirm`, `cancel`, or `move` to the slot. Raises BadLink, TooLate, and as the desk's own services do."""
    seen = look(appointment_id=appointment_id, now=now)
    by = _patient(seen.appointment)
    if wish == "confirm":
        confirm_appointment(appointment_id=appointment_id, by=by, now=now)
        return
    if seen.confirmable and not seen.changeable:
        raise TooLate
    if wish == "cancel":
        reason = Appointment.CancellationReason.PATIENT_REQUEST
        cancel_appointment(appointment_id=appointment_id, reason=reason, by=by, now=now)
    elif slot_id is not None:
        _refuse_other(seen.appointment, slot_id, now=now)
        move_appointment(appointment_id=appointment_id, slot_id=slot_id, by=by, now=now)


def _patient(appointment: Appointment) -> Principal:
    practice = appointment.practice
    return Principal.by_link(
        patient_id=appointment.patient_id,
        practice_id=practice.id,
        plan=practice.plan,
        entitled_until=practice.entitled_until,
        time_zone=practice.time_zone,
    )


def _refuse_other(appointment: Appointment, slot_id: UUID, *, now: datetime) -> None:
    """Only what is offered: no other practitioner's time, and none that is too near."""
    known: Sequence[Slot] = Slot.objects.filter(
        id=slot_id, practitioner_id=appointment.practitioner_id, location_id=appointment.location_id
    )
    for slot in known:
        if _in_time(slot.starts_at, now=now):
            return
        raise TooLate
    raise UnknownId(prefix="slot", value=slot_id)


def _in_time(starts_at: datetime, *, now: datetime) -> bool:
    return starts_at - now >= _cutoff()


def _cutoff() -> timedelta:
    return timedelta(minutes=reminder_settings().cutoff_minutes)
