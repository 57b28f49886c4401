"""Holds: times kept from everybody else while a caller thinks, or while a change can still be undone.

A hold runs out by the database's clock. From that moment its slots count as free wherever slots are locked; the
relay's chore frees their rows within a second or two, which is what calendars and searches go by.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import Q

from appointments.blocks.rules import refuse_ruled_out
from appointments.clock import Clock
from appointments.ending_holds import end_holds, pass_on, tell
from appointments.models import Appointment, HeldTime, Hold, Slot
from appointments.resources.assigning import free_resources, keep, leave, uses_of
from appointments.schedules import share_schedules
from appointments.self_service import require_window
from appointments.taking import Needed, lock, open_slot, take, touching
from appointments.unavailable import Unavailable
from mybcat import audit
from mybcat.errors import DomainError, UnknownId
from mybcat.events import EventType
from mybcat.principal import Permission, Principal
from practices.models import AppointmentType
from practices.subscriptions import require_subscription

LASTS = timedelta(minutes=5)
# Screens offer an undo for ten seconds; the answer to a click in the last of them may take as long as this allows.
UNDOABLE = timedelta(seconds=12)
# Times that one holder may keep at once.
MOST_TIMES = 6


class TooManyHeld(DomainError):
    code = "too_many_held"
    status = 409
    sentence = f"You may hold {MOST_TIMES} times at once: book or release some first"


class NotTheHolder(DomainError):
    code = "not_the_holder"
    status = 409
    sentence = "Another member holds this; a manager can release it"


@dataclass(frozen=True, slots=True)
class Placed:
    """What is held from now on, and the slots that could not be had with the reason for each."""

    hold: Hold
    times: list[HeldTime]
    refused: dict[UUID, Unavailable]


@dataclass(frozen=True, slots=True)
class Before:
    """Where an appointment stood before a change of it."""

    appointment_id: UUID
    slot: Slot
    had: Needed
    overbooking_reason: str
    # What it had of rooms and equipment.
    uses: Sequence[UUID]
    status: str

    @classmethod
    def of(cls, appointment: Appointment) -> Self:
        """As it stands."""
        had, uses = Needed.now(appointment), uses_of(appointment)
        return cls(appointment.id, appointment.slot, had, appointment.overbooking_reason, uses, str(appointment.status))


def place_hold(
    *,
    slot_ids: Sequence[UUID],
    appointment_type: AppointmentType,
    patient_id: UUID | None = None,
    by: Principal,
    now: datetime,
) -> Placed:
    """Keep the time that the type needs from each slot on, for five minutes; those that can be had.

    What the holder already keeps there passes to the new hold. `patient_id`: for whom, where that
    is known. Raises UnknownId, TooManyHeld, SubscriptionLapsed, and
    where none can be had what stands against the first.
    """
    require_subscription(by=by, now=now)
    refused: dict[UUID, Unavailable] = {}
    slots = {slot_id: slot for slot_id in slot_ids if (slot := _opened(slot_id, refused, by=by, now=now))}
    needed = {slot_id: Needed.of(slot, appointment_type) for slot_id, slot in slots.items()}
    wanted = [touching(slots[slot_id], needed[slot_id]) for slot_id in slots]
    people = {slot.practitioner_id for slot in slots.values()}
    if len(people) > 1:
        share_schedules(practitioners=people, practice_id=by.practice_id)
    locked = lock(_either(wanted)) if wanted else []
    mine = usable_holds(by)
    taken: dict[UUID, list[Slot]] = {}
    resources: dict[UUID, Collection[UUID]] = {}
    for slot_id, slot in slots.items():
        try:
            taken[slot_id] = take(locked, slot=slot, needed=needed[slot_id], mine=mine)
            whose: dict[str, Any] = {"patient_id": patient_id, "owner": by.id, "by": by.id}
            refuse_ruled_out(slots=taken[slot_id], slot=slot, kind=appointment_type, **whose)
            resources[slot_id] = free_resources(
                kind=appointment_type, location_id=slot.location_id, needed=needed[slot_id], owner=by.id, by=by.id
            )
        except Unavailable as refusal:
            taken.pop(slot_id, None)
            refused[slot_id] = refusal
    if not taken:
        raise next(iter(refused.values()))
    rows = {row.id: row for each in taken.values() for row in each}
    pass_on(rows.values(), now=now)
    hold = _new(by, lasts=LASTS, now=now)
    _hold(rows, hold)
    times = HeldTime.objects.bulk_create(
        _time(hold, slots[slot_id], needed[slot_id], appointment_type) for slot_id in taken
    )
    for time in times:
        keep(resources[time.slot_id], hold=hold, needed=needed[time.slot_id])
    mine_now = Hold.objects.filter(holder_id=by.id, kind=Hold.Kind.AGENT, expires_at__gt=Clock())
    if HeldTime.objects.filter(hold__in=mine_now).count() > MOST_TIMES:
        raise TooManyHeld
    for time in times:
        tell(EventType.HOLD_PLACED, hold, time, now=now)
    if patient_id is not None:
        audit.record(principal=by, action="hold.placed", object_kind="pat", object_ids=[patient_id], now=now)
    return Placed(hold, times, refused)


def release_hold(*, hold_id: UUID, by: Principal, now: datetime) -> None:
    """Free what the hold keeps. Its holder may, and managers. Raises UnknownId, NotTheHolder."""
    hold = Hold.objects.filter(id=hold_id).first()
    if hold is None:
        raise UnknownId(prefix="hold", value=hold_id)
    if hold.holder_id != by.id and not by.may(Permission.PRACTICE_MANAGE):
        raise NotTheHolder
    end_holds([hold.id], now=now)


def live_holds(*, practitioners: Collection[UUID] = ()) -> list[HeldTime]:
    """All that is held now in the practice in scope, of these practitioners where any is named, by time."""
    rows = HeldTime.objects.filter(hold__expires_at__gt=Clock()).select_related("hold").order_by("starts_at", "id")
    return list(rows.filter(practitioner_id__in=practitioners) if practitioners else rows)


def usable_holds(by: Principal) -> frozenset[UUID]:
    """Holds whose slots count as free to the caller: their own, and those that have run out. Ask behind the locks."""
    rows = Hold.objects.filter(Q(holder_id=by.id) | Q(expires_at__lte=Clock()))
    return frozenset(rows.values_list("id", flat=True))


def keep_for_undo(
    *,
    before: Before,
    slots: Sequence[Slot],
    by: Principal,
    now: datetime,
    swapped_with: UUID | None = None,
    in_error: bool = False,
) -> None:
    """Hold what a change of the appointment has just left, which its transaction has locked, for whoever changed it.

    There may be no slots: another has got them (`swapped_with`), or it was overbooked. `in_error`: it never should
    have been.
    """
    kept = {
        "appointment_id": before.appointment_id,
        "slot": before.slot,
        "overbooking_reason": before.overbooking_reason,
        "swapped_with_id": swapped_with,
        "former_status": before.status if in_error else "",
    }
    hold = _new(by, lasts=UNDOABLE, now=now, kind=Hold.Kind.UNDO, **kept)
    _hold([row.id for row in slots], hold)
    within = before.had
    HeldTime.objects.bulk_create(_run(hold, run, within) for run in _runs(slots))
    leave(before.uses, kept=hold)


def _opened(slot_id: UUID, refused: dict[UUID, Unavailable], *, by: Principal, now: datetime) -> Slot | None:
    try:
        slot = open_slot(slot_id, now=now)
        require_window(starts_at=slot.starts_at, by=by, now=now)
    except Unavailable as refusal:
        refused[slot_id] = refusal
        return None
    return slot


def _either(conditions: Sequence[Q]) -> Q:
    found = Q()
    for condition in conditions:
        found |= condition
    return found


def _new(by: Principal, *, lasts: timedelta, now: datetime, **fields: object) -> Hold:
    # Not the caller's `now`: web servers' clocks differ, and whoever waited for a lock is not to lose time by it.
    hold = Hold(holder_kind=by.kind, holder_id=by.id, placed_at=now, expires_at=Clock() + lasts, **fields)
    hold.save()
    hold.refresh_from_db(fields=("expires_at",))
    return hold


def _hold(ids: Collection[UUID], hold: Hold) -> None:
    if not ids:
        return
    Slot.objects.filter(id__in=list(ids)).update(status=Slot.Status.BUSY_TENTATIVE, appointment=None, hold=hold)


def _time(hold: Hold, slot: Slot, needed: Needed, kind: AppointmentType | None) -> HeldTime:
    return HeldTime(
        practice_id=hold.practice_id,
        hold=hold,
        appointment_type=kind,
        slot=slot,
        practitioner=slot.practitioner,
        location=slot.location,
        starts_at=needed.starts_at,
        ends_at=needed.ends_at,
        occupied_from=needed.occupied_from,
        occupied_until=needed.occupied_until,
    )


def _runs(slots: Sequence[Slot]) -> list[list[Slot]]:
    """Those that follow one another without a gap, together."""
    runs: list[list[Slot]] = []
    for slot in sorted(slots, key=lambda row: row.starts_at):
        if runs and runs[-1][-1].ends_at == slot.starts_at:
            runs[-1].append(slot)
        else:
            runs.append([slot])
    return runs


def _run(hold: Hold, run: Sequence[Slot], within: Needed) -> HeldTime:
    # Slots may be longer than what was occupied: beside it, an appointment off the grid may stand.
    since = max(run[0].starts_at, within.occupied_from)
    until = min(run[-1].ends_at, within.occupied_until)
    return _time(hold, run[0], Needed(since, until, since, until), None)
