"""Where an appointment of a type can begin: N consecutive free slots of one practitioner at one place."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from mybcat.errors import InvalidInput
from mybcat.tenancy import current_scope
from practices.models import AppointmentType

# A call asks for the next days first; only a full practice pays for the search through the whole horizon.
WINDOWS = (timedelta(days=4), timedelta(days=21), timedelta(days=366))

# Free slots form runs (gaps and islands); a start is good when its run reaches from the buffer
# before it to the buffer after it.
_STARTS = """
    WITH free AS (
        SELECT s.id, s.practitioner_id, s.location_id, s.starts_at, s.ends_at,
               (lag(s.ends_at) OVER w IS DISTINCT FROM s.starts_at
                OR lag(s.location_id) OVER w IS DISTINCT FROM s.location_id)::int AS breaks
        FROM appointments_slot s
        WHERE s.practice_id = %(practice)s AND s.practitioner_id = ANY(%(practitioners)s)
          AND s.starts_at >= %(walked_from)s AND s.starts_at < %(walked_until)s
          AND s.status = 'free'
        WINDOW w AS (PARTITION BY s.practitioner_id ORDER BY s.starts_at)
    ), runs AS (
        SELECT *, sum(breaks) OVER (PARTITION BY practitioner_id ORDER BY starts_at) AS run FROM free
    ), spans AS (
        SELECT *, min(starts_at) OVER r AS run_from, max(ends_at) OVER r AS run_until
        FROM runs WINDOW r AS (PARTITION BY practitioner_id, run)
    )
    SELECT id, practitioner_id, location_id, starts_at, ends_at, 'free' AS status
    FROM spans
    WHERE starts_at >= %(since)s AND starts_at < %(until)s
      AND location_id = ANY(%(locations)s)
      AND starts_at - make_interval(mins => %(before)s) >= run_from
      AND starts_at + make_interval(mins => %(after)s) <= run_until
    ORDER BY starts_at, id
    LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A slot at which an appointment can begin. Members as in Slot."""

    id: UUID
    practitioner_id: UUID
    location_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: str


def active_type(code: str) -> AppointmentType:
    """The type that a booking may name. Raises InvalidInput."""
    found = AppointmentType.objects.active().filter(code=code).first()
    if found is None:
        raise InvalidInput(fields={"type": ["No such type of appointment"]})
    return found


def starts(
    *,
    appointment_type: AppointmentType,
    practitioners: Collection[UUID],
    locations: Collection[UUID],
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Start]:
    """The earliest `limit` starts in `[since, until)`, in the practice in scope."""
    parameters: dict[str, Any] = {
        "practice": current_scope().practice_id,
        "practitioners": list(practitioners),
        "locations": list(locations),
        "since": since,
        "until": until,
        # Room for the longest buffer before (2 h) and visit with its buffer after (10 h).
        "walked_from": since - timedelta(hours=2),
        "walked_until": until + timedelta(hours=10),
        "before": appointment_type.buffer_before_minutes,
        "after": appointment_type.duration_minutes + appointment_type.buffer_after_minutes,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STARTS, parameters)
        return [Start(*row) for row in cursor.fetchall()]


def next_starts(
    *,
    appointment_type: AppointmentType,
    practitioners: Collection[UUID],
    locations: Collection[UUID],
    since: datetime,
    limit: int,
) -> list[Start]:
    """The earliest `limit` starts from `since` on; fewer only where the whole horizon has fewer."""
    found: list[Start] = []
    for window in WINDOWS:
        found = starts(
            appointment_type=appointment_type,
            practitioners=practitioners,
            locations=locations,
            since=since,
            until=since + window,
            limit=limit,
        )
        if len(found) == limit:
            break
    return found
