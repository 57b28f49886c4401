"""How fast a listener may be served, and whether its vendor is there at all: known to all workers alike.

After OPENS_AT different deliveries have failed one after the other, the vendor is taken for away: one
delivery is tried every PROBE, and what fails meanwhile does not use up attempts. The first that arrives,
or is refused (somebody has answered), ends that.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection

from mybcat.listeners import Listener
from mybcat.models import ListenerState

logger = structlog.get_logger(__name__)

OPENS_AT = 5
PROBE = timedelta(seconds=10)
# What a rate allows within this time may happen at once: a claim for each single delivery would be dear.
BURST = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Admission:
    """How many may be claimed now; where that is none, how long until one may be."""

    limit: int
    wait: timedelta = timedelta()
    probe: bool = False


def admit(*, listener: Listener, wanted: int) -> Admission:
    """How many of `wanted` may be claimed, in platform scope; others of the listener's workers wait until we commit."""
    state, now = _locked(listener)
    if listener.circuit and state.probe_at is not None:
        if now < state.probe_at:
            return Admission(0, state.probe_at - now)
        return Admission(1, probe=True)
    if listener.rate is None:
        return Admission(wanted)
    pause, lead = timedelta(seconds=1 / listener.rate), timedelta()
    if state.paced_until is not None:
        lead = max(lead, state.paced_until - now)
    allowed = math.floor((max(BURST, pause) - lead) / pause)
    return Admission(max(0, min(wanted, allowed)), wait=lead + pause - max(BURST, pause))


def claimed(*, listener: Listener, count: int, probe: bool) -> None:
    """Note what was claimed under an admission, in its transaction."""
    if probe:
        _write("probe_at = clock_timestamp() + %s", [PROBE], listener)
    if listener.rate is not None and count:
        _write(
            "paced_until = greatest(paced_until, clock_timestamp()) + %s",
            [timedelta(seconds=count / listener.rate)],
            listener,
        )


def note(*, listener: Listener, failed: Collection[UUID], alive: bool) -> bool:
    """Note how attempts ended, in platform scope; True when the vendor was known to be away, so they do not count."""
    if not listener.circuit or not (failed or alive):
        return False
    if alive:
        _close(listener)
        return False
    state, _ = _locked(listener)
    if state.probe_at is not None:
        return True
    failing = [*state.failing, *(each for each in failed if each not in state.failing)]
    _write("failing = %s::uuid[]", [failing[:OPENS_AT]], listener)
    if len(failing) >= OPENS_AT:
        _write("probe_at = clock_timestamp() + %s", [PROBE], listener)
        logger.error("A listener's vendor seems to be away", listener=listener.name)
    return False


def _close(listener: Listener) -> None:
    query = """
        UPDATE mybcat_listenerstate SET failing = '{}', probe_at = NULL
        WHERE listener = %s AND (failing <> '{}' OR probe_at IS NOT NULL) RETURNING failing
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [listener.name])
        if any(len(failing) >= OPENS_AT for (failing,) in cursor.fetchall()):
            logger.info("A listener's vendor is back", listener=listener.name)


def _locked(listener: Listener) -> tuple[ListenerState, datetime]:
    query = """
        SELECT listener, failing, probe_at, paced_until, clock_timestamp() FROM mybcat_listenerstate
        WHERE listener = %s FOR NO KEY UPDATE
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [listener.name])
        if (row := cursor.fetchone()) is None:
            cursor.execute(
                "INSERT INTO mybcat_listenerstate (listener, failing) VALUES (%s, '{}') ON CONFLICT DO NOTHING",
                [listener.name],
            )
            cursor.execute(query, [listener.name])
            row = cursor.fetchone()
    *values, now = row
    names = ("listener", "failing", "probe_at", "paced_until")
    return ListenerState(**dict(zip(names, values, strict=True))), now


def _write(change: str, values: list[Any], listener: Listener) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE mybcat_listenerstate SET {change} WHERE listener = %s", [*values, listener.name])  # noqa: S608
