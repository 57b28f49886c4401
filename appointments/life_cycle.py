"""What becomes of an appointment: which state may follow which, and the one way from state to state.

The words are FHIR R4's (AppointmentStatus). Cancelling has reasons of its own, and stands in cancelling.py.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from psycopg.errors import ExclusionViolation

from appointments.booking import event_data
from appointments.days import zone
from appointments.holds import Before, keep_for_undo
from appointments.models import Appointment
from appointments.releasing import free, hours_around, locked_slots
from appointments.unavailable import SlotTaken
from mybcat import audit, events
from mybcat.errors import DomainError, UnknownId
from mybcat.events import EventType
from mybcat.principal import Principal

_Status = Appointment.Status

# From each state, what may follow. To go back to booked or arrived puts right what was marked by mistake, and lets
# in whoever came late. Nothing follows cancelled and entered-in-error.
NEXT: Mapping[str, frozenset[str]] = {
    _Status.BOOKED: frozenset({_Status.ARRIVED, _Status.NOSHOW, _Status.ENTERED_IN_ERROR}),
    _Status.ARRIVED: frozenset({_Status.FULFILLED, _Status.BOOKED, _Status.ENTERED_IN_ERROR}),
    _Status.FULFILLED: frozenset({_Status.ARRIVED, _Status.ENTERED_IN_ERROR}),
    _Status.NOSHOW: frozenset({_Status.ARRIVED, _Status.BOOKED, _Status.ENTERED_IN_ERROR}),
    _Status.CANCELLED: frozenset(),
    _Status.ENTERED_IN_ERROR: frozenset(),
}
EVENTS: Mapping[str, EventType] = {
    _Status.BOOKED: EventType.APPOINTMENT_REOPENED,
    _Status.ARRIVED: EventType.APPOINTMENT_ARRIVED,
    _Status.FULFILLED: EventType.APPOINTMENT_FULFILLED,
    _Status.NOSHOW: EventType.APPOINTMENT_NOSHOW,
    _Status.ENTERED_IN_ERROR: EventType.APPOINTMENT_ENTERED_IN_ERROR,
}


class TransitionRefused(DomainError):
    """`current` says what the appointment is, `allowed` what it may become."""

    code = "transition_refused"
    status = 409

    def __init__(self, *, current: str, wanted: str) -> None:
        super().__init__(f"An appointment that is {current} cannot become {wanted}")
        self.members = {"current": current, "allowed": sorted(NEXT[current])}


class TooEarly(DomainError):
    code = "too_early"
    status = 409


def change_status(*, appointment_id: UUID, status: str, by: Principal, now: datetime) -> Appointment:
    """Let the appointment become `status`, a key of EVENTS.

    Patients arrive on the day of the appointment, as the clock at its location has it, and are missed once it has
    begun; what was entered in error gives its time back, once it can be undone no more (undoing.py). Raises UnknownId,
    TransitionRefused, TooEarly, and SlotTaken where the time of whoever did not come is another's by now.
    """
    appointment = (
        Appointment.objects.select_related("location", "practitioner")
        .select_for_update(no_key=True, of=("self",))
        .filter(id=appointment_id)
        .first()
    )
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    if status not in NEXT[appointment.status]:
        raise TransitionRefused(current=appointment.status, wanted=status)
    _refuse_early(appointment, status, now=now)
    if status == _Status.ENTERED_IN_ERROR:
        _enter_in_error(appointment, by=by, now=now)
    else:
        appointment.status = status
        _save(appointment)
    events.publish(type=EVENTS[status], subject_id=appointment.id, data=event_data(appointment), by=by, now=now)
    audit.record(principal=by, action=EVENTS[status], object_kind="pat", object_ids=[appointment.patient_id], now=now)
    return appointment


def _refuse_early(appointment: Appointment, status: str, *, now: datetime) -> None:
    clock = zone(appointment.location.time_zone)
    day = appointment.starts_at.astimezone(clock).date()
    if status == _Status.ARRIVED and now.astimezone(clock).date() < day:
        raise TooEarly("The appointment is on a later day")
    if status == _Status.NOSHOW and now < appointment.starts_at:
        raise TooEarly("The appointment has not begun")


def _enter_in_error(appointment: Appointment, *, by: Principal, now: datetime) -> None:
    before, wanted = Before.of(appointment), hours_around(appointment)
    slots = locked_slots(appointment)
    appointment.status, appointment.changed_at = _Status.ENTERED_IN_ERROR, now
    appointment.save(update_fields=("status", "changed_at"))
    if before.status == _Status.NOSHOW:
        # Whoever was missed has no right to the time, which may be another's by now.
        free(slots, wanted=wanted)
        slots = []
    keep_for_undo(before=before, slots=slots, by=by, now=now, in_error=True)


def _save(appointment: Appointment) -> None:
    try:
        appointment.save(update_fields=("status",))
    except IntegrityError as error:
        if isinstance(error.__cause__, ExclusionViolation):
            raise SlotTaken from error
        raise
