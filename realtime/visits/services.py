"""The life of a visit: planned, under way, arrived, done."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from appointments.models import Appointment
from mybcat import audit, events
from mybcat.errors import DomainError, Forbidden, UnknownId
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.principal import Principal, Role
from practices.subscriptions import require_subscription
from realtime.models import Visit
from realtime.visits.arrival import Point

Status = Visit.Status

# What may follow what, the event that it is, and the column that keeps its time.
_STEPS = {
    Status.UNDER_WAY: (Status.PLANNED, EventType.VISIT_STARTED, "started_at"),
    Status.ARRIVED: (Status.UNDER_WAY, EventType.VISIT_ARRIVED, "arrived_at"),
    Status.DONE: (Status.ARRIVED, EventType.VISIT_ENDED, "ended_at"),
}
# The status that each event tells of.
STEPS = {EventType.VISIT_PLANNED: Status.PLANNED, **{event: status for status, (_, event, _) in _STEPS.items()}}
# What its clinician's device may say.
OPEN = (Status.UNDER_WAY, Status.ARRIVED)
# Of an appointment to whose patient somebody may set out.
STANDING = (Appointment.Status.BOOKED, Appointment.Status.ARRIVED)


class VisitExists(DomainError):
    code = "visit_exists"
    status = 409
    sentence = "The appointment has a visit already"


class NotVisitable(DomainError):
    code = "not_visitable"
    status = 409
    sentence = "Only an appointment that is still booked can be a visit"


class WrongOrder(DomainError):
    code = "wrong_order"
    status = 409
    sentence = "A visit is planned, then under way, then arrived, then done"


def plan_visit(*, appointment_id: UUID, destination: Point | None, by: Principal, now: datetime) -> Visit:
    """Make a visit of an appointment. Raises UnknownId, NotVisitable, VisitExists, SubscriptionLapsed."""
    require_subscription(by=by, now=now)
    appointment = Appointment.objects.filter(id=appointment_id).first()
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    if appointment.status != Appointment.Status.BOOKED:
        raise NotVisitable
    latitude, longitude = destination or (None, None)
    visit = Visit(
        appointment=appointment,
        practitioner_id=appointment.practitioner_id,
        destination_latitude=latitude,
        destination_longitude=longitude,
        planned_at=now,
    )
    try:
        with transaction.atomic():
            visit.save(force_insert=True)
    except IntegrityError as error:
        raise VisitExists from error
    _record(visit, EventType.VISIT_PLANNED, by=by, now=now)
    return visit


def coming_visits() -> QuerySet[Visit]:
    """Those of the practice in scope that are under way, or for which somebody may still set out.

    Who is on the way stays even where the appointment is cancelled: somebody must call them back.
    """
    to_come = Q(status=Status.PLANNED, appointment__status__in=STANDING)
    rows: QuerySet[Visit] = Visit.objects.exclude(status=Status.DONE).filter(Q(status__in=OPEN) | to_come)
    return rows.select_related("appointment")


def practitioner_of(visit: Visit) -> UUID:
    """Who goes there: until they set out, whoever has the appointment, which may have moved since."""
    whose: UUID = visit.appointment.practitioner_id if visit.status == Status.PLANNED else visit.practitioner_id
    return whose


def get_visit(visit_id: UUID) -> Visit:
    """The visit of the practice in scope. Raises UnknownId."""
    visit: Visit | None = Visit.objects.select_related("practitioner", "appointment").filter(id=visit_id).first()
    if visit is None:
        raise UnknownId(prefix="visit", value=visit_id)
    return visit


def move_on(*, visit_id: UUID, status: str, by: Principal, now: datetime) -> Visit:
    """Take the next step. Raises UnknownId, Forbidden for another practitioner's, WrongOrder, NotVisitable."""
    locked = Visit.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "practitioner", "appointment__practitioner"
    )
    visit: Visit | None = locked.filter(id=visit_id).first()
    if visit is None:
        raise UnknownId(prefix="visit", value=visit_id)
    if visit.status == Status.PLANNED:
        visit.practitioner = visit.appointment.practitioner
    if by.role == Role.PRACTITIONER and visit.practitioner.user_id != by.id:
        raise Forbidden
    before, event, column = _STEPS[Status(status)]
    if visit.status != before:
        raise WrongOrder
    if status == Status.UNDER_WAY and visit.appointment.status not in STANDING:
        raise NotVisitable
    visit.status = status
    setattr(visit, column, now)
    visit.save(update_fields=("status", "practitioner", column))
    _record(visit, event, by=by, now=now)
    return visit


def _record(visit: Visit, event: EventType, *, by: Principal, now: datetime) -> None:
    data = {
        "visitId": public_id("visit", visit.id),
        "appointmentId": public_id("appt", visit.appointment_id),
        "practitionerId": public_id("pract", visit.practitioner_id),
    }
    events.publish(type=event, subject_id=visit.id, data=data, by=by, now=now)
    audit.record(principal=by, action=event, object_kind="pat", object_ids=[visit.appointment.patient_id], now=now)
