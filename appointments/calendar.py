"""The calendar's rows, by hand: to build and compile the query again for each request costs as much as to answer it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
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
# What is shown: the appointments, and the codes of their types. See `conditional.py`.
_VERSIONS = """
    concat_ws(' ', count(*), sum(hash_record_extended((a.id, a.xmin::text), 0)),
        (SELECT sum(hash_record_extended((t.id, t.xmin::text), 0)) FROM practices_appointmenttype t
         WHERE t.practice_id = %(practice)s)) AS versions
"""
# The versions in one snapshot with the rows: a tag that is newer than its answer would hide a change.
_CUT = f"""
    SELECT v.versions, v.count, a.id, a.patient_id, a.slot_id, a.practitioner_id, a.location_id, a.status,
           a.starts_at, a.ends_at, a.overbooked, a.group_id, t.code, %(time_zone)s::text, a.confirmed_at
    FROM (SELECT {_VERSIONS}, count(*) {_AMONG}) v
    LEFT JOIN (
        SELECT a.* {_AMONG} AND a.starts_at >= %(reached)s
          AND (%(id)s::uuid IS NULL OR (a.starts_at, a.id) > (%(reached)s, %(id)s::uuid))
        ORDER BY a.starts_at, a.id LIMIT %(limit)s OFFSET %(offset)s
    ) a ON true
    LEFT JOIN practices_appointmenttype t ON t.practice_id = %(practice)s AND t.id = a.appointment_type_id
    ORDER BY a.starts_at, a.id
"""  # noqa: S608 - our own text
_STATE = f"SELECT {_VERSIONS}, array_agg(DISTINCT a.patient_id) {_AMONG}"


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
    overbooked: bool
    group_id: UUID | None
    type_code: str
    time_zone: str
    confirmed_at: datetime | None


@dataclass(slots=True)
class Seen:
    """What a calendar was when a page was cut from it."""

    versions: str = ""
    count: int = 0


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
    # Pages are cut behind the appointment of this id that begins then.
    reached: datetime | None = None
    behind: UUID | None = None
    seen: Seen = field(default_factory=Seen, compare=False)

    def cut(self, start: int, stop: int) -> list[Shown]:
        """Those from number `start` on, before `stop`; `seen` then tells of all, as they were at that moment."""
        page: dict[str, Any] = {
            "time_zone": self.time_zone,
            "reached": self.reached or self.since,
            "id": self.behind,
            "limit": stop - start,
            "offset": start,
        }
        with connection.cursor() as cursor:
            cursor.execute(_CUT, {**self._parameters(), **page})
            rows = cursor.fetchall()
        self.seen.versions, self.seen.count, *first = rows[0]
        return [Shown._make(row[2:]) for row in rows] if first[0] else []

    def count(self) -> int:
        """How many there were when a page was cut."""
        return self.seen.count

    def state(self) -> tuple[str, list[UUID]]:
        """The versions, as `cut()` sees them, and whose appointments these are: what costs less than to show them."""
        with connection.cursor() as cursor:
            cursor.execute(_STATE, self._parameters())
            versions, patients = cast("tuple[str, list[UUID] | None]", cursor.fetchone())
        return versions, patients or []

    def after(self, values: Sequence[str]) -> Self:
        """Those behind these values of `order`. Raises ValueError where they are none."""
        reached, behind = datetime.fromisoformat(values[0]), UUID(values[1])
        if reached.tzinfo is None:
            raise ValueError("an instant has an offset")
        # Never before what was asked for, whatever calendar the cursor comes from.
        return replace(self, reached=reached, behind=behind) if reached >= self.since else self

    def _parameters(self) -> dict[str, Any]:
        return {
            "practice": self.practice_id,
            "since": self.since,
            "until": self.until,
            "practitioners": list(self.practitioners) or None,
            "locations": list(self.locations) or None,
        }
