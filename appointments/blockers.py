"""Everything that stands against an appointment at a time, each thing named. Pure: rows in, blockers out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from appointments.facts import Facts
from appointments.working_days import Interval


class Code(StrEnum):
    """Stable: screens and programs decide by them. Sentences are for people."""

    PAST = "past"
    BEYOND_HORIZON = "beyond_horizon"
    TOO_SOON = "too_soon"
    TOO_FAR_AHEAD = "too_far_ahead"
    PRACTITIONER_INACTIVE = "practitioner_inactive"
    LOCATION_INACTIVE = "location_inactive"
    AUDIENCE = "audience"
    CLOSED = "closed"
    TIME_OFF = "time_off"
    NOT_IN = "not_in"
    TOO_SHORT = "too_short"
    OFF_GRID = "off_grid"
    TAKEN = "taken"
    BUFFER = "buffer"
    HELD = "held"
    BLOCKED = "blocked"
    RESOURCE = "resource"
    BLOCK = "block"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason, with the time that it covers where it covers one, and what its sentence is made of."""

    code: Code
    sentence: str
    since: datetime | None = None
    until: datetime | None = None
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The appointment that is asked about; `zone` is the clock on the wall where it would be."""

    practitioner: str
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime
    zone: ZoneInfo

    @property
    def day(self) -> date:
        """As the location's clock has it."""
        return self.starts_at.astimezone(self.zone).date()

    def overlaps(self, since: datetime, until: datetime) -> bool:
        """With its buffers."""
        return since < self.occupied_until and self.occupied_from < until

    def meets(self, since: datetime, until: datetime) -> bool:
        """Without them: what the patient is there for."""
        return since < self.ends_at and self.starts_at < until

    def clock(self, instant: datetime) -> str:
        """As people read it there; the zone's letters tell the two 1:30 of an autumn night apart."""
        return f"{instant.astimezone(self.zone):%H:%M %Z}"

    def span(self, since: datetime, until: datetime) -> str:
        """Likewise from one to the other; the zone once where it is the same."""
        first, last = self.clock(since), self.clock(until)
        return f"{first[:5] if first[5:] == last[5:] else first} to {last}"


@dataclass(frozen=True, slots=True)
class Absence:
    """Of the practitioner, or (a closure) of the place or the whole practice."""

    starts_at: datetime
    ends_at: datetime
    closure: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """The practitioner's time that another appointment occupies, and the part of it that is the visit."""

    occupied_from: datetime
    occupied_until: datetime
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Time that somebody keeps for a caller; None where that is a program."""

    since: datetime
    until: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class Day:
    """What is known of the practitioner's time around the one asked about."""

    # When hours have the practitioner in on that day, whatever is booked or closed; [] where they are not.
    hours: Sequence[Interval]
    # Of hours of any date: the weekdays on which they are ever in.
    weekdays: frozenset[int]
    absences: Sequence[Absence]
    taken: Sequence[Taken]
    held: Sequence[Held]
    # When slots begin that day, and what of them is closed.
    starts: frozenset[datetime]
    closed: Sequence[tuple[datetime, datetime]] = ()


def blockers(*, wanted: Wanted, day: Day) -> list[Blocker]:
    """All that stand against it, in the order in which somebody would say them; none: it can be booked."""
    absent = list(_absent(wanted, day.absences))
    return [
        *absent,
        *_hours(wanted, day),
        *_taken(wanted, day),
        *(_closed(wanted, day) if not absent else ()),
        *_grid(wanted, day),
    ]


def _absent(wanted: Wanted, absences: Iterable[Absence]) -> Iterator[Blocker]:
    for absence in absences:
        if not wanted.overlaps(absence.starts_at, absence.ends_at):
            continue
        # Why somebody is away is theirs to tell.
        until = _when(wanted, absence.ends_at)
        if absence.closure:
            yield Blocker(Code.CLOSED, f"Closed until {until}", absence.starts_at, absence.ends_at)
        else:
            sentence = f"{wanted.practitioner} is away until {until}"
            facts = Facts(practitioner=wanted.practitioner)
            yield Blocker(Code.TIME_OFF, sentence, absence.starts_at, absence.ends_at, facts)


def _hours(wanted: Wanted, day: Day) -> Iterator[Blocker]:
    if any(stay.starts_at <= wanted.occupied_from and wanted.occupied_until <= stay.ends_at for stay in day.hours):
        return
    around = [stay for stay in day.hours if stay.starts_at <= wanted.starts_at < stay.ends_at]
    if around:
        short = _minutes(wanted.occupied_until - around[0].ends_at, around[0].starts_at - wanted.occupied_from)
        sentence = f"{short} min short before {wanted.clock(around[0].ends_at)}"
        if wanted.occupied_until <= around[0].ends_at:
            sentence = f"{short} min short after {wanted.clock(around[0].starts_at)}"
        yield Blocker(Code.TOO_SHORT, sentence, around[0].starts_at, around[0].ends_at, Facts(minutes=short))
    else:
        yield _not_in(wanted, day)


def _not_in(wanted: Wanted, day: Day) -> Blocker:
    facts = Facts(practitioner=wanted.practitioner, day=wanted.day)
    if day.hours:
        stays = tuple((stay.starts_at, stay.ends_at) for stay in day.hours)
        times = ", ".join(wanted.span(*stay) for stay in stays)
        facts = replace(facts, hours=stays)
        return Blocker(Code.NOT_IN, f"{wanted.practitioner} is in {times} on {_day(wanted.day)}", facts=facts)
    if wanted.day.weekday() in day.weekdays:
        return Blocker(Code.NOT_IN, f"{wanted.practitioner} is not in on {_day(wanted.day)}", facts=facts)
    facts = replace(facts, weekly=True)
    return Blocker(Code.NOT_IN, f"{wanted.practitioner} is not in on {wanted.day:%A}s", facts=facts)


def _taken(wanted: Wanted, day: Day) -> Iterator[Blocker]:
    for other in day.taken:
        if not wanted.overlaps(other.occupied_from, other.occupied_until):
            continue
        if wanted.meets(other.starts_at, other.ends_at):
            sentence = f"Taken {wanted.span(other.starts_at, other.ends_at)}"
            yield Blocker(Code.TAKEN, sentence, other.starts_at, other.ends_at)
        else:
            # The visits themselves would fit one after the other.
            sentence = f"Too close to the appointment {wanted.span(other.starts_at, other.ends_at)}"
            facts = Facts(appointment=(other.starts_at, other.ends_at))
            yield Blocker(Code.BUFFER, sentence, other.occupied_from, other.occupied_until, facts)
    for by in dict.fromkeys(held.by for held in day.held):
        for since, until in _joined((held.since, held.until) for held in day.held if held.by == by):
            if wanted.overlaps(since, until):
                whose = f" by {by}" if by else ""
                yield Blocker(Code.HELD, f"Held {wanted.span(since, until)}{whose}", since, until, Facts(held_by=by))


def _closed(wanted: Wanted, day: Day) -> Iterator[Blocker]:
    """Slots that hours ask for and somebody closed all the same."""
    for since, until in _joined(day.closed):
        inside = any(stay.starts_at < until and since < stay.ends_at for stay in day.hours)
        if inside and wanted.overlaps(since, until):
            yield Blocker(Code.BLOCKED, f"Blocked {wanted.span(since, until)}", since, until)


def _grid(wanted: Wanted, day: Day) -> Iterator[Blocker]:
    if not day.starts or wanted.starts_at in day.starts:
        return
    # Outside hours there is no grid to be off.
    if any(stay.starts_at <= wanted.starts_at < stay.ends_at for stay in day.hours):
        nearest = sorted(sorted(day.starts, key=lambda start: abs(start - wanted.starts_at))[:2])
        times = " or ".join(wanted.clock(start) for start in nearest)
        yield Blocker(Code.OFF_GRID, f"Appointments begin at {times}", facts=Facts(starts=tuple(nearest)))


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Neighbours as one."""
    current: tuple[datetime, datetime] | None = None
    for since, until in sorted(spans):
        if current is None or since > current[1]:
            if current is not None:
                yield current
            current = since, until
        else:
            current = current[0], max(current[1], until)
    if current is not None:
        yield current


def _minutes(*spans: timedelta) -> int:
    return max(int(span.total_seconds()) // 60 for span in spans)


def _day(day: date) -> str:
    return f"{day:%A, %B} {day.day}"


def _when(wanted: Wanted, instant: datetime) -> str:
    local = instant.astimezone(wanted.zone)
    return f"{_day(local.date())}, {wanted.clock(instant)}"
