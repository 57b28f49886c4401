"""When a caller can come: before an instant, on days of the week, in a part of the day; by the location's clock.

And whether as a new patient, for whom some times are kept.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from practices.protocols.definition import Urgency

URGENCIES = tuple(urgency.value for urgency in Urgency)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PartOfDay(StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


def part_of(clock: time) -> PartOfDay:
    """The part of the day in which the clock shows this."""
    if clock.hour < 12:
        return PartOfDay.MORNING
    return PartOfDay.AFTERNOON if clock.hour < 17 else PartOfDay.EVENING


# PostgreSQL's 24:00 is the end of any day.
_CLOCK = {
    PartOfDay.MORNING: ("00:00", "12:00"),
    PartOfDay.AFTERNOON: ("12:00", "17:00"),
    PartOfDay.EVENING: ("17:00", "24:00"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """None or empty: any."""

    until: datetime | None = None
    part_of_day: PartOfDay | None = None
    weekdays: Collection[str] = ()
    # Only on the day that it is at this instant, where the place is.
    day_of: datetime | None = None
    been_here: bool = False
    # Whether blocks or caps may have a say; False only where the caller knows that there are none.
    ruled: bool = True

    @property
    def by_the_clock(self) -> bool:
        """Whether the location's clock has a say."""
        return self.part_of_day is not None or bool(self.weekdays) or self.day_of is not None

    @property
    def parameters(self) -> dict[str, Any]:
        """For `CLOCK_FITS` and `CLOCK_WALKED`."""
        since, until = _CLOCK[self.part_of_day] if self.part_of_day else ("00:00", "24:00")
        days = [number for number, name in enumerate(WEEKDAYS, 1) if not self.weekdays or name in self.weekdays]
        return {"clock_from": since, "clock_until": until, "weekdays": days, "day_of": self.day_of}


# Of rows `found`: the first of each practitioner in each part of a day at each place.
FIRST_OF_EACH_PART = """
    SELECT DISTINCT ON (f.practitioner_id, f.location_id, f.local::date,
                        f.local::time >= '12:00', f.local::time >= '17:00')
           f.id, f.practitioner_id, f.location_id, f.starts_at, f.ends_at, f.status, f.time_zone
    FROM (SELECT found.*, found.starts_at AT TIME ZONE found.time_zone AS local FROM found) f
    ORDER BY f.practitioner_id, f.location_id, f.local::date, f.local::time >= '12:00', f.local::time >= '17:00',
             f.starts_at
"""

# Of a row `spans` that starts somewhere.
CLOCK_FITS = """
      AND EXISTS (
        SELECT FROM practices_location l
        WHERE l.practice_id = %(practice)s AND l.id = spans.location_id
          AND (spans.starts_at AT TIME ZONE l.time_zone)::time >= %(clock_from)s::time
          AND (spans.starts_at AT TIME ZONE l.time_zone)::time < %(clock_until)s::time
          AND extract(isodow FROM spans.starts_at AT TIME ZONE l.time_zone) = ANY(%(weekdays)s)
          AND (%(day_of)s::timestamptz IS NULL OR (spans.starts_at AT TIME ZONE l.time_zone)::date
               = (%(day_of)s::timestamptz AT TIME ZONE l.time_zone)::date)
      )
"""

# Windows `w` of a place's time in which such a row, with its buffers, may lie, so that nothing else need be looked at.
# Somewhat longer than that: by the longest slot, and by what clocks may be changed. The offset makes instants of them
# before slots are compared with them: a bound computed in a join is no index condition under row-level security.
CLOCK_WALKED = """FROM (
                SELECT l.id AS location_id,
                       (d.day::date + %(clock_from)s::time) AT TIME ZONE l.time_zone
                           - make_interval(mins => %(before)s::int + 120) AS since,
                       (d.day::date + %(clock_until)s::time) AT TIME ZONE l.time_zone
                           + make_interval(mins => %(after)s::int + 120) AS until
                FROM practices_location l
                CROSS JOIN generate_series(
                    %(since)s::timestamptz - interval '1 day', %(until)s::timestamptz + interval '1 day', '1 day'
                ) d (day)
                WHERE l.practice_id = %(practice)s AND l.id = ANY(%(locations)s)
                  AND extract(isodow FROM d.day::date) = ANY(%(weekdays)s)
                  AND (%(day_of)s::timestamptz IS NULL
                       OR d.day::date = (%(day_of)s::timestamptz AT TIME ZONE l.time_zone)::date)
                OFFSET 0
            ) w"""
