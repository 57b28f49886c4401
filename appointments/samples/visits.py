"""Which free slots become visits, so that a calendar looks as on any working day. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from appointments.samples.places import SampleType


class FreeSlot(NamedTuple):
    """Members as in Slot."""

    id: UUID
    practitioner_id: UUID
    location_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """The slots it takes, by time, and the one at whose start the patient comes."""

    type: SampleType
    slots: Sequence[FreeSlot]
    slot: FreeSlot

    @property
    def starts_at(self) -> datetime:
        return self.slot.starts_at

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.type.duration)

    @property
    def occupied_from(self) -> datetime:
        return self.starts_at - timedelta(minutes=self.type.before)

    @property
    def occupied_until(self) -> datetime:
        return self.ends_at + timedelta(minutes=self.type.after)


@dataclass(frozen=True, slots=True)
class _Need:
    """How many slots a type takes: in all, and before the patient comes."""

    type: SampleType
    length: int
    before: int


@dataclass(frozen=True, slots=True)
class _Choice:
    """What fits in the slots left of a run, and how likely one of it comes."""

    needs: list[_Need]
    weights: list[int]
    likely: float


def make_visits(
    *, slots: Sequence[FreeSlot], types: Sequence[SampleType], slot_minutes: int, share: float, chance: Random
) -> Iterator[Visit]:
    """Visits that take about `share` of one practitioner's `slots` (by time), none across a break."""
    needs = [_need(kind, slot_minutes) for kind in types]
    longest = max(need.length for need in needs)
    choices = [_choice(needs, share, left=left) for left in range(longest + 1)]
    for run in _runs(slots):
        position = 0
        while position < len(run):
            choice = choices[min(len(run) - position, longest)]
            if chance.random() >= choice.likely:
                position += 1
                continue
            (need,) = chance.choices(choice.needs, choice.weights)
            taken = run[position : position + need.length]
            yield Visit(need.type, taken, taken[need.before])
            position += need.length


def _need(kind: SampleType, slot_minutes: int) -> _Need:
    before = -(-kind.before // slot_minutes)
    return _Need(kind, before + -(-(kind.duration + kind.after) // slot_minutes), before)


def _choice(needs: Sequence[_Need], share: float, *, left: int) -> _Choice:
    fitting = [need for need in needs if need.length <= left]
    if not fitting:
        return _Choice([], [], 0)
    weights = [need.type.weight for need in fitting]
    mean = sum(need.length * need.type.weight for need in fitting) / sum(weights)
    # A step takes `mean` slots, or skips one.
    return _Choice(fitting, weights, share / (share + (1 - share) * mean))


def _runs(slots: Sequence[FreeSlot]) -> Iterator[Sequence[FreeSlot]]:
    """Slots that follow one another without a break, at one place."""
    begin = 0
    for end in range(1, len(slots) + 1):
        if end == len(slots) or not _follows(slots[end - 1], slots[end]):
            yield slots[begin:end]
            begin = end


def _follows(earlier: FreeSlot, later: FreeSlot) -> bool:
    return earlier.ends_at == later.starts_at and earlier.location_id == later.location_id
