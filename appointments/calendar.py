"""The calendar's rows, by hand: to build and compile the query again for each request costs as much as to answer it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self, cast
from uuid import UUID

from django.db import connection

_AMONG = """
    FROM appointments_appointment a
    WHERE a.practice_id = %(practice)s AND a.starts_at >= %(since)s AND a.starts_at < %(until)s
      AND (%(practitioners)s::uuid[] IS NULL OR a.practitioner_id = ANY (%(practitioners)s::uuid[]))
      AND (%(locations)s::uuid[] IS NULL OR a.location_id = ANY (%(locations)s::uuid[]))
"""
_CUT = f"""
    SELECT a.id, a.patient_id, a.slot_id, a.practitioner_id, a.location_id, a.status, a.starts_at, a.ends_at,
           t.code, %(time_zone)s::text
    FROM (
        SELECT a.* {_AMONG} AND (%(id)s::uuid IS NULL OR (a.starts_at, a.id) > (%(since)s, %(id)s::uuid))
        ORDER BY a.starts_at, a.id LIMIT %(limit)s OFFSET %(offset)s
    ) a
    JOIN practices_appointmenttype t ON t.practice_id = %(practice)s AND t.id = a.appointment_type_id
    ORDER BY a.starts_at, a.id
"""  # noqa: S608 - our own text
_COUNT = f"SELECT count(*) {_AMONG}"


class Shown(NamedTuple):
    """What the API shows of an appointment."""

    id: UUID
    patient_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    location_id: UUID
    status: str
    starts_at: datetime
    ends_at: datetime
    type_code: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Appointments of the practice in scope that begin in `[since, until)`, in order of time: `lists.Rows`.

    Of all practitioners, at all locations, where none are named.
    """

    order: ClassVar[Sequence[str]] = ("starts_at", "id")

    practice_id: UUID
    time_zone: str
    since: datetime
    until: datetime
    practitioners: Collection[UUID] = ()
    locations: Collection[UUID] = ()
    # Of those that begin at `since`, only the ids behind it.
    behind: UUID | None = None

    def cut(self, start: int, stop: int) -> list[Shown]:
        """Those from number `start` on, before `stop`."""
        with connection.cursor() as cursor:
            page = {"time_zone": self.time_zone, "id": self.behind, "limit": stop - start, "offset": start}
            cursor.execute(_CUT, {**self._parameters(), **page})
            return [Shown._make(row) for row in cursor.fetchall()]

    def count(self) -> int:
        """How many there are."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, self._parameters())
            return cast("int", cursor.fetchone()[0])

    def after(self, values: Sequence[str]) -> Self:
        """Those behind these values of `order`. Raises ValueError where they are none."""
        starts_at, behind = datetime.fromisoformat(values[0]), UUID(values[1])
        if starts_at.tzinfo is None:
            raise ValueError("an instant has an offset")
        # Never before what was asked for, whatever calendar the cursor comes from.
        return replace(self, since=starts_at, behind=behind) if starts_at >= self.since else self

    def _parameters(self) -> dict[str, Any]:
        return {
            "practice": self.practice_id,
            "since": self.since,
            "until": self.until,
            "practitioners": list(self.practitioners) or None,
            "locations": list(self.locations) or None,
        }
