"""Tell operators: by each channel once, again where it failed, by one process at a time."""

from datetime import datetime, timedelta

import structlog
from django.db import Error

from integrations.alarms.channels import Channel, channels
from integrations.alarms.collecting import collect
from integrations.alarms.models import Alarm
from mybcat.metrics import alarms_told
from mybcat.tenancy import platform_scope

logger = structlog.get_logger(__name__)

# How soon a security event is seen; operators hear of it within 10 s.
IDLE = timedelta(seconds=1)
# Longer than mail server and webhook may take together.
LEASE = timedelta(seconds=60)
# The waits between attempts; the last one again and again: an alarm is never given up.
WAITS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))

# Closing and claiming is one step: what is told is what the alarm held then.
_CLAIM = """
    UPDATE integrations_alarm AS alarm
    SET closed_at = coalesce(closed_at, %(now)s), leased_until = %(until)s, attempts = attempts + 1
    FROM (
        SELECT id FROM integrations_alarm
        WHERE told_at IS NULL AND next_attempt_at <= %(now)s AND (leased_until IS NULL OR leased_until <= %(now)s)
        ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) due
    WHERE alarm.id = due.id RETURNING alarm.*
"""


class Alarms:
    """A chore of the relay's process: PostgreSQL alone stands between an event and its alarm."""

    def __call__(self, *, now: datetime) -> timedelta:
        """Collect, then tell what is due; how long to wait."""
        collect(now=now)
        while alarm := claim(now=now):
            tell(alarm=alarm, now=now)
        return IDLE


def claim(*, now: datetime) -> Alarm | None:
    """The alarm that has been due longest, closed and leased to the caller."""
    with platform_scope(reason="claim an alarm"):
        found: list[Alarm] = list(Alarm.objects.raw(_CLAIM, {"now": now, "until": now + LEASE}))
    return found[0] if found else None


def tell(*, alarm: Alarm, now: datetime) -> None:
    """Send a claimed alarm by each channel that has not taken it; each success is kept at once."""
    wanted = [channel for channel in channels() if getattr(alarm, channel.told) is None]
    failed = [channel for channel in wanted if not _sent(channel, alarm, now=now)]
    wait = WAITS[min(alarm.attempts, len(WAITS)) - 1]
    changes = {"next_attempt_at": now + wait} if failed else {"told_at": now}
    with platform_scope(reason="an alarm was told"):
        Alarm.objects.filter(id=alarm.id, attempts=alarm.attempts).update(leased_until=None, **changes)


def _sent(channel: Channel, alarm: Alarm, *, now: datetime) -> bool:
    try:
        channel.send(alarm, now=now)
    except Error:
        raise
    except Exception as error:
        alarms_told.labels(channel.name, "failed").inc()
        logger.error("Operators could not be alarmed", channel=channel.name, alarmId=str(alarm.id), exc_info=error)
        return False
    with platform_scope(reason="an alarm was told"):
        Alarm.objects.filter(id=alarm.id).update(**{channel.told: now})
    alarms_told.labels(channel.name, "told").inc()
    return True
