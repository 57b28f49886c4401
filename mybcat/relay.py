"""Turn committed events into deliveries: the only step between a booking and everything that follows from it.

Depends on PostgreSQL alone. Several relays may run: each event is relayed once, and each practice's
events are numbered 1, 2, 3 … without a gap.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import Error, connection

from mybcat.deliveries import due_listeners, enqueued_together
from mybcat.events import Batch, event_committed
from mybcat.metrics import events_relayed, relay_failures
from mybcat.models import Event
from mybcat.nudges import Nudger
from mybcat.tenancy import platform_scope

logger = structlog.get_logger(__name__)

BATCH = 500
IDLE = timedelta(milliseconds=60)
# How soon a lost nudge is made good.
SWEEP = timedelta(seconds=1)
# An event that a receiver could not take waits this long, and with it later ones of its subject; the others pass.
SET_ASIDE = timedelta(seconds=10)
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(milliseconds=200), timedelta(seconds=2)

# Never a cursor by id or time: what commits late with an early id would be passed over for ever.
# The rows of mybcat_eventsequence are locked until the commit, in one order: numbers become visible
# in their order, leave no gap when the relay dies, and two relays cannot block each other. Of arrays ten rows
# are expected, so that each event is looked up by its id, however many wait (mybcat/claims.py says why).
_TAKE = """
    WITH batch AS MATERIALIZED (
        SELECT id, practice_id FROM mybcat_event
        WHERE relayed_at IS NULL AND subject_id <> ALL(%(set_aside)s::uuid[])
        ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), placed AS (
        SELECT id, practice_id,
            row_number() OVER (PARTITION BY practice_id ORDER BY id) AS place,
            count(*) OVER (PARTITION BY practice_id) AS total
        FROM unnest(ARRAY(SELECT id FROM batch), ARRAY(SELECT practice_id FROM batch)) AS taken (id, practice_id)
    ), sequence AS (
        INSERT INTO mybcat_eventsequence AS known (practice_id, last)
        SELECT practice_id, count(*) FROM batch GROUP BY practice_id ORDER BY practice_id
        ON CONFLICT (practice_id) DO UPDATE SET last = known.last + EXCLUDED.last
        RETURNING practice_id, last
    )
    UPDATE mybcat_event AS event
    SET seq = sequence.last - placed.total + placed.place, relayed_at = %(now)s
    FROM placed JOIN sequence USING (practice_id)
    WHERE event.id = placed.id
    RETURNING event.*
"""


class ReceiverFailed(Exception):
    """A receiver of `event_committed` raised; nothing of its batch was relayed."""

    def __init__(self, event: Event) -> None:
        super().__init__(str(event.id))
        self.event = event


def relay_events(*, now: datetime, limit: int = BATCH, without: tuple[UUID, ...] = ()) -> int:
    """Number up to `limit` events and send `event_committed` for each, in one transaction; how many.

    `without` are subjects whose events wait.
    Raises ReceiverFailed, and then has done nothing.
    """
    with platform_scope(reason="relay"):
        parameters = {"now": now, "limit": limit, "set_aside": list(without)}
        events: list[Event] = list(Event.objects.raw(_TAKE, parameters))
        batch = Batch(sorted(events, key=lambda event: (event.practice_id, event.seq or 0)))
        with enqueued_together():
            for event in batch.events:
                _tell(event, batch=batch, now=now)
    events_relayed.inc(len(events))
    return len(events)


def _tell(event: Event, *, batch: Batch, now: datetime) -> None:
    try:
        event_committed.send(sender=Event, event=event, now=now, batch=batch)
    except Exception as error:
        if isinstance(error, Error) and _lost_connection():
            # PostgreSQL went away, which says nothing about the receiver.
            raise
        raise ReceiverFailed(event) from error


def _lost_connection() -> bool:
    return connection.connection is None or connection.connection.closed


class Relay:
    """The loop of one relay process."""

    def __init__(self, *, nudger: Nudger, clock: Callable[[], datetime]) -> None:
        self._nudger = nudger
        self._clock = clock
        self._swept_at = clock() - SWEEP
        # When the events of each subject were set aside.
        self._set_aside: dict[UUID, datetime] = {}
        self._backoff = FIRST_BACKOFF
        self._database_away = False

    def run(self, *, pause: Callable[[timedelta], bool]) -> None:
        """Relay until `pause`, called between batches with how long to wait, returns True."""
        wait = timedelta()
        while not pause(wait):
            wait = self._round()

    def _round(self) -> timedelta:
        now = self._clock()
        # abs(): a clock that is set back must not make these wait for it to catch up.
        self._set_aside = {subject: since for subject, since in self._set_aside.items() if abs(now - since) < SET_ASIDE}
        try:
            relayed = relay_events(now=now, limit=BATCH, without=tuple(self._set_aside))
            if relayed or abs(now - self._swept_at) >= SWEEP:
                self._nudger.want(due_listeners())
                self._swept_at = now
        except ReceiverFailed as failure:
            self._put_aside(failure, now=now)
            return timedelta()
        except Error as error:
            return self._wait_for_database(error)
        self._database_is_back()
        return timedelta() if relayed == BATCH else IDLE

    def _put_aside(self, failure: ReceiverFailed, *, now: datetime) -> None:
        event = failure.event
        self._set_aside[event.subject_id] = now
        relay_failures.labels("receiver").inc()
        logger.error(
            "Event could not be relayed",
            eventId=str(event.id),
            practiceId=str(event.practice_id),
            type=event.type,
            exc_info=failure.__cause__,
        )

    def _wait_for_database(self, error: Exception) -> timedelta:
        connection.close()
        relay_failures.labels("database").inc()
        if not self._database_away:
            logger.error("Relay cannot use PostgreSQL", exc_info=error)
        self._database_away = True
        wait, self._backoff = self._backoff, min(self._backoff * 2, LONGEST_BACKOFF)
        return wait

    def _database_is_back(self) -> None:
        if self._database_away:
            logger.info("Relay can use PostgreSQL again")
        self._database_away = False
        self._backoff = FIRST_BACKOFF
