"""Two appointments change places, in one step or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from appointments.blocks.rules import refuse_full, refuse_reserved
from appointments.ending_holds import end_holds
from appointments.holds import Before, keep_for_undo, usable_holds
from appointments.models import Appointment, Slot
from appointments.moving import NotMovable, occupy, place, tell_moved
from appointments.releasing import free, hours_around, slots_of
from appointments.resources.assigning import assign, leave
from appointments.schedules import share_schedules
from appointments.taking import Needed, lock, open_slot, take, touching
from appointments.unavailable import Unavailable
from mybcat.errors import InvalidInput, UnknownId
from mybcat.principal import Principal
from practices.subscriptions import require_subscription


class SwapCollides(Unavailable):
    code = "swap_collides"
    status = 409
    sentence = "The two would overlap each other: they take different lengths of time"


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes of one of the two."""

    appointment: Appointment
    before: Before
    slot: Slot
    needed: Needed
    # Starts that today's hours ask for where it stands now.
    wanted: frozenset[datetime]


def swap_appointments(*, ids: tuple[UUID, UUID], by: Principal, now: datetime) -> list[Appointment]:
    """Let each have the time from where the other begins, for as long as its own type takes today.

    What the two have between them, and what the caller holds, counts as free. What they leave is kept for the caller
    while the swap can be undone, from either of them (undoing.py). Raises InvalidInput, UnknownId, NotMovable,
    SwapCollides, and as `move_appointment`.
    """
    require_subscription(by=by, now=now)
    if ids[0] == ids[1]:
        raise InvalidInput(fields={"withAppointmentId": ["An appointment cannot change places with itself"]})
    pair = locked_pair(*ids)
    if any(each.status != Appointment.Status.BOOKED or each.overbooked for each in pair):
        raise NotMovable
    exchange(*pair, by=by, now=now)
    return pair


def locked_pair(first: UUID, second: UUID) -> list[Appointment]:
    """Both, in the order asked for, locked in the order of ids, so that two who swap back and forth cannot deadlock.

    Raises UnknownId.
    """
    rows = Appointment.objects.filter(id__in=(first, second)).order_by("id").select_for_update(no_key=True)
    found = {row.id: row for row in rows}
    for wanted in (first, second):
        if wanted not in found:
            raise UnknownId(prefix="appt", value=wanted)
    return [found[first], found[second]]


def exchange(first: Appointment, second: Appointment, *, by: Principal, now: datetime, undoable: bool = True) -> None:
    """Swap the two, which the caller has locked, and tell. Raises as `swap_appointments`."""
    share_schedules(practitioners={first.practitioner_id, second.practitioner_id}, practice_id=by.practice_id)
    changes = [_change(first, second, now=now), _change(second, first, now=now)]
    wanted = Q()
    for each in changes:
        wanted |= touching(each.slot, each.needed) | Q(id__in=slots_of(each.appointment).values("id"))
    locked = lock(wanted)
    mine = {first.id, second.id, *usable_holds(by)}
    taken = [take(locked, slot=each.slot, needed=each.needed, mine=mine) for each in changes]
    if {row.id for row in taken[0]} & {row.id for row in taken[1]}:
        raise SwapCollides
    alike = first.appointment_type_id == second.appointment_type_id
    for each, slots in zip(changes, taken, strict=True):
        _refuse_ruled_out(each, slots, by=by, undoable=undoable, alike=alike)
    for each, slots in zip(changes, taken, strict=True):
        occupy(slots, each.appointment)
    _put(changes, now=now)
    # What one gives back the other may need, so neither's is kept for an undo, which finds the other's again.
    for each in changes:
        leave(each.before.uses, kept=None)
    # In one order, so that two swaps cannot deadlock.
    for each in sorted(changes, key=lambda change: str(change.slot.location_id)):
        assign(each.appointment, by=by.id)
    end_holds({row.hold_id for slots in taken for row in slots if row.hold_id}, now=now)
    used = {row.id for slots in taken for row in slots}
    for each, other in zip(changes, reversed(changes), strict=True):
        left = [row for row in locked if row.appointment_id == each.appointment.id and row.id not in used]
        _leave(each, left, other, by=by if undoable else None, now=now)
        tell_moved(each.appointment, each.before.slot, by=by, now=now)


def _change(appointment: Appointment, other: Appointment, *, now: datetime) -> _Change:
    slot = open_slot(other.slot_id, now=now)
    needed = Needed.of(slot, appointment.appointment_type)
    return _Change(appointment, Before.of(appointment), slot, needed, hours_around(appointment))


def _refuse_ruled_out(change: _Change, slots: Sequence[Slot], *, by: Principal, undoable: bool, alike: bool) -> None:
    """`alike`: both are of one type, so that there are as many of it as before, everywhere."""
    kind = change.appointment.appointment_type
    if undoable:
        place, whose = change.slot.practitioner_id, change.appointment.patient_id
        refuse_reserved(slots=slots, kind=kind, practitioner_id=place, patient_id=whose)
    if not alike:
        refuse_full(slot=change.slot, kind=kind, owner=change.appointment.id, by=by.id)


def _put(changes: Sequence[_Change], *, now: datetime) -> None:
    # One steps aside for the other, as nobody outside of this transaction sees: the constraint that lets no two
    # overlap looks at each row as it is written.
    aside = changes[0].appointment
    Appointment.objects.filter(id=aside.id).update(status=Appointment.Status.NOSHOW)
    for each in reversed(changes):
        place(each.appointment, each.slot, each.needed, now=now)


def _leave(change: _Change, left: Sequence[Slot], other: _Change, *, by: Principal | None, now: datetime) -> None:
    if by is None:
        free(left, wanted=change.wanted)
    else:
        keep_for_undo(before=change.before, slots=left, by=by, now=now, swapped_with=other.appointment.id)
