"""The times nearest to one that cannot be had: of the same practitioner, then of the others."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from appointments.availability import Start, nearest_of_each, next_starts
from appointments.wishes import Wishes
from practices.models import AppointmentType

# A caller hears a handful.
NEAREST = 2
# So far before and after. The first as far as one another, so that what is found there is nearer than all else; earlier
# times are looked for in the days before only.
LOOKED_AT = ((timedelta(days=1), timedelta(days=1)), (timedelta(days=3), timedelta(days=4)))


def nearest_starts(
    *,
    appointment_type: AppointmentType,
    practitioner_id: UUID,
    practitioners: Collection[UUID],
    locations: Collection[UUID],
    wanted: datetime,
    now: datetime,
    wishes: Wishes,
) -> list[Start]:
    """Two of the practitioner's, where they are among `practitioners`, then two of the others', nearest first.

    None is before `now`, nor the practitioner's own at `wanted`; only where there is nothing else is one of them more
    than some days away.
    """
    asked: dict[str, Any] = {"appointment_type": appointment_type, "locations": locations, "wishes": wishes}
    groups = _groups(practitioners, practitioner_id)
    near: list[list[Start]] = [[] for _ in groups]
    since = max(wanted, now)
    # One question for both groups, before and after; most calls need no more than the first.
    for before, after in LOOKED_AT:
        if all(len(starts) >= NEAREST for starts in near):
            break
        found = nearest_of_each(
            **asked,
            practitioners=practitioners,
            own=practitioner_id,
            since=max(wanted - before, now),
            wanted=wanted,
            until=since + after,
            count=NEAREST + 1,
        )
        theirs = [start for start in found if (start.practitioner_id, start.starts_at) != (practitioner_id, wanted)]
        near = [[start for start in theirs if start.practitioner_id in whose] for whose in groups]
    for whose, starts in zip(groups, near, strict=True):
        if len(starts) < NEAREST:
            # All that is left lies farther ahead.
            begins = since + LOOKED_AT[-1][1]
            starts.extend(next_starts(**asked, practitioners=whose, since=begins, limit=NEAREST - len(starts)))
    return [start for starts in near for start in _by_distance(starts, wanted)[:NEAREST]]


def _by_distance(starts: list[Start], wanted: datetime) -> list[Start]:
    return sorted(starts, key=lambda start: (abs(start.starts_at - wanted), start.id))


def _groups(practitioners: Collection[UUID], own: UUID) -> list[set[UUID]]:
    everyone = set(practitioners)
    return [group for group in (everyone & {own}, everyone - {own}) if group]
