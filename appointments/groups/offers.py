"""Times at which all of a group can come, one after the other or side by side."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from appointments.availability import Start, starts
from appointments.wishes import Wishes
from practices.models import AppointmentType

# Starts of one step that are looked at: some days of a large practice.
MOST_STARTS = 3_000
# Places that are tried behind one start of the first step: with it, a search that finds nothing stays short.
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Step:
    """What one of the group needs, and of whom, where; `been_here`: whether it is for a patient who is not new."""

    kind: AppointmentType
    practitioners: Collection[UUID]
    locations: Collection[UUID]
    been_here: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A step at a time: what it occupies is its type's time with the buffers."""

    start: Start
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime

    @classmethod
    def of(cls, step: Step, start: Start) -> "Placed":
        ends_at = start.starts_at + timedelta(minutes=step.kind.duration_minutes)
        return cls(
            start,
            ends_at,
            start.starts_at - timedelta(minutes=step.kind.buffer_before_minutes),
            ends_at + timedelta(minutes=step.kind.buffer_after_minutes),
        )

    def clashes(self, other: "Placed") -> bool:
        """Whether one practitioner cannot keep both."""
        return (
            self.start.practitioner_id == other.start.practitioner_id
            and self.occupied_from < other.occupied_until
            and other.occupied_from < self.occupied_until
        )


def group_offers(
    *, steps: Sequence[Step], in_order: bool, longest_wait: timedelta, since: datetime, until: datetime, limit: int
) -> list[list[Placed]]:
    """The earliest ways, at most `limit`, to see all of `steps` at one location in one go, from `since` to `until`.

    `in_order`: each begins when the one before has ended, at most `longest_wait` later. Otherwise nobody begins before
    the first, and nobody later than `longest_wait` after the last end before: side by side or one after the other.
    Each way begins at another start of the first step, in the practice in scope.
    """
    search = _Search(steps, in_order, longest_wait, [_placeable(step, since, until) for step in steps])
    found: list[list[Placed]] = []
    for first in search.places[0]:
        if len(found) == limit:
            break
        if way := search.way([first], [_TRIES]):
            found.append(way)
    return found


def _placeable(step: Step, since: datetime, until: datetime) -> list[Placed]:
    found = starts(
        appointment_type=step.kind,
        practitioners=step.practitioners,
        locations=step.locations,
        since=since,
        until=until,
        limit=MOST_STARTS,
        wishes=Wishes(been_here=step.been_here),
    )
    return [Placed.of(step, start) for start in found]


@dataclass(frozen=True, slots=True)
class _Search:
    """Depth first, earliest first."""

    steps: Sequence[Step]
    in_order: bool
    longest_wait: timedelta
    # Of each step, by time.
    places: Sequence[Sequence[Placed]]

    def way(self, so_far: list[Placed], tries: list[int]) -> list[Placed] | None:
        """A whole way that begins like this, or None."""
        if len(so_far) == len(self.steps):
            return so_far
        for place in self._within(so_far):
            tries[0] -= 1
            if tries[0] < 0:
                return None
            if any(place.clashes(other) for other in so_far):
                continue
            if whole := self.way([*so_far, place], tries):
                return whole
        return None

    def _within(self, so_far: Sequence[Placed]) -> Iterator[Placed]:
        since = so_far[-1].ends_at if self.in_order else so_far[0].start.starts_at
        until = max(each.ends_at for each in so_far) + self.longest_wait
        row = self.places[len(so_far)]
        for number in range(bisect_left(row, since, key=_begins), len(row)):
            if row[number].start.starts_at > until:
                return
            if row[number].start.location_id == so_far[0].start.location_id:
                yield row[number]


def _begins(place: Placed) -> datetime:
    return place.start.starts_at
