"""What blocks and caps have against a time, as somebody would say it."""

from collections.abc import Collection, Iterator
from uuid import UUID

from appointments.blockers import Blocker, Code, Wanted
from appointments.blocks.models import AppointmentCap
from appointments.blocks.rules import Reservation, full_caps, reservations
from appointments.days import day_range
from appointments.facts import Facts
from appointments.models import Slot
from appointments.regeneration import slots_touching
from mybcat.principal import Principal
from practices.models import AppointmentType, Location, Practitioner


def ruled_out(
    wanted: Wanted,
    kind: AppointmentType,
    practitioner: Practitioner,
    location: Location | None,
    *,
    by: Principal,
    moving: Collection[UUID],
    patient_id: UUID | None,
) -> Iterator[Blocker]:
    """Nothing where the calendar has no slots: other blockers say so."""
    slots = _slots(wanted, practitioner, location)
    if not slots:
        return
    ids = [slot.id for slot in slots]
    for kept in reservations(slots=ids, kind=kind, practitioner_id=practitioner.id, patient_id=patient_id):
        facts = Facts(block=kept.name, been_here=kept.been_here, free_from=kept.released_at)
        yield Blocker(Code.BLOCK, _reserved(wanted, kept), kept.since, kept.until, facts)
    full = full_caps(
        kind=kind,
        practitioner_id=practitioner.id,
        location_id=slots[0].location_id,
        starts_at=wanted.starts_at,
        moving=moving,
        by=by.id,
    )
    for cap in full:
        since, until = day_range(first=wanted.day, last=wanted.day, time_zone=wanted.zone.key)
        yield Blocker(Code.CAP, _full(wanted, kind, cap), since, until, _facts(wanted, kind, cap))


def _slots(wanted: Wanted, practitioner: Practitioner, location: Location | None) -> list[Slot]:
    rows = slots_touching(practitioner=practitioner, since=wanted.occupied_from, until=wanted.occupied_until)
    return list((rows.filter(location=location) if location else rows).order_by("starts_at"))


def _reserved(wanted: Wanted, kept: Reservation) -> str:
    sentence = f"Reserved for “{kept.name}” {wanted.span(kept.since, kept.until)}"
    if kept.been_here:
        sentence += "; this patient has been here before"
    if kept.released_at is None:
        return sentence
    day = kept.released_at.astimezone(wanted.zone).date()
    return f"{sentence}; free to others from {wanted.clock(kept.released_at)} on {day:%A, %B} {day.day}"


def _full(wanted: Wanted, kind: AppointmentType, cap: AppointmentCap) -> str:
    whose = " ".join(
        [
            *([f"of {cap.practitioner.name}"] if cap.practitioner else []),
            *([f"at {cap.location.name}"] if cap.location else []),
        ]
    )
    day = f"{wanted.day:%A, %B} {wanted.day.day}"
    return f"{kind.name}: no more than {cap.most} a day{whose and f' {whose}'}, and {day} has them"


def _facts(wanted: Wanted, kind: AppointmentType, cap: AppointmentCap) -> Facts:
    return Facts(
        appointment_type=kind.name,
        most=cap.most,
        practitioner=cap.practitioner.name if cap.practitioner else None,
        location=cap.location.name if cap.location else None,
        day=wanted.day,
    )
