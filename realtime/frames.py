"""What a socket is told of an event: enough to know what to fetch again, and nothing about a patient."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from appointments.models import Appointment, Slot
from mybcat.events import CATALOGUE
from mybcat.ids import parsed
from mybcat.models import Event, EventSequence
from mybcat.tenancy import practice_scope

CALENDAR = "calendar"
# Further behind than this, fetching everything again is cheaper than hearing of each change.
FAR_BEHIND = 2000


def frames_of(events: Sequence[Event]) -> list[dict[str, Any]]:
    """A frame for each event, in their order; inside a scope that shows their appointments."""
    dates, left = {**_dates(events), **_dates_of_slots(events)}, _dates_left(events)
    return [_frame(event, dates.get(event.id)) | left.get(event.id, {}) for event in events]


def text_of(frame: dict[str, Any]) -> str:
    """As it goes over the wire: made once, however many hear it."""
    return orjson.dumps(frame).decode()


def frames_after(practice_id: UUID, seq: int, *, limit: int) -> list[dict[str, Any]]:
    """The practice's next `limit` frames behind `seq`. Outside any scope."""
    with practice_scope(practice_id):
        return changes_after(seq, limit=limit)


def changes_after(seq: int, *, limit: int) -> list[dict[str, Any]]:
    """The same, of the practice in scope."""
    return frames_of(list(Event.objects.filter(seq__gt=seq).order_by("seq")[:limit]))


def last_seq(practice_id: UUID) -> int:
    """The number of the practice's latest event; 0 where it has none. Outside any scope."""
    with practice_scope(practice_id):
        return latest()


def latest() -> int:
    """The same, of the practice in scope."""
    return EventSequence.objects.values_list("last", flat=True).first() or 0


def resync(seq: int) -> str:
    """Says that frames up to `seq` were left out: what follows begins behind it."""
    return text_of({"stream": CALENDAR, "type": "resync", "seq": seq})


def _frame(event: Event, date: str | None) -> dict[str, Any]:
    # The first member of each type in the catalogue is what the event is about. A type of another release has none
    # here, and must not stop the relay.
    about = next(iter(CATALOGUE.get(event.type, ())), "")  # type: ignore[call-overload]
    return {
        "stream": CALENDAR,
        "seq": event.seq,
        "type": event.type,
        "id": event.data.get(about),
        "date": date,
        "practitionerId": event.data.get("practitionerId"),
    }


def _dates_left(events: Sequence[Event]) -> dict[UUID, dict[str, Any]]:
    """By event of a move: the day and the practitioner that the appointment has left, to be fetched again as well."""
    named = _named(events, "previousSlotId", "slot")
    if not named:
        return {}
    rows = Slot.objects.filter(id__in=set(named.values())).values_list("id", "starts_at", "location__time_zone")
    days = _days(rows)
    return {
        event.id: {
            "previousDate": days.get(named[event.id]),
            "previousPractitionerId": event.data.get("previousPractitionerId"),
        }
        for event in events
        if event.id in named
    }


def _dates(events: Sequence[Event]) -> dict[UUID, str]:
    """By event: the day of its appointment, as the clock of the location shows it."""
    named = _named(events, "appointmentId", "appt")
    if not named:
        return {}
    rows = Appointment.objects.filter(id__in=set(named.values())).values_list("id", "starts_at", "location__time_zone")
    days = _days(rows)
    return {event: days[appointment] for event, appointment in named.items() if appointment in days}


def _dates_of_slots(events: Sequence[Event]) -> dict[UUID, str]:
    """By event of a hold: the day of its slot, likewise."""
    named = _named([event for event in events if event.type.startswith("hold.")], "slotId", "slot")
    if not named:
        return {}
    rows = Slot.objects.filter(id__in=set(named.values())).values_list("id", "starts_at", "location__time_zone")
    days = _days(rows)
    return {event: days[slot] for event, slot in named.items() if slot in days}


def _named(events: Sequence[Event], member: str, prefix: str) -> dict[UUID, UUID]:
    """By event: the id that it holds there."""
    named = {}
    for event in events:
        # Whatever stands there must not stop the relay.
        found = parsed(str(event.data.get(member, "")))
        if found is not None and found[0] == prefix:
            named[event.id] = found[1]
    return named


def _days(rows: Iterable[tuple[UUID, datetime, str]]) -> dict[UUID, str]:
    return {row: starts_at.astimezone(ZoneInfo(zone)).date().isoformat() for row, starts_at, zone in rows}
