"""Appointments in a made-up practice: past ones kept or missed, coming ones booked, a few cancelled."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from appointments.models import Appointment, Slot
from appointments.samples.places import TYPES
from appointments.samples.visits import FreeSlot, Visit, make_visits
from practices.models import AppointmentType, Practice

Status = Appointment.Status

_TAKE = """
    UPDATE appointments_slot SET status = 'busy', appointment_id = taken.appointment_id
    FROM unnest(%(slots)s::uuid[], %(appointments)s::uuid[]) AS taken(slot_id, appointment_id)
    WHERE practice_id = %(practice)s AND id = taken.slot_id
"""
MISSED, CANCELLED = 0.08, 0.04


def fill_calendars(
    *, practice: Practice, patients: Sequence[UUID], booked_by: UUID, share: float, now: datetime, chance: Random
) -> list[Appointment]:
    """Book `share` of all free slots of the practice in scope; the appointments that this makes.

    Nobody has two visits on one day.
    """
    type_ids = dict(AppointmentType.objects.values_list("code", "id"))
    queue = _Queue(patients, ZoneInfo(practice.time_zone), chance)
    appointments: list[Appointment] = []
    taken: list[tuple[UUID, UUID]] = []
    for visit in _visits(practice, share, chance):
        made = [_kept(visit, now, chance)]
        taken += [(slot.id, made[0].id) for slot in visit.slots]
        if chance.random() < CANCELLED:
            # Somebody had this time before.
            made.append(_cancelled(visit, now, booked_by, chance))
        for appointment in made:
            appointment.patient_id = queue.next(visit.starts_at)
            appointment.appointment_type_id = type_ids[visit.type.code]
            appointment.booked_by = booked_by
        appointments += made
    Appointment.objects.bulk_create(appointments, batch_size=1000)
    _take(practice.id, taken)
    return appointments


class _Queue:
    """Each day everyone once, in another order."""

    def __init__(self, patients: Sequence[UUID], zone: ZoneInfo, chance: Random) -> None:
        self._patients, self._zone, self._chance = patients, zone, chance
        self._days: dict[date, Iterator[UUID]] = {}

    def next(self, at: datetime) -> UUID:
        day = at.astimezone(self._zone).date()
        if day not in self._days:
            self._days[day] = iter(self._chance.sample(self._patients, len(self._patients)))
        return next(self._days[day])


def _visits(practice: Practice, share: float, chance: Random) -> Iterator[Visit]:
    calendars: dict[UUID, list[FreeSlot]] = {}
    # By name among those who begin at one moment: the same calendars whenever the demo is loaded.
    rows = Slot.objects.free().order_by("starts_at", "practitioner__name").values_list(*FreeSlot._fields)
    for slot in map(FreeSlot._make, rows):
        calendars.setdefault(slot.practitioner_id, []).append(slot)
    for slots in calendars.values():
        yield from make_visits(slots=slots, types=TYPES, slot_minutes=practice.slot_minutes, share=share, chance=chance)


def _kept(visit: Visit, now: datetime, chance: Random) -> Appointment:
    """Or missed, or still to come. Patient, type and who booked are for the caller to name."""
    ahead = timedelta(minutes=chance.randrange(60, 21 * 24 * 60))
    return Appointment(
        practitioner_id=visit.slot.practitioner_id,
        location_id=visit.slot.location_id,
        slot_id=visit.slot.id,
        status=_status(visit, now, chance),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        occupied_from=visit.occupied_from,
        occupied_until=visit.occupied_until,
        booked_at=min(now, visit.starts_at) - ahead,
    )


def _cancelled(visit: Visit, now: datetime, by: UUID, chance: Random) -> Appointment:
    appointment = _kept(visit, now, chance)
    appointment.status = Status.CANCELLED
    appointment.cancelled_at = appointment.booked_at + timedelta(minutes=45)
    appointment.cancelled_by = by
    appointment.cancellation_reason = Appointment.CancellationReason.PATIENT_REQUEST
    return appointment


def _status(visit: Visit, now: datetime, chance: Random) -> Status:
    if visit.ends_at <= now:
        return Status.NOSHOW if chance.random() < MISSED else Status.FULFILLED
    return Status.ARRIVED if visit.starts_at <= now else Status.BOOKED


def _take(practice_id: UUID, taken: Iterable[tuple[UUID, UUID]]) -> None:
    slots, appointments = zip(*taken, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"practice": practice_id, "slots": list(slots), "appointments": list(appointments)})
