"""Overbooking: an appointment beside what the calendar has room for, on purpose, for a reason, and not too often.

It takes no slots and stands in nobody's way; the practitioner's cap for the day is what bounds it.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from appointments.blocks.rules import would_refuse
from appointments.booking import event_data
from appointments.clock import Clock
from appointments.days import day_range, zone
from appointments.holds import usable_holds
from appointments.models import Appointment, Hold, Slot
from appointments.taking import Needed, open_slot, take, touching
from appointments.unavailable import Unavailable
from mybcat import audit, events
from mybcat.errors import DomainError, InvalidInput
from mybcat.events import EventType
from mybcat.ids import new_uuid
from mybcat.principal import Permission, Principal
from patients.services import get_patient
from practices.models import AppointmentType, Practitioner
from practices.protocols.evaluation import Answers, Decided, evaluate
from practices.protocols.services import in_force
from practices.subscriptions import require_subscription

EMERGENCY = "emergency"


class OverbookingNotPermitted(DomainError):
    code = "overbooking_not_permitted"
    status = 403
    sentence = "Only managers overbook; agents do where the protocol's answers make it an emergency"


class OverbookingNotNeeded(DomainError):
    code = "overbooking_not_needed"
    status = 409
    sentence = "This time is free: book it instead"


class NotIn(Unavailable):
    code = "practitioner_not_in"
    status = 409
    sentence = "The practitioner does not see patients at this time"


class OverbookingFull(DomainError):
    """`cap`: how many a day the practitioner sees."""

    code = "overbooking_full"
    status = 409

    def __init__(self, cap: int) -> None:
        super().__init__(f"This practitioner sees {cap} overbooked patients a day, and has them")
        self.members = {"cap": cap}


def overbook_appointment(
    *,
    patient_id: UUID,
    slot_id: UUID,
    type_code: str,
    reason: str,
    answers: Answers | None,
    by: Principal,
    now: datetime,
) -> Appointment:
    """Let the appointment begin with a slot that is taken, in the practice in scope.

    `answers`: what the caller said to the protocol in force, which decides whether it is an emergency; they are not
    kept. Raises UnknownId (slot, patient), PatientMerged, InvalidInput, SlotInPast, PractitionerInactive,
    LocationInactive, SubscriptionLapsed, OverbookingNotPermitted, OverbookingNotNeeded, NotIn, OverbookingFull.
    """
    require_subscription(by=by, now=now)
    _refuse_without_leave(reason, answers, by=by, now=now)
    patient = get_patient(patient_id, lock=True)
    slot = open_slot(slot_id, now=now)
    kind = AppointmentType.objects.active().filter(code=type_code).first()
    if kind is None:
        raise InvalidInput(fields={"type": ["No such type of appointment"]})
    needed = Needed.of(slot, kind)
    if slot.status == Slot.Status.BUSY_UNAVAILABLE:
        raise NotIn
    _refuse_free(slot, needed, kind, patient.id, by)
    _refuse_full(slot)
    appointment = Appointment(
        id=new_uuid(),
        patient=patient,
        practitioner=slot.practitioner,
        location=slot.location,
        appointment_type=kind,
        slot=slot,
        starts_at=needed.starts_at,
        ends_at=needed.ends_at,
        occupied_from=needed.occupied_from,
        occupied_until=needed.occupied_until,
        booked_by=by.id,
        booked_at=now,
        overbooked=True,
        overbooking_reason=reason,
    )
    appointment.save(force_insert=True)
    booked = EventType.APPOINTMENT_BOOKED
    events.publish(type=booked, subject_id=appointment.id, data=event_data(appointment), by=by, now=now)
    audit.record(principal=by, action="appointment.overbooked", object_kind="pat", object_ids=[patient.id], now=now)
    return appointment


def _refuse_without_leave(reason: str, answers: Answers | None, *, by: Principal, now: datetime) -> None:
    if by.may(Permission.APPOINTMENT_OVERBOOK):
        return
    found = evaluate(definition=in_force(now=now).definition, answers=answers) if answers is not None else None
    if reason != EMERGENCY or not isinstance(found, Decided) or found.outcome.urgency != EMERGENCY:
        raise OverbookingNotPermitted


def _refuse_free(slot: Slot, needed: Needed, kind: AppointmentType, patient_id: UUID, by: Principal) -> None:
    """What can simply be booked is not overbooked, so that nobody does it by accident."""
    try:
        taken = take(Slot.objects.filter(touching(slot, needed)), slot=slot, needed=needed, mine=usable_holds(by))
    except Unavailable:
        return
    if would_refuse(slots=taken, slot=slot, kind=kind, patient_id=patient_id, by=by.id) is None:
        raise OverbookingNotNeeded


def _refuse_full(slot: Slot) -> None:
    # Whoever overbooks the same practitioner waits here, and then counts this one as well.
    practitioner = Practitioner.objects.select_for_update(no_key=True).get(id=slot.practitioner_id)
    clock = zone(slot.location.time_zone)
    day = slot.starts_at.astimezone(clock).date()
    since, until = day_range(first=day, last=day, time_zone=clock.key)
    if _beside(practitioner.id, since, until) >= practitioner.overbookings_a_day:
        raise OverbookingFull(practitioner.overbookings_a_day)


def _beside(practitioner_id: UUID, since: datetime, until: datetime) -> int:
    """How many there are, with those that an undo may bring back."""
    standing = Appointment.objects.filter(
        practitioner_id=practitioner_id,
        starts_at__gte=since,
        starts_at__lt=until,
        status__in=Appointment.OCCUPYING,
        overbooked=True,
    )
    kept = Hold.objects.filter(
        ~Q(overbooking_reason=""),
        slot__practitioner_id=practitioner_id,
        slot__starts_at__gte=since,
        slot__starts_at__lt=until,
        expires_at__gt=Clock(),
    )
    found: Collection[UUID] = {
        *standing.values_list("id", flat=True),
        *(each for each in kept.values_list("appointment_id", flat=True) if each is not None),
    }
    return len(found)
