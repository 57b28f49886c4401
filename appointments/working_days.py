"""The slots that weekly hours ask for: wall-clock rules resolved day by day in the location's zone.

Pure: rows in, instants out. On days of 23 and 25 hours there is neither a hole nor a duplicate,
because a period is resolved to two instants first and cut in absolute time afterwards.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class WeeklyPeriod:
    """`[starts, ends)` on one weekday (0 is Monday) on the location's clock; `ends` 00:00 is the day's end."""

    weekday: int
    starts: time
    ends: time
    location_id: UUID
    zone: ZoneInfo
    valid_from: date
    # Exclusive; None: until further notice.
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and self.valid_from <= day
            and (self.valid_until is None or day < self.valid_until)
        )


class Interval(NamedTuple):
    """`[starts_at, ends_at)` in UTC at one location: a stay of a practitioner there, or a slot of it."""

    starts_at: datetime
    ends_at: datetime
    location_id: UUID


class Absence(NamedTuple):
    """`[starts_at, ends_at)` without appointments, at one location or (None) at any."""

    starts_at: datetime
    ends_at: datetime
    location_id: UUID | None = None


def plan_slots(
    *, hours: Sequence[WeeklyPeriod], absences: Sequence[Absence], slot_minutes: int, since: date, until: date
) -> list[Interval]:
    """One practitioner's slots on the days `[since, until)` of each location's clock, by time, disjoint.

    What is shorter than a slot is left over at a period's end.
    """
    length = timedelta(minutes=slot_minutes)
    slots = [slot for stay in plan_stays(hours=hours, since=since, until=until) for slot in _cut(stay, length)]
    return [slot for slot in slots if not any(_prevents(absence, slot) for absence in absences)]


def plan_stays(*, hours: Sequence[WeeklyPeriod], since: date, until: date) -> list[Interval]:
    """Where one practitioner is on the days `[since, until)` of each location's clock, by time, disjoint.

    Where periods overlap, the one that starts earlier wins, then the smaller location id; the other
    goes on when it ends.
    """
    days = [since + timedelta(days=number) for number in range((until - since).days)]
    stays = _disjoint(_stay(day, period) for day in days for period in hours if period.holds_on(day))
    return [stay for stay in stays if stay.starts_at < stay.ends_at]


def covers(*, stays: Sequence[Interval], wanted: Interval) -> bool:
    """Whether `stays` (by time, disjoint) follow on each other, at its location, over all of `wanted`."""
    reached = wanted.starts_at
    first = max(0, bisect_right(stays, reached, key=lambda stay: stay.starts_at) - 1)
    for stay in stays[first:]:
        if stay.starts_at > reached or stay.location_id != wanted.location_id:
            return False
        reached = max(reached, stay.ends_at)
        if reached >= wanted.ends_at:
            return True
    return False


def clear_of(*, slots: Iterable[Interval], taken: Iterable[tuple[datetime, datetime]]) -> list[Interval]:
    """Those of `slots` (by time, disjoint) that overlap none of the periods `taken` (in any order)."""
    periods = sorted(taken)
    clear = []
    seen, busy_until = 0, datetime.min.replace(tzinfo=UTC)
    for slot in slots:
        while seen < len(periods) and periods[seen][0] < slot.ends_at:
            busy_until = max(busy_until, periods[seen][1])
            seen += 1
        if busy_until <= slot.starts_at:
            clear.append(slot)
    return clear


def wall_range(*, first: date, last: date, starts: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """`[starts of first, ends of last)` on the clock there, as instants; `ends` 00:00 is the end of the last day.

    Of an hour that a clock shows twice, all is in it: it starts at the first and ends at the second.
    """
    starts_at = _instant(first, starts, zone, fold=0)
    if ends == time():
        # Where midnight is shown twice, the day ends at the first.
        return starts_at, _instant(last + timedelta(days=1), ends, zone, fold=0)
    return starts_at, _instant(last, ends, zone, fold=1)


def _stay(day: date, period: WeeklyPeriod) -> Interval:
    starts_at, ends_at = wall_range(first=day, last=day, starts=period.starts, ends=period.ends, zone=period.zone)
    return Interval(starts_at, ends_at, period.location_id)


def _disjoint(stays: Iterable[Interval]) -> Iterator[Interval]:
    """Never at two places at once."""
    away_until = datetime.min.replace(tzinfo=UTC)
    for stay in sorted(stays, key=lambda stay: (stay.starts_at, stay.location_id)):
        yield stay._replace(starts_at=max(stay.starts_at, away_until))
        away_until = max(away_until, stay.ends_at)


def _cut(stay: Interval, length: timedelta) -> Iterator[Interval]:
    starts_at = stay.starts_at
    while starts_at + length <= stay.ends_at:
        yield Interval(starts_at, starts_at + length, stay.location_id)
        starts_at += length


def _prevents(absence: Absence, slot: Interval) -> bool:
    return (
        absence.starts_at < slot.ends_at
        and slot.starts_at < absence.ends_at
        and absence.location_id in (None, slot.location_id)
    )


def _instant(day: date, wall: time, zone: ZoneInfo, *, fold: int) -> datetime:
    """When the clock shows `wall`; the first instant after the gap where it skips that time."""
    local = datetime.combine(day, wall)
    instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    shown = instant.astimezone(zone).replace(tzinfo=None, fold=0)
    return instant if shown == local else _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    # Read with the offset after the change, a skipped time lies before it; with the one before, after it.
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = after.astimezone(zone).utcoffset()
    seconds = range(int((after - before).total_seconds()) + 1)

    def changed(second: int) -> bool:
        return (before + timedelta(seconds=second)).astimezone(zone).utcoffset() == offset

    return before + timedelta(seconds=bisect_left(seconds, True, key=changed))
