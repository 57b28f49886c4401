"""What ends a hold: booked, given back, passed on, run out. Its slots are free again where today's hours want them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from appointments.clock import Clock
from appointments.models import HeldTime, Hold, Slot
from appointments.resources.assigning import drop
from appointments.schedules import wanted_at_once
from mybcat import events
from mybcat.events import EventType
from mybcat.ids import public_id, referenced
from mybcat.principal import Behalf
from practices.models import Practitioner


def end_holds(hold_ids: Collection[UUID], *, now: datetime) -> None:
    """Free what these holds of the practice in scope still keep, and tell. Whichever is gone already is left out.

    Waits for nobody: who calls may have locked what others wait for. A hold that keeps a slot which another has locked
    has run out from then on, and is the relay's to free (expiring.py).
    """
    rows = Hold.objects.filter(id__in=hold_ids).order_by("id")
    for hold in rows.select_for_update(no_key=True, skip_locked=True):
        _drop(hold, list(hold.times.order_by("starts_at")), kept=(), now=now)
        drop(hold)
        row = Hold.objects.filter(id=hold.id)
        if Slot.objects.filter(hold_id=hold.id).exists():
            row.filter(expires_at__gt=Clock()).update(expires_at=Clock())
        else:
            # Not by way of the model, which would look through all slots for one that refers to it.
            row._raw_delete(connection.alias)


def pass_on(slots: Iterable[Slot], *, now: datetime) -> None:
    """These slots, which the caller has locked, go to another hold; who kept them loses the times that need them."""
    passed: dict[UUID, list[Slot]] = {}
    for slot in slots:
        if slot.hold_id is not None:
            passed.setdefault(slot.hold_id, []).append(slot)
    # Whoever has one of these locked needs nothing else any more.
    for hold in Hold.objects.filter(id__in=passed).order_by("id").select_for_update(no_key=True):
        times = list(hold.times.order_by("starts_at"))
        lost = [time for time in times if any(needs(time, slot) for slot in passed[hold.id])]
        if len(lost) == len(times):
            end_holds([hold.id], now=now)
        else:
            _drop(hold, lost, kept=[time for time in times if time not in lost], now=now)


def needs(time: HeldTime, slot: Slot) -> bool:
    """Whether the held time takes part of the slot."""
    return (
        time.practitioner_id == slot.practitioner_id
        and slot.starts_at < time.occupied_until
        and time.occupied_from < slot.ends_at
    )


def tell(event_type: EventType, hold: Hold, time: HeldTime, *, now: datetime) -> None:
    """Publish what becomes of a held time, on behalf of the holder."""
    data = {
        "holdId": public_id("hold", hold.id),
        "practitionerId": public_id("pract", time.practitioner_id),
        "locationId": public_id("loc", time.location_id),
        "slotId": public_id("slot", time.slot_id),
    }
    by = Behalf(hold.holder_kind, hold.holder_id, hold.practice_id)
    events.publish(type=event_type, subject_id=hold.id, data=data, by=by, now=now)
    referenced(time.slot_id, time.practitioner_id, time.location_id)


def _drop(hold: Hold, times: Sequence[HeldTime], *, kept: Sequence[HeldTime], now: datetime) -> None:
    """The hold, which is locked, has these times no more, and no slot that only they need."""
    rows = Slot.objects.filter(hold_id=hold.id).order_by("id").select_for_update(no_key=True, skip_locked=True)
    _free([row for row in rows if not any(needs(time, row) for time in kept)])
    for time in times:
        time.delete()
        tell(EventType.HOLD_RELEASED, hold, time, now=now)


def _free(slots: Iterable[Slot]) -> None:
    """Free what hours ask for, close the rest; where hours are just being changed, leave them as they are."""
    by_day: dict[tuple[UUID, date], list[Slot]] = {}
    for slot in slots:
        by_day.setdefault((slot.practitioner_id, slot.starts_at.date()), []).append(slot)
    for (practitioner_id, _), rows in by_day.items():
        practitioner = Practitioner.objects.select_related("practice").get(id=practitioner_id)
        since, until = min(row.starts_at for row in rows), max(row.ends_at for row in rows)
        wanted = wanted_at_once(practitioner=practitioner, since=since, until=until)
        if wanted is not None:
            _settle([row.id for row in rows if row.starts_at in wanted], Slot.Status.FREE)
            _settle([row.id for row in rows if row.starts_at not in wanted], Slot.Status.BUSY_UNAVAILABLE)


def _settle(ids: Sequence[UUID], status: Slot.Status) -> None:
    if ids:
        Slot.objects.filter(id__in=ids).update(status=status, hold=None)
