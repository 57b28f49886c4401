"""What becomes of a group as a whole: cancelled, and what undoes that or its booking."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from appointments.cancelling import NotCancellable, cancel_appointment
from appointments.groups.models import AppointmentGroup
from appointments.models import Appointment, Hold
from appointments.releasing import slots_of
from appointments.schedules import share_schedules
from appointments.taking import lock
from appointments.undoing import NothingToUndo, undo_change
from mybcat.errors import UnknownId
from mybcat.principal import Principal


def get_group(group_id: UUID) -> AppointmentGroup:
    """The group of the practice in scope. Raises UnknownId."""
    group = AppointmentGroup.objects.filter(id=group_id).first()
    if group is None:
        raise UnknownId(prefix="group", value=group_id)
    return group


def cancel_group(*, group_id: UUID, reason: str, by: Principal, now: datetime) -> None:
    """Cancel, for a coded reason, those of the group that are still booked; undoable as each of them is.

    Raises UnknownId, and NotCancellable where none is booked any more.
    """
    booked = [row for row in _locked(group_id) if row.status == Appointment.Status.BOOKED]
    if not booked:
        raise NotCancellable
    for row in booked:
        cancel_appointment(appointment_id=row.id, reason=reason, by=by, now=now, undoable=True)


def undo_group(*, group_id: UUID, by: Principal, now: datetime) -> None:
    """Undo what the caller has just done to the group as a whole: booked it, or cancelled what was booked of it.

    Raises UnknownId, NothingToUndo.
    """
    for row in _changed_last(_locked(group_id)):
        undo_change(appointment_id=row.id, by=by, now=now)


def _changed_last(rows: Sequence[Appointment]) -> Sequence[Appointment]:
    """Those that were cancelled last, together; where none was, all, as they were booked. Raises NothingToUndo."""
    cancelled = [row.cancelled_at for row in rows if row.cancelled_at is not None]
    if cancelled:
        return [row for row in rows if row.cancelled_at == max(cancelled)]
    if any(row.changed_at for row in rows):
        raise NothingToUndo
    return rows


def _locked(group_id: UUID) -> list[Appointment]:
    """The group's appointments and all that they take or have just left, locked in the order in which everybody locks:
    appointments, schedules, slots."""
    group = get_group(group_id)
    rows = list(Appointment.objects.filter(group=group).order_by("id").select_for_update(no_key=True))
    kept = Hold.objects.filter(kind=Hold.Kind.UNDO, appointment_id__in=[row.id for row in rows])
    wanted = Q(hold_id__in=list(kept.values_list("id", flat=True)))
    for row in rows:
        wanted |= Q(id__in=slots_of(row).values("id"))
    share_schedules(practitioners={row.practitioner_id for row in rows}, practice_id=group.practice_id)
    lock(wanted)
    return rows
