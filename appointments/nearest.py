"""The times nearest to one that cannot be had: of the same practitioner, then of the others."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from appointments.availability import WINDOWS, Start, nearest_of_each, next_starts
from appointments.wishes import Wishes
from practices.models import AppointmentType

# A caller hears a handful; earlier times are looked for in the days before only.
NEAREST = 2
BEFORE = timedelta(days=3)


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

    None is at `wanted` itself or before `now`; only in an empty calendar is one of them more than some days away.
    """
    asked: dict[str, Any] = {"appointment_type": appointment_type, "locations": locations, "wishes": wishes}
    since = max(wanted, now)
    until = since + WINDOWS[0]
    # One question for both, before and after, which most calls need no more of.
    found = nearest_of_each(
        **asked,
        practitioners=practitioners,
        own=practitioner_id,
        since=max(wanted - BEFORE, now),
        wanted=wanted,
        until=until,
        count=NEAREST + 1,
    )
    nearest = []
    for whose in _groups(practitioners, practitioner_id):
        near = [start for start in found if start.practitioner_id in whose and start.starts_at != wanted]
        if len(near) < NEAREST:
            # All that is left lies farther ahead.
            near += next_starts(**asked, practitioners=whose, since=until, limit=NEAREST - len(near))
        nearest += sorted(near, key=lambda start: (abs(start.starts_at - wanted), start.id))[:NEAREST]
    return nearest


def _groups(practitioners: Collection[UUID], own: UUID) -> list[set[UUID]]:
    everyone = set(practitioners)
    return [group for group in (everyone & {own}, everyone - {own}) if group]
