"""Where an appointment of a type can begin: N consecutive free slots of one practitioner at one place."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from appointments.blocks.in_searches import DAY_NOT_FULL, IN_THE_WAY, NOT_RESERVED
from appointments.wishes import CLOCK_FITS, CLOCK_WALKED, FIRST_OF_EACH_PART, Wishes
from mybcat.tenancy import current_scope
from practices.models import AppointmentType

# A call asks for the next days first, over a weekend too, and goes on from there; only a full practice pays for the
# whole horizon.
WINDOWS = (timedelta(hours=60), timedelta(days=14), timedelta(days=42), timedelta(days=366))

ANY_TIME = Wishes()

# Free slots make runs; one begins where its run reaches from the buffer before it to the buffer after it. Most runs are
# too short, so slots are looked at by themselves in those alone that are not: run by run, whatever the planner thinks
# of it (hence the offset), and compared with instants (hence materialized: a bound computed in a join is no index
# condition under row-level security).
_STARTS = f"""
    WITH {IN_THE_WAY}, runs AS MATERIALIZED (
        SELECT f.practitioner_id, f.location_id, l.time_zone,
               lower(f.run) + make_interval(mins => %(before)s) AS first,
               upper(f.run) - make_interval(mins => %(after)s) AS last
        FROM (
            SELECT s.practitioner_id, s.location_id, unnest(range_agg(tstzrange(s.starts_at, s.ends_at))) AS run
            FROM appointments_slot s
            WHERE s.practice_id = %(practice)s AND s.practitioner_id = ANY(%(practitioners)s)
              AND s.starts_at >= %(walked_from)s AND s.starts_at < %(walked_until)s
              AND s.location_id = ANY(%(locations)s) AND s.status = 'free'
              AND {NOT_RESERVED}
            GROUP BY s.practitioner_id, s.location_id
        ) f
        JOIN practices_location l ON l.practice_id = %(practice)s AND l.id = f.location_id
        WHERE upper(f.run) - lower(f.run) >= make_interval(mins => %(before)s::int + %(after)s::int)
    )
    SELECT spans.*, 'free' AS status, runs.time_zone
    FROM runs CROSS JOIN LATERAL (
        SELECT s.id, s.practitioner_id, s.location_id, s.starts_at, s.ends_at
        FROM appointments_slot s
        WHERE s.practice_id = %(practice)s AND s.practitioner_id = runs.practitioner_id
          AND s.location_id = runs.location_id AND s.starts_at >= runs.first AND s.starts_at <= runs.last
          AND s.starts_at >= %(since)s AND s.starts_at < %(until)s AND s.status = 'free'
        OFFSET 0
    ) spans
    WHERE {DAY_NOT_FULL}
      AND true
    ORDER BY spans.starts_at, spans.id
    LIMIT %(limit)s
"""  # noqa: S608 (of constants)
# Where it is known that the practice has neither blocks nor caps of the type: a third of what there is to plan.
_STARTS_UNRULED = (
    _STARTS.replace(f"{IN_THE_WAY}, ", "")
    .replace(f"AND {NOT_RESERVED}", "")
    .replace(f"{DAY_NOT_FULL}\n      AND true", "true\n      AND true")
)
_WALKED = "AS run\n            FROM appointments_slot s\n"
# In this order, whatever the planner thinks of it: a look into the index for each window of each practitioner.
_WALKED_THERE = """CROSS JOIN LATERAL (
                SELECT s.id, s.practice_id, s.practitioner_id, s.location_id, s.starts_at, s.ends_at, s.status
                FROM appointments_slot s
                WHERE s.practice_id = %(practice)s AND s.practitioner_id = ANY(%(practitioners)s)
                  AND s.location_id = w.location_id AND s.starts_at >= w.since AND s.starts_at < w.until
                OFFSET 0
            ) s
"""
# One of each category that the type needs, from the buffer before it to the buffer after it.
RESOURCES_FREE = """AND NOT EXISTS (
        SELECT FROM unnest(%(categories)s::text[]) c (category)
        WHERE NOT EXISTS (
          SELECT FROM practices_resource r
          WHERE r.practice_id = %(practice)s AND r.location_id = spans.location_id AND r.category = c.category
            AND r.is_active AND NOT EXISTS (
              SELECT FROM appointments_resourceuse u
              WHERE u.practice_id = %(practice)s AND u.resource_id = r.id
                AND u.occupied_from < spans.starts_at + make_interval(mins => %(after)s)
                AND u.occupied_until > spans.starts_at - make_interval(mins => %(before)s)))
      )
"""
# Of what was found, the earliest of each practitioner.
_EARLIEST_OF_EACH = """
    SELECT id, practitioner_id, location_id, starts_at, ends_at, status, time_zone
    FROM (
        SELECT *, row_number() OVER (PARTITION BY practitioner_id ORDER BY starts_at, id) AS place FROM found
    ) numbered
    WHERE place <= %(each)s ORDER BY practitioner_id, starts_at, id
"""
# Of what was found, the nearest before an instant and from then on, of one practitioner and of the others.
_NEAREST_OF_EACH = """
    SELECT id, practitioner_id, location_id, starts_at, ends_at, status, time_zone
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY practitioner_id = %(own)s, starts_at < %(wanted)s
            ORDER BY abs(extract(epoch FROM starts_at - %(wanted)s)), id
        ) AS place FROM found
    ) numbered
    WHERE place <= %(each)s ORDER BY starts_at, id
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A slot at which an appointment can begin. Members as in Slot, and its place's zone."""

    id: UUID
    practitioner_id: UUID
    location_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: str
    time_zone: str


def starts(
    *,
    appointment_type: AppointmentType,
    practitioners: Collection[UUID],
    locations: Collection[UUID],
    since: datetime,
    until: datetime,
    limit: int | None,
    sparse: bool = False,
    wishes: Wishes = ANY_TIME,
) -> list[Start]:
    """The earliest `limit` starts in `[since, until)`, by time, in the practice in scope.

    `sparse`: of these only the first of each practitioner in each part of a day at each place, in no order. Of
    `wishes`, its end is the caller's to heed.
    """
    query, parameters = _asked(appointment_type, ruled=wishes.ruled, since=since, until=until, limit=limit)
    parameters |= {"practitioners": list(practitioners), "locations": list(locations), "been_here": wishes.been_here}
    if wishes.by_the_clock:
        query = query.replace("AND true\n", CLOCK_FITS, 1).replace(_WALKED, f"AS run {CLOCK_WALKED} {_WALKED_THERE}", 1)
        parameters = {**parameters, **wishes.parameters}
    if sparse:
        query = f"WITH found AS ({query}) {FIRST_OF_EACH_PART}"
    return _found(query, parameters)


def earliest_of_each(
    *,
    appointment_type: AppointmentType,
    practitioners: Collection[UUID],
    locations: Collection[UUID],
    since: datetime,
    until: datetime,
    count: int,
) -> list[Start]:
    """The earliest `count` starts of each practitioner in `[since, until)`: by practitioner, then by time."""
    query, parameters = _asked(appointment_type, ruled=True, since=since, until=until, limit=None)
    parameters |= {"practitioners": list(practitioners), "locations": list(locations), "each": count}
    return _found(f"WITH found AS ({query}) {_EARLIEST_OF_EACH}", parameters)


def nearest_of_each(
    *,
    appointment_type: AppointmentType,
    practitioners: Collection[UUID],
    own: UUID,
    locations: Collection[UUID],
    since: datetime,
    wanted: datetime,
    until: datetime,
    count: int,
    wishes: Wishes,
) -> list[Start]:
    """Of the starts in `[since, until)` the `count` nearest before `wanted` and from then on, by time.

    As many of the practitioner's `own` as of all others. Of `wishes`, those by the clock are not heeded.
    """
    query, parameters = _asked(appointment_type, ruled=wishes.ruled, since=since, until=until, limit=None)
    parameters |= {"practitioners": list(practitioners), "locations": list(locations), "been_here": wishes.been_here}
    parameters |= {"own": own, "wanted": wanted, "each": count}
    return _found(f"WITH found AS ({query}) {_NEAREST_OF_EACH}", parameters)


def _asked(
    appointment_type: AppointmentType, *, ruled: bool, since: datetime, until: datetime, limit: int | None
) -> tuple[str, dict[str, Any]]:
    """The query for a type's starts, and what it names but for whose and where."""
    query = _STARTS if ruled else _STARTS_UNRULED
    parameters: dict[str, Any] = {
        "practice": current_scope().practice_id,
        "since": since,
        "until": until,
        # Room for the longest buffer before (2 h) and visit with its buffer after (10 h).
        "walked_from": since - timedelta(hours=2),
        "walked_until": until + timedelta(hours=10),
        "before": appointment_type.buffer_before_minutes,
        "after": appointment_type.duration_minutes + appointment_type.buffer_after_minutes,
        "limit": limit,
        "type": appointment_type.id,
        "for_new_patients": appointment_type.audience == AppointmentType.Audience.NEW,
        "for_returning": appointment_type.audience == AppointmentType.Audience.RETURNING,
        "been_here": False,
        # Whole days, wherever the places are.
        "counted_from": since - timedelta(hours=50),
        "counted_until": until + timedelta(hours=50),
    }
    if appointment_type.resource_categories:
        query = query.replace("AND true\n", f"{RESOURCES_FREE}      AND true\n", 1)
        parameters["categories"] = appointment_type.resource_categories
    return query, parameters


def _found(query: str, parameters: dict[str, Any]) -> list[Start]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [Start(*row) for row in cursor.fetchall()]


def next_starts(
    *,
    appointment_type: AppointmentType,
    practitioners: Collection[UUID],
    locations: Collection[UUID],
    since: datetime,
    limit: int,
    wishes: Wishes = ANY_TIME,
) -> list[Start]:
    """The earliest `limit` starts from `since` on that fit the wishes; fewer only where there are no more."""
    found: list[Start] = []
    begins = since
    for window in WINDOWS:
        ends = since + window
        last = wishes.until is not None and wishes.until <= ends
        found += starts(
            appointment_type=appointment_type,
            practitioners=practitioners,
            locations=locations,
            since=begins,
            until=wishes.until if last and wishes.until else ends,
            limit=limit - len(found),
            wishes=wishes,
        )
        if last or len(found) == limit:
            break
        begins = ends
    return found
