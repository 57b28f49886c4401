"""Whether blocks and caps let an appointment of a type be at a time.

One answers for all who take slots: `appointments_blocks_against()` and `appointments_cap_against()` in the migrations.
The first goes by the slots that are taken and by the database's clock; the second locks the practice's caps before it
counts, so that of two who want the last one of a day the second sees the first. To be asked behind the slots' locks and
before resources are locked.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection

from appointments.blocks.models import AppointmentBlock, AppointmentCap
from appointments.models import Appointment, Slot
from appointments.unavailable import Unavailable
from practices.models import AppointmentType

_BLOCKS = "SELECT name, since, until, released_at, been_here FROM appointments_blocks_against(%s, %s, %s)"
_FULL = "SELECT id FROM appointments_full_caps(%s, %s, %s, %s, %s, %s)"
_CAP = "SELECT appointments_cap_against(%s, %s, %s, %s, %s, %s)"


class Reserved(Unavailable):
    code = "time_reserved"
    status = 409
    sentence = "This time is reserved for other types of appointment"


class DayFull(Unavailable):
    code = "day_full"
    status = 409
    sentence = "The practice takes no more appointments of this type on that day"


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a block keeps on one day, and from when on anybody may have it (None: never)."""

    name: str
    since: datetime
    until: datetime
    released_at: datetime | None
    # Were the patient new, the type might be there.
    been_here: bool


def refuse_ruled_out(
    *, slots: Sequence[Slot], slot: Slot, kind: AppointmentType, patient_id: UUID | None, owner: UUID, by: UUID
) -> None:
    """Of an appointment of the type that takes these slots, which are locked, and begins with `slot`.

    Where `owner`, the appointment, stands on that day already, it counts once; what `by` holds does not count. A
    patient who is not known may be new. Raises Reserved, DayFull.
    """
    refuse_reserved(slots=slots, kind=kind, practitioner_id=slot.practitioner_id, patient_id=patient_id)
    refuse_full(slot=slot, kind=kind, owner=owner, by=by)


def refuse_reserved(
    *, slots: Sequence[Slot], kind: AppointmentType, practitioner_id: UUID, patient_id: UUID | None
) -> None:
    """Likewise, of blocks alone. Raises Reserved."""
    ids = [each.id for each in slots]
    if reservations(slots=ids, kind=kind, practitioner_id=practitioner_id, patient_id=patient_id):
        raise Reserved


def refuse_full(*, slot: Slot, kind: AppointmentType, owner: UUID, by: UUID) -> None:
    """Likewise, of caps alone. Raises DayFull."""
    if not AppointmentCap.objects.filter(appointment_type=kind).exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_CAP, [kind.id, slot.practitioner_id, slot.location_id, slot.starts_at, owner, by])
        (found,) = cast("tuple[UUID | None]", cursor.fetchone())
    if found is not None:
        raise DayFull


def would_refuse(
    *, slots: Sequence[Slot], slot: Slot, kind: AppointmentType, patient_id: UUID, by: UUID
) -> Unavailable | None:
    """What `refuse_ruled_out` would raise, asked without the locks of the slots: locks nothing, promises nothing."""
    ids = [each.id for each in slots]
    if reservations(slots=ids, kind=kind, practitioner_id=slot.practitioner_id, patient_id=patient_id):
        return Reserved()
    place = {"practitioner_id": slot.practitioner_id, "location_id": slot.location_id}
    return DayFull() if full_caps(kind=kind, **place, starts_at=slot.starts_at, moving=(), by=by) else None


def been_here(patient_id: UUID | None) -> bool:
    """Whether the patient has been seen at the practice, and so is new no more."""
    if patient_id is None:
        return False
    return bool(Appointment.objects.filter(patient_id=patient_id, status=Appointment.Status.FULFILLED).exists())


def reservations(
    *, slots: Sequence[UUID], kind: AppointmentType, practitioner_id: UUID, patient_id: UUID | None
) -> list[Reservation]:
    """What keeps these slots of the practitioner from the type and the patient now, by time."""
    if not slots or not AppointmentBlock.objects.filter(practitioner_id=practitioner_id).exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKS, [kind.id, list(slots), patient_id])
        return [Reservation(*row) for row in cursor.fetchall()]


def full_caps(
    *,
    kind: AppointmentType,
    practitioner_id: UUID,
    location_id: UUID,
    starts_at: datetime,
    moving: Collection[UUID],
    by: UUID,
) -> list[AppointmentCap]:
    """The caps that stand against one more of the type then, the lowest first; nothing is locked."""
    if not AppointmentCap.objects.filter(appointment_type=kind).exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FULL, [kind.id, practitioner_id, location_id, starts_at, list(moving), by])
        ids = [row[0] for row in cursor.fetchall()]
    rows = AppointmentCap.objects.select_related("practitioner", "location").filter(id__in=ids)
    return sorted(rows, key=lambda row: ids.index(row.id))
