"""From security events to alarms: each event into exactly one, whoever collects and whenever a process dies."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from mybcat.ids import new_uuid
from mybcat.models import SecurityEvent
from mybcat.security import severity
from mybcat.tenancy import platform_scope

# After an alarm, what follows within this time is told together.
COLLECTED_FOR = timedelta(minutes=5)
BATCH = 500
# Of all that MyBCAT locks by advice: one process collects at a time.
_LOCK = 0x6D79_6263_616C_726D

_OPEN = """
    INSERT INTO integrations_alarm AS alarm
        (id, practice_id, kind, severity, events, first_event_id, first_at, last_at, due_at, next_attempt_at, attempts)
    SELECT %(id)s, %(practice)s, %(kind)s, %(severity)s, %(events)s, %(first)s, %(first_at)s, %(last_at)s, due, due, 0
    FROM (
        SELECT greatest(%(now)s, max(due_at) + %(collected_for)s) AS due FROM integrations_alarm
        WHERE practice_id = %(practice)s AND kind = %(kind)s
    ) previous
    ON CONFLICT (practice_id, kind) WHERE closed_at IS NULL DO UPDATE
    SET events = alarm.events + EXCLUDED.events, last_at = greatest(alarm.last_at, EXCLUDED.last_at)
    RETURNING id
"""


def collect(*, now: datetime) -> int:
    """Give each new security event its alarm; how many events. None while another process collects."""
    with platform_scope(reason="collect security events"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        events = list(SecurityEvent.objects.filter(alarm_id__isnull=True).order_by("at")[:BATCH])
        for (practice_id, kind), members in groupby(sorted(events, key=_order), key=_group):
            _add(cursor, practice_id, kind, list(members), now=now)
    return len(events)


def _group(event: SecurityEvent) -> tuple[UUID, str]:
    return event.practice_id, event.kind


def _order(event: SecurityEvent) -> tuple[UUID, str, datetime]:
    return *_group(event), event.at


def _add(cursor: Any, practice_id: UUID, kind: str, events: list[SecurityEvent], *, now: datetime) -> None:
    """To the alarm that collects these, or to a new one: due now, or five minutes after the one before."""
    cursor.execute(
        _OPEN,
        {
            "id": new_uuid(),
            "practice": practice_id,
            "kind": kind,
            "severity": severity(kind),
            "events": len(events),
            "first": events[0].id,
            "first_at": events[0].at,
            "last_at": events[-1].at,
            "now": now,
            "collected_for": COLLECTED_FOR,
        },
    )
    (alarm_id,) = cursor.fetchone()
    SecurityEvent.objects.filter(id__in=[event.id for event in events]).update(alarm_id=alarm_id)
