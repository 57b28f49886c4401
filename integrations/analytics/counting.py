"""Count events, each once however often and in whatever order they come; count them all anew.

Both ways lead through the same function, so that they cannot come to different figures.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from appointments.models import Appointment
from integrations.analytics.models import CountedEvent, DailyCount
from mybcat.ids import internal_id, new_uuid
from mybcat.models import Delivery, Event
from mybcat.tenancy import practice_scope
from practices.models import Practice

# What each event counts as. Any other type is none of ours.
COUNTERS = {
    "appointment.booked": "booked",
    "appointment.cancelled": "cancelled",
    "appointment.moved": "moved",
    "appointment.arrived": "arrived",
    "appointment.fulfilled": "fulfilled",
    "appointment.noshow": "noShow",
    # What they put right stays counted where it was: figures tell what was done, not what stands.
    "appointment.reopened": "reopened",
    "appointment.entered_in_error": "enteredInError",
    "appointment.reinstated": "reinstated",
    "appointment.confirmed": "confirmed",
    "appointment.reminder_due": "reminded",
}
BATCH = 2000

# Whoever counts holds it together with others, whoever counts anew holds it alone: they write the same rows in
# another order, and would block each other.
_TOGETHER = "SELECT pg_advisory_xact_lock_shared(hashtextextended('analytics ' || %s, 0))"
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('analytics ' || %s, 0))"
_CLAIM = """
    INSERT INTO integrations_countedevent (id, practice_id) SELECT unnest(%s::uuid[]), %s
    ON CONFLICT (id) DO NOTHING RETURNING id
"""
# In one order, so that two workers cannot block each other.
_ADD = """
    INSERT INTO integrations_dailycount AS known
        (id, practice_id, day, counter, appointment_type_id, practitioner_id, source, agent_id, count)
    SELECT id, %(practice)s, day, counter, type, practitioner, source, agent, count
    FROM unnest(%(ids)s::uuid[], %(days)s::date[], %(counters)s::text[], %(types)s::uuid[], %(practitioners)s::uuid[],
                %(sources)s::text[], %(agents)s::uuid[], %(counts)s::int[])
        AS added (id, day, counter, type, practitioner, source, agent, count)
    ORDER BY day, counter, type, practitioner, source, agent
    ON CONFLICT (practice_id, day, counter, appointment_type_id, practitioner_id, source, agent_id)
    DO UPDATE SET count = known.count + EXCLUDED.count
"""


class _Figure(NamedTuple):
    day: date
    counter: str
    type_id: UUID
    practitioner_id: UUID
    source: str
    agent_id: UUID | None


def count_event(*, delivery: Delivery, now: datetime) -> None:
    """The handler of `analytics`."""
    with practice_scope(delivery.practice_id):
        _lock(_TOGETHER, delivery.practice_id)
        _count([delivery.event], practice=Practice.objects.get())


def rebuild(*, practice_id: UUID) -> int:
    """Forget the practice's figures and count all its events anew; how many there were. All or nothing.

    The days are those of the time zone that the practice has now.
    """
    with practice_scope(practice_id):
        _lock(_ALONE, practice_id)
        with connection.cursor() as cursor:
            # A request may not take this long; a practice's history may.
            cursor.execute("SET LOCAL statement_timeout = 0")
        DailyCount.objects.all().delete()
        CountedEvent.objects.all().delete()
        practice = Practice.objects.get()
        return sum(_count(events, practice=practice) for events in _history())


def count_history(*, practice_id: UUID, **_: object) -> None:
    """The receiver of `history_made`."""
    rebuild(practice_id=practice_id)


def _lock(statement: str, practice_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [str(practice_id)])


def _history() -> Iterator[list[Event]]:
    last = UUID(int=0)
    while True:
        events = list(Event.objects.filter(id__gt=last, type__in=COUNTERS).order_by("id")[:BATCH])
        yield events
        if len(events) < BATCH:
            return
        last = events[-1].id


def _count(events: Sequence[Event], *, practice: Practice) -> int:
    """Add those that are not in the figures yet; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [[event.id for event in events if event.type in COUNTERS], practice.id])
        fresh = {row[0] for row in cursor.fetchall()}
    new = [event for event in events if event.id in fresh]
    subjects = Appointment.objects.filter(id__in={event.subject_id for event in new})
    types = dict(subjects.values_list("id", "appointment_type_id"))
    zone = ZoneInfo(practice.time_zone)
    _add(Counter(_figure(event, types[event.subject_id], zone) for event in new), practice.id)
    return len(new)


def _figure(event: Event, type_id: UUID, zone: ZoneInfo) -> _Figure:
    return _Figure(
        day=event.occurred_at.astimezone(zone).date(),
        counter=COUNTERS[event.type],
        type_id=type_id,
        # As the event says: a later move may have given the appointment to another.
        practitioner_id=internal_id("pract", event.data["practitionerId"]),
        source=event.principal_kind,
        agent_id=event.principal_id,
    )


def _add(tally: Counter[_Figure], practice_id: UUID) -> None:
    columns = _columns(tally)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            {
                "practice": practice_id,
                "ids": [new_uuid() for _ in tally],
                **dict(zip(("days", "counters", "types", "practitioners", "sources", "agents"), columns, strict=True)),
                "counts": list(tally.values()),
            },
        )


def _columns(figures: Iterable[_Figure]) -> list[list[object]]:
    rows = list(figures)
    return [[row[index] for row in rows] for index in range(len(_Figure._fields))]
