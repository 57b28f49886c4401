"""Booking several appointments in one step: all of them, or none and for each the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from appointments.asked import active_type
from appointments.blocks.rules import refuse_ruled_out
from appointments.booking import Booked, book_appointment
from appointments.groups.models import AppointmentGroup
from appointments.holds import usable_holds
from appointments.models import Appointment, Slot
from appointments.schedules import share_schedules
from appointments.taking import Needed, lock, open_slot, take, touching
from appointments.unavailable import Unavailable
from mybcat import audit
from mybcat.errors import DomainError
from mybcat.principal import Principal
from patients.services import get_patient
from practices.models import Location, Practitioner
from practices.subscriptions import require_subscription


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Where an appointment would begin, if the calendar had a slot there."""

    practitioner: Practitioner
    location: Location
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """One of the appointments, and the slot that it would begin with."""

    patient_id: UUID
    slot: UUID | Nowhere
    type_code: str


class Collides(Unavailable):
    code = "collides"
    status = 409
    sentence = "An appointment before it in this request needs the same time, or the same patient then"


class NoSlot(Unavailable):
    code = "no_slot"
    status = 409
    sentence = "No appointment can begin at that time"


class GroupRefused(DomainError):
    """`refused`: by the wish's number, what stands against it; no wish that could be had is among them."""

    code = "group_refused"
    status = 409
    sentence = "Not all of these times can be had, so nothing was booked"

    def __init__(self, refused: Mapping[int, Unavailable]) -> None:
        super().__init__()
        self.refused = refused


def book_group(*, kind: str, wishes: Sequence[Wish], by: Principal, now: datetime) -> AppointmentGroup:
    """Book all of the wishes, in the practice in scope, or nothing.

    What the caller holds counts as free. Raises GroupRefused, InvalidInput (type), UnknownId (slot, patient),
    PatientMerged, SubscriptionLapsed.
    """
    require_subscription(by=by, now=now)
    patients = list(dict.fromkeys(wish.patient_id for wish in wishes))
    # The patients first: another practice's must be on record whatever else is wrong.
    for patient_id in sorted(patients):
        get_patient(patient_id, lock=True)
    _refuse_what_cannot_be_had(wishes, by=by, now=now)
    group = AppointmentGroup.objects.create(kind=kind, booked_by=by.id, booked_at=now)
    for number, wish in enumerate(wishes):
        booked = _book(number, wish, by=by, now=now)
        Appointment.objects.filter(id=booked.id).update(group=group, group_position=number)
    audit.record(principal=by, action="appointment_group.booked", object_kind="pat", object_ids=patients, now=now)
    return group


def _book(number: int, wish: Wish, *, by: Principal, now: datetime) -> Booked:
    try:
        return book_appointment(
            patient_id=wish.patient_id, slot_id=_slot(wish), type_code=wish.type_code, by=by, now=now
        )
    except Unavailable as refusal:
        # Somebody else's time since: what the database alone knows of, such as an appointment off the grid.
        raise GroupRefused({number: refusal}) from refusal.__cause__


def _refuse_what_cannot_be_had(wishes: Sequence[Wish], *, by: Principal, now: datetime) -> None:
    """Looks at all of them behind the locks of all of them, in the order in which everybody locks."""
    refused: dict[int, Unavailable] = {}
    kinds = {code: active_type(code) for code in dict.fromkeys(wish.type_code for wish in wishes)}
    opened = {number: slot for number, wish in enumerate(wishes) if (slot := _opened(number, wish, refused, now=now))}
    places = {number: (slot, Needed.of(slot, kinds[wishes[number].type_code])) for number, slot in opened.items()}
    wanted = Q(pk__in=())
    for place in places.values():
        wanted |= touching(*place)
    people = {slot.practitioner_id for slot in opened.values()}
    if len(people) > 1:
        share_schedules(practitioners=people, practice_id=by.practice_id)
    locked, mine = lock(wanted), usable_holds(by)
    used: set[UUID] = set()
    # Each patient's: nobody is seen in two places at once.
    visits: dict[UUID, list[Needed]] = {}
    for number, (slot, needed) in places.items():
        try:
            rows = take(locked, slot=slot, needed=needed, mine=mine)
            wish = wishes[number]
            whose: dict[str, Any] = {"patient_id": wish.patient_id, "owner": by.id, "by": by.id}
            refuse_ruled_out(slots=rows, slot=slot, kind=kinds[wish.type_code], **whose)
            taken, theirs = {row.id for row in rows}, visits.setdefault(wish.patient_id, [])
            if taken & used or any(_meet(needed, other) for other in theirs):
                raise Collides
            used |= taken
            theirs.append(needed)
        except Unavailable as refusal:
            refused[number] = refusal
    if refused:
        raise GroupRefused(dict(sorted(refused.items())))


def _meet(one: Needed, other: Needed) -> bool:
    """Whether a patient would have to be at both; buffers are the practitioner's."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _opened(number: int, wish: Wish, refused: dict[int, Unavailable], *, now: datetime) -> Slot | None:
    try:
        return open_slot(_slot(wish), now=now)
    except Unavailable as refusal:
        refused[number] = refusal
        return None


def _slot(wish: Wish) -> UUID:
    if isinstance(wish.slot, Nowhere):
        raise NoSlot
    return wish.slot
