"""A file of working hours: whom it names works at these times and at no other."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, time

from appointments.days import today
from appointments.hours.services import overlap
from appointments.schedule_changes import tell_schedule
from appointments.schedules import lock_schedules, replace_hours
from integrations.imports.cells import read_clock, read_day, read_weekday
from integrations.imports.named import locations, practitioners
from integrations.imports.running import Asked, Importer, Outcome
from integrations.imports.sheets import Columns, Line
from mybcat import audit
from practices.models import Practitioner, WorkingHours

COLUMNS = Columns(
    required=("practitioner", "weekday", "starts", "ends"), optional=("location", "validFrom", "validUntil")
)
Read = tuple[Line, WorkingHours]


def run(lines: list[Line], asked: Asked) -> Outcome:
    """Replace the hours of each practitioner who is named; where they stand so already, nothing changes."""
    outcome = Outcome()
    read = _Reading(asked, outcome)
    by_practitioner: dict[Practitioner, list[Read]] = defaultdict(list)
    for line in lines:
        if (row := read.row(line)) is not None:
            by_practitioner[row.practitioner].append((line, row))
    for rows in by_practitioner.values():
        _find_overlaps(rows, outcome)
    if not outcome.errors:
        people = sorted(by_practitioner, key=lambda each: each.id)
        lock_schedules(people)
        for practitioner in people:
            _replace(practitioner, [row for _, row in by_practitioner[practitioner]], asked, outcome)
    return outcome


# A practitioner's slots are made anew, which takes some 0.3 s.
IMPORTER = Importer(columns=COLUMNS, at_once=50, most=500, run=run)


class _Reading:
    """Lines become weekly periods, or errors."""

    def __init__(self, asked: Asked, outcome: Outcome) -> None:
        self._dates, self._errors = asked.dates, outcome.errors
        self._today = today(now=asked.now, time_zone=asked.by.time_zone)
        self._practitioners, self._locations = practitioners(outcome.errors), locations(outcome.errors)

    def row(self, line: Line) -> WorkingHours | None:
        """None where something is wrong with it, which is among the errors then."""
        before = len(self._errors)
        for column in COLUMNS.required:
            if not line.get(column):
                self._wrong(line, column, "missing")
        practitioner = self._practitioners.find(line, "practitioner")
        location = self._locations.find(line, "location") or self._locations.only()
        if location is None and not line.get("location"):
            self._wrong(line, "location", "missing")
        weekday = self._weekday(line)
        starts, ends = self._clock(line, "starts"), self._clock(line, "ends")
        since, until = self._day(line, "validFrom") or self._today, self._day(line, "validUntil")
        if ends != time() and ends <= starts:
            self._wrong(line, "ends", "ends_before_start")
        if until is not None and until <= since:
            self._wrong(line, "validUntil", "ends_before_start")
        if len(self._errors) > before:
            return None
        return WorkingHours(
            practitioner=practitioner,
            location=location,
            weekday=weekday,
            starts=starts,
            ends=ends,
            valid_from=since,
            valid_until=until,
        )

    def _weekday(self, line: Line) -> int:
        weekday = read_weekday(line.get("weekday"))
        if weekday is None and line.get("weekday"):
            self._wrong(line, "weekday", "bad_weekday")
        return weekday or 0

    def _clock(self, line: Line, column: str) -> time:
        clock = read_clock(line.get(column))
        if clock is None and line.get(column):
            self._wrong(line, column, "bad_time")
        return clock or time()

    def _day(self, line: Line, column: str) -> date | None:
        day = read_day(line.get(column), order=self._dates)
        if day is None and line.get(column):
            self._wrong(line, column, "bad_date")
        return day

    def _wrong(self, line: Line, column: str, code: str) -> None:
        self._errors.append(line.wrong(column, code))


def _find_overlaps(rows: list[Read], outcome: Outcome) -> None:
    for place, (line, row) in enumerate(rows):
        if any(overlap(row, earlier) for _, earlier in rows[:place]):
            outcome.errors.append(line.wrong("", "overlaps"))


def _replace(practitioner: Practitioner, rows: list[WorkingHours], asked: Asked, outcome: Outcome) -> None:
    standing = WorkingHours.objects.filter(practitioner=practitioner)
    if _facts(standing, asked) == _facts(rows, asked):
        outcome.known += len(rows)
        return
    replace_hours(practitioner=practitioner, hours=rows, by=asked.by, now=asked.now)
    tell_schedule(practitioner.id, by=asked.by, now=asked.now)
    audit.record(
        principal=asked.by,
        action="working_hours.imported",
        object_kind="pract",
        object_ids=[practitioner.id],
        now=asked.now,
    )
    outcome.created += len(rows)


def _facts(rows: Iterable[WorkingHours], asked: Asked) -> set[tuple[object, ...]]:
    """What matters of them from today on: a file without `validFrom` is the same tomorrow."""
    day = today(now=asked.now, time_zone=asked.by.time_zone)
    return {
        (row.location_id, row.weekday, row.starts, row.ends, max(row.valid_from, day), row.valid_until) for row in rows
    }
