"""Which of the times that can be had are read out to a caller, in which order, and why these."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import compress
from operator import eq
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from appointments.availability import ANY_TIME, Start, starts
from appointments.days import zone
from appointments.wishes import PartOfDay, Wishes, part_of
from mybcat.errors import InvalidInput
from practices.models import AppointmentType
from practices.workspace.services import front_desk

# How far real alternatives are looked for. A week has them unless the practice is full.
WINDOWS = (timedelta(days=7), timedelta(days=28), timedelta(days=366))


class Reason(StrEnum):
    """Stable: what screens say of an offer is theirs to word."""

    SOONEST = "soonest"
    TODAY = "today"
    ANOTHER_DAY = "another_day"
    ANOTHER_PART_OF_DAY = "another_part_of_day"
    ANOTHER_PRACTITIONER = "another_practitioner"
    ANOTHER_LOCATION = "another_location"
    NEW_PATIENTS = "new_patients"
    RETURNING_PATIENTS = "returning_patients"
    INSURANCE_ACCEPTED = "insurance_accepted"
    INSURANCE_NOT_LISTED = "insurance_not_listed"
    INSURANCE_UNKNOWN = "insurance_unknown"


@dataclass(frozen=True, slots=True)
class Offer:
    """A start with its place among those offered, from 1 on, and what speaks for it."""

    start: Start
    rank: int
    reasons: list[Reason]


# How much another one is worth to who could not come to the last.
_WORTH = {
    Reason.ANOTHER_DAY: 8,
    Reason.ANOTHER_PART_OF_DAY: 4,
    Reason.ANOTHER_PRACTITIONER: 2,
    Reason.ANOTHER_LOCATION: 1,
}
# More than any likeness.
_TAKEN = 1_000_000


class _Seen(NamedTuple):
    """A start as callers tell times apart; by the clock of the place."""

    start: Start
    zone: ZoneInfo
    day: date
    part: PartOfDay

    @property
    def traits(self) -> tuple[object, ...]:
        """What can be another one, in the order of `_WORTH`."""
        return self.day, self.part, self.start.practitioner_id, self.start.location_id


def offers(found: Sequence[Start], *, of_all: Sequence[Reason], now: datetime) -> list[Offer]:
    """These times of the practice in scope, the best first, with what each has that none before it has."""
    seen = _seen(found)
    first = min(found, key=_time, default=None)
    return [
        Offer(
            start=one.start,
            rank=rank,
            reasons=[
                *([Reason.SOONEST] if one.start is first else []),
                *([Reason.TODAY] if one.day == now.astimezone(one.zone).date() else []),
                *(_news(one, seen[: rank - 1]) if rank > 1 else []),
                *of_all,
            ],
        )
        for rank, one in enumerate(seen, 1)
    ]


def alternatives(
    soonest: Callable[[], Sequence[Start]],
    *,
    appointment_type: AppointmentType,
    practitioners: Collection[UUID],
    locations: Collection[UUID],
    since: datetime,
    limit: int,
    wishes: Wishes = ANY_TIME,
) -> list[Start]:
    """Up to `limit` starts from `since` on, on different days, at different times of day, of different people.

    Where there are fewer that differ, the rest are of the `soonest`, which are asked for only then.
    """
    found: list[Start] = []
    for window in WINDOWS:
        end = since + window
        last = wishes.until is not None and wishes.until <= end
        found = starts(
            appointment_type=appointment_type,
            practitioners=practitioners,
            locations=locations,
            since=since,
            until=wishes.until if last and wishes.until else end,
            limit=None,
            wishes=wishes,
            sparse=True,
        )
        if last or len(found) >= limit:
            break
    chosen = [one.start for one in _spread(_seen(found), limit)]
    if len(chosen) == limit:
        return chosen
    known = {start.id for start in chosen}
    return [*chosen, *(start for start in soonest() if start.id not in known)][:limit]


def for_whom(appointment_type: AppointmentType, new_patient: str | None) -> list[Reason]:
    """Why the type is right for a patient who is new here ("true"), or is not ("false"). Raises InvalidInput."""
    audiences = AppointmentType.Audience
    if new_patient is None or appointment_type.audience == audiences.ANY:
        return []
    wanted = {"true": audiences.NEW, "false": audiences.RETURNING}[new_patient]
    if appointment_type.audience != wanted:
        sentence = f"This type of appointment is for {appointment_type.audience} patients"
        raise InvalidInput(fields={"newPatient": [sentence]})
    return [Reason.NEW_PATIENTS if wanted == audiences.NEW else Reason.RETURNING_PATIENTS]


def insured(insurance: str) -> list[Reason]:
    """What the practice's list says of an insurer; capitals and spaces around it tell nothing apart."""
    wanted = insurance.strip().casefold()
    if not wanted:
        return []
    listed = [name.strip().casefold() for name in front_desk().insurance]
    if not listed:
        return [Reason.INSURANCE_UNKNOWN]
    return [Reason.INSURANCE_ACCEPTED if wanted in listed else Reason.INSURANCE_NOT_LISTED]


def _spread(candidates: Sequence[_Seen], limit: int) -> list[_Seen]:
    """So many of these, the soonest first, each as unlike those before it as can be."""
    left = sorted(candidates, key=lambda one: _time(one.start))
    traits = _numbered([one.traits for one in left])
    # What its likeness to those chosen costs each.
    costs = [0] * len(left)
    chosen: list[_Seen] = []
    while len(chosen) < min(limit, len(left)):
        place = costs.index(min(costs))
        chosen.append(left[place])
        costs = [cost + _likeness(traits[place], each) for cost, each in zip(costs, traits, strict=True)]
        costs[place] = _TAKEN
    return chosen


def _numbered(rows: Iterable[Iterable[object]]) -> list[tuple[int, ...]]:
    """A number in the place of each value: hundreds of candidates are compared, and ids are slow at that."""
    numbers: dict[object, int] = {}
    return [tuple(numbers.setdefault(value, len(numbers)) for value in row) for row in rows]


def _likeness(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(compress(_WORTH.values(), map(eq, one, other)))


def _news(one: _Seen, before: Sequence[_Seen]) -> list[Reason]:
    """What none of those before it has."""
    heard = [set(values) for values in zip(*(other.traits for other in before), strict=True)]
    return [kind for kind, trait, known in zip(_WORTH, one.traits, heard, strict=True) if trait not in known]


def _seen(found: Sequence[Start]) -> list[_Seen]:
    """By the clocks of their places."""
    seen = []
    for start in found:
        clock = zone(start.time_zone)
        local = start.starts_at.astimezone(clock)
        seen.append(_Seen(start, clock, local.date(), part_of(local.time())))
    return seen


def _time(start: Start) -> tuple[datetime, UUID]:
    return start.starts_at, start.id
