"""What is owed to listeners: every event reaches each of them at least once, in its subject's order, or ends as dead.

What is due, who works on it and how often it was tried stands in PostgreSQL and is compared with
PostgreSQL's clock; Celery only carries hints. A worker may die between its work and the mark, so a
listener must be idempotent by event.

At most one delivery of a subject is on its way to a target; later ones are `held` until it has ended.
Whoever owes, ends or replays deliveries locks those of the subject first, by ascending id.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now

from mybcat import audit
from mybcat.errors import DomainError
from mybcat.ids import new_uuid
from mybcat.listeners import Listener, registered
from mybcat.models import ITSELF, Delivery, Event, EventSequence
from mybcat.principal import Actor
from mybcat.tenancy import platform_scope

ACTIVE = (Delivery.Status.HELD, Delivery.Status.PENDING, Delivery.Status.LEASED)

_COLUMNS = {
    "id": "uuid", "practice_id": "uuid", "event_id": "uuid", "subject_id": "uuid", "seq": "bigint",
    "listener": "text", "target_id": "uuid", "created_at": "timestamptz", "ordered": "boolean",
}  # fmt: skip
_KEY = "practice_id, subject_id, listener, target_id"
# The lock on what is ahead decides the race with its end: either that end sees the new row and frees
# it, or we wait for it and see that nothing is ahead any more. By subject alone: a join with what is owed
# may be planned as a nested loop, while the table is new.
_OWE = f"""
    WITH owed AS MATERIALIZED (
        SELECT * FROM unnest({", ".join(f"%({name})s::{kind}[]" for name, kind in _COLUMNS.items())})
            AS row({", ".join(_COLUMNS)})
    ), ahead AS MATERIALIZED (
        SELECT {_KEY} FROM mybcat_delivery
        WHERE status IN ('held', 'pending', 'leased') AND subject_id = ANY(%(subject_id)s::uuid[])
        ORDER BY id FOR SHARE
    )
    INSERT INTO mybcat_delivery
        (id, practice_id, event_id, subject_id, seq, listener, target_id, created_at, next_attempt_at, attempts, lost,
         last_error, discarded_because, status)
    SELECT id, practice_id, event_id, subject_id, seq, listener, target_id, created_at, now(), 0, 0, '', '',
        CASE WHEN ordered AND (
            ({_KEY}) IN (SELECT {_KEY} FROM ahead) OR row_number() OVER (PARTITION BY {_KEY} ORDER BY seq, event_id) > 1
        ) THEN 'held' ELSE 'pending' END
    FROM owed
    ON CONFLICT DO NOTHING
"""  # noqa: S608

_RELEASE = """
    UPDATE mybcat_delivery AS following SET status = 'pending', next_attempt_at = now()
    FROM (
        SELECT DISTINCT ON (ended.id) held.id FROM mybcat_delivery AS ended
        JOIN mybcat_delivery AS held USING (subject_id, listener, target_id, practice_id)
        WHERE ended.id = ANY(%s::uuid[]) AND held.status = 'held'
        ORDER BY ended.id, held.seq, held.event_id
    ) AS first
    WHERE following.id = first.id AND following.status = 'held'
"""

_batch: ContextVar[list[dict[str, Any]] | None] = ContextVar("deliveries", default=None)


class NotDead(DomainError):
    """Only a dead delivery can be replayed; any other one is still on its way or has arrived."""

    code = "delivery_not_dead"
    status = 409
    sentence = "Only a delivery that was given up can be replayed."


def enqueue(*, event: Event, listener: Listener, now: datetime, target_id: UUID = ITSELF) -> None:
    """Owe `event` to `listener`, once however often this is called; due as soon as the caller's transaction commits."""
    row = {
        "id": new_uuid(),
        "practice_id": event.practice_id,
        "event_id": event.id,
        "subject_id": event.subject_id,
        "seq": event.seq or 0,
        "listener": listener.name,
        "target_id": target_id,
        "created_at": now,
        "ordered": listener.ordered,
    }
    if (batch := _batch.get()) is not None:
        batch.append(row)
    else:
        _owe([row])


@contextmanager
def enqueued_together() -> Iterator[None]:
    """What is enqueued inside is written at the end, in one statement."""
    batch: list[dict[str, Any]] = []
    token = _batch.set(batch)
    try:
        yield
    finally:
        _batch.reset(token)
    if batch:
        _owe(batch)


def _owe(rows: list[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OWE, {name: [row[name] for row in rows] for name in _COLUMNS})


def release(ended: Collection[UUID]) -> None:
    """Let the next of each subject go, after the deliveries `ended` have; in their transaction, with their locks."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [list(ended)])


def lock_in_order(ids: Collection[UUID]) -> None:
    """Lock these deliveries and what they hold back, as everyone does: by ascending id.

    One list of ids, not "these or those": PostgreSQL answers an OR with a subquery by reading the whole table.
    """
    query = """
        SELECT delivery.id FROM mybcat_delivery AS delivery
        WHERE delivery.id IN (
            SELECT unnest(%(ids)s::uuid[])
            UNION ALL
            SELECT held.id FROM mybcat_delivery AS mine
            JOIN mybcat_delivery AS held USING (subject_id, listener, target_id, practice_id)
            WHERE mine.id = ANY(%(ids)s::uuid[]) AND held.status = 'held'
        )
        ORDER BY delivery.id FOR NO KEY UPDATE
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"ids": list(ids)})


def due_listeners() -> list[Listener]:
    """Registered listeners for whom something is due, or was left by a worker that is gone."""
    query = """
        WITH RECURSIVE target AS (
            (SELECT target_id FROM mybcat_delivery WHERE listener = %(name)s AND status = 'pending'
             ORDER BY target_id LIMIT 1)
            UNION ALL
            SELECT (SELECT following.target_id FROM mybcat_delivery AS following
                    WHERE following.listener = %(name)s AND following.status = 'pending'
                        AND following.target_id > target.target_id
                    ORDER BY following.target_id LIMIT 1)
            FROM target WHERE target.target_id IS NOT NULL
        )
        SELECT EXISTS (
            SELECT FROM mybcat_delivery
            WHERE listener = %(name)s AND status = 'leased' AND leased_until <= now()
        ) OR EXISTS (
            SELECT FROM target WHERE EXISTS (
                SELECT FROM mybcat_delivery AS delivery
                WHERE delivery.listener = %(name)s AND delivery.target_id = target.target_id
                    AND delivery.status = 'pending' AND delivery.next_attempt_at <= now()
            ) AND NOT EXISTS (
                SELECT FROM mybcat_targetpause AS pause
                WHERE pause.listener = %(name)s AND pause.target_id = target.target_id AND pause.until > now()
            )
        )
    """
    due = []
    with platform_scope(reason="due deliveries"), connection.cursor() as cursor:
        for listener in registered():
            cursor.execute(query, {"name": listener.name})
            if cursor.fetchone()[0]:
                due.append(listener)
    return due


def replay(*, delivery: Delivery, by: Actor | None, now: datetime) -> None:
    """As `replay_together`, of one alone. Raises NotDead."""
    if not replay_together(deliveries=[delivery], by=by, now=now):
        raise NotDead


def replay_together(*, deliveries: Collection[Delivery], by: Actor | None, now: datetime) -> int:
    """Try dead deliveries anew, with all their attempts, in the scope entered; how many of these were dead.

    Each goes before later events of its subject that still wait, and after one that is being tried.
    All in a few statements: nobody's events are relayed until the caller's transaction commits.
    """
    practices = {delivery.practice_id for delivery in deliveries}
    # The relay holds these rows while it owes events of the practices: none comes in between.
    list(EventSequence.objects.select_for_update().filter(practice_id__in=practices).order_by("practice_id"))
    dead, first, overtaken = [], [], []
    for same in _with_what_waits(deliveries):
        again = [row for row in same if row.status == Delivery.Status.DEAD]
        dead += again
        if again and same[0] is again[0] and not any(row.status == Delivery.Status.LEASED for row in same):
            first.append(same[0].id)
            overtaken += [row.id for row in same if row.status == Delivery.Status.PENDING]
    Delivery.objects.filter(id__in=overtaken).update(status=Delivery.Status.HELD)
    Delivery.objects.filter(id__in=[row.id for row in dead]).update(
        status=Case(When(id__in=first, then=Value(Delivery.Status.PENDING)), default=Value(Delivery.Status.HELD)),
        attempts=0,
        first_attempt_at=None,
        next_attempt_at=Now(),
        replayed_at=now,
    )
    for practice_id in {row.practice_id for row in dead}:
        mine = [row.id for row in dead if row.practice_id == practice_id]
        _record("delivery.replayed", mine, practice_id=practice_id, by=by, now=now)
    return len(dead)


def _with_what_waits(deliveries: Collection[Delivery]) -> list[list[Delivery]]:
    """Those that are dead by now, and all that is on its way, for each subject and receiver; locked, in their order."""
    ids, subjects = {row.id for row in deliveries}, {row.subject_id for row in deliveries}
    rows = Delivery.objects.filter(
        Q(id__in=ids, status=Delivery.Status.DEAD) | Q(subject_id__in=subjects, status__in=ACTIVE)
    )
    found: dict[tuple[object, ...], list[Delivery]] = {}
    for row in rows.order_by("id").select_for_update(no_key=True):
        found.setdefault((row.practice_id, row.subject_id, row.listener, row.target_id), []).append(row)
    return [sorted(same, key=lambda row: (row.seq, row.event_id)) for same in found.values()]


def discard(*, delivery: Delivery, because: str, by: Actor | None, now: datetime) -> None:
    """Nobody wants this dead delivery any more, for a reason of at most 200 characters. Raises NotDead."""
    dead = Delivery.objects.filter(id=delivery.id, status=Delivery.Status.DEAD)
    if not dead.update(status=Delivery.Status.DISCARDED, discarded_because=because):
        raise NotDead
    _record("delivery.discarded", [delivery.id], practice_id=delivery.practice_id, by=by, now=now)


def _record(action: str, ids: list[UUID], *, practice_id: UUID, by: Actor | None, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="whd", object_ids=ids, now=now, practice_id=practice_id)
