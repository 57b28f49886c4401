"""A few messages of a batch at a time: marked, sent, settled.

`sending` is committed before the provider is called, and what it became after. Between the two a worker
may die, so a message that is found in `sending` may have left: it is asked for, never simply sent again.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from integrations.bulk.attempts import Outcome, Text, found, sent
from integrations.bulk.claiming import Claim, renew
from integrations.bulk.jobs import end_finished
from integrations.messaging.provider import SETTLING, MessageProvider
from mybcat.tenancy import practice_scope
from patients import consent
from patients.models import Consent

# A provider that waits for nothing: the transactions around the sends are the cost, so they hold many.
CHUNK = 1000

_STOPPED = """
    SELECT FROM integrations_bulkmessagejob
    WHERE practice_id = %s AND id = %s AND status NOT IN ('queued', 'in_progress')
"""
# MATERIALIZED: a subquery may be planned so that it runs, and takes, several times.
_TAKE = """
    WITH taken AS MATERIALIZED (
        SELECT id FROM integrations_bulkmessage
        WHERE practice_id = %(practice)s AND job_id = %(job)s AND batch = %(batch)s AND status = 'pending'
        ORDER BY id LIMIT %(limit)s FOR UPDATE
    )
    UPDATE integrations_bulkmessage message
    SET status = 'sending', code = '', attempted_at = now(), attempts = attempts + 1
    FROM taken WHERE message.id = taken.id RETURNING message.id, phone, body, attempts
"""
_UNCLEAR = """
    SELECT id, phone, body, attempts, attempted_at FROM integrations_bulkmessage
    WHERE practice_id = %(practice)s AND job_id = %(job)s AND batch = %(batch)s AND status IN ('sending', 'unknown')
      AND attempted_at <= now() - %(settling)s
    ORDER BY id LIMIT %(limit)s
"""
# Counters and messages in one statement: whoever settles a message counts it.
_SETTLE = """
    WITH ended AS (
        SELECT * FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(codes)s::text[], %(references)s::text[])
            AS ended (id, status, code, reference)
    ), settled AS (
        UPDATE integrations_bulkmessage message
        SET status = ended.status, code = ended.code, provider_reference = ended.reference
        FROM ended
        WHERE message.practice_id = %(practice)s AND message.id = ended.id
          AND message.status IN ('pending', 'sending', 'unknown')
        RETURNING message.status
    )
    UPDATE integrations_bulkmessagejob job
    SET processed = job.processed + counted.processed, failed = job.failed + counted.failed
    FROM (
        SELECT count(*) FILTER (WHERE status IN ('sent', 'failed')) AS processed,
               count(*) FILTER (WHERE status = 'failed') AS failed FROM settled
    ) counted
    WHERE job.practice_id = %(practice)s AND job.id = %(job)s AND counted.processed > 0
    RETURNING job.processed = job.total
"""
_FAIL_JOB = """
    UPDATE integrations_bulkmessagejob SET status = 'failed', code = %s, ended_at = %s
    WHERE practice_id = %s AND id = %s AND status NOT IN ('completed', 'failed', 'cancelled')
"""
_OPEN = """
    SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status <> 'pending'), max(attempts)
    FROM integrations_bulkmessage
    WHERE practice_id = %(practice)s AND job_id = %(job)s AND batch = %(batch)s
      AND status IN ('pending', 'sending', 'unknown')
"""


@dataclass(frozen=True, slots=True)
class Left:
    """Messages of a batch that are not settled, and the most attempts that one of them has had."""

    pending: int
    unclear: int
    attempts: int


class Stopped(Exception):
    """The job was paused, cancelled or given up."""


def send_chunk(claimed: Claim, *, provider: MessageProvider, pool: ThreadPoolExecutor, now: datetime) -> bool:
    """Send the next few messages that wait; False where none does, or the provider is in trouble.

    Raises LeaseLost, Stopped.
    """
    texts, unwanted = _taken(claimed, limit=_size(provider))
    if not texts:
        return False
    outcomes = [Outcome(text.id, "failed", "opted_out") for text in texts if text.to in unwanted]
    # A pool would cost more than a provider that waits for nothing.
    each = map if provider.concurrency == 1 else pool.map
    outcomes += each(lambda text: sent(provider, text), [text for text in texts if text.to not in unwanted])
    _settle(claimed, outcomes, now=now)
    return all(outcome.status != "pending" for outcome in outcomes)


def ask_about_chunk(claimed: Claim, *, provider: MessageProvider, pool: ThreadPoolExecutor, now: datetime) -> bool:
    """Ask the provider about a few messages that may have left; False where there is none to ask about yet.

    What it does not know of is to be sent again; a provider that sends each reference once need not be asked.
    Raises LeaseLost, Stopped.
    """
    parameters = {**_of(claimed), "settling": timedelta() if provider.repeatable else SETTLING}
    with practice_scope(claimed.practice_id), connection.cursor() as cursor:
        _hold(claimed)
        cursor.execute(_UNCLEAR, {**parameters, "limit": _size(provider)})
        rows = [(Text(*row[:4]), row[4]) for row in cursor.fetchall()]
    if not rows:
        return False
    if provider.repeatable:
        outcomes = [Outcome(text.id, "pending") for text, _ in rows]
    else:
        outcomes = list(pool.map(lambda row: found(provider, *row, now=now), rows))
    _settle(claimed, outcomes, now=now)
    return all(outcome.status != "unknown" for outcome in outcomes)


def left(claimed: Claim) -> Left:
    """What of the batch is still to be settled."""
    with practice_scope(claimed.practice_id), connection.cursor() as cursor:
        cursor.execute(_OPEN, _of(claimed))
        pending, unclear, attempts = cursor.fetchone()
    return Left(pending, unclear, attempts or 0)


def _taken(claimed: Claim, *, limit: int) -> tuple[list[Text], set[str]]:
    """Messages marked as being sent, and which of their numbers have opted out."""
    with practice_scope(claimed.practice_id), connection.cursor() as cursor:
        _hold(claimed)
        cursor.execute(_TAKE, {**_of(claimed), "limit": limit})
        texts = [Text(*row) for row in cursor.fetchall()]
        return texts, consent.opted_out({text.to for text in texts}) if texts else set()


def _hold(claimed: Claim) -> None:
    """Renew the lease, unless the job has been stopped."""
    renew(claimed)
    with connection.cursor() as cursor:
        cursor.execute(_STOPPED, [claimed.practice_id, claimed.job_id])
        if cursor.fetchone() is not None:
            raise Stopped


def _settle(claimed: Claim, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Keep what became of the messages; the lease is not asked for, because what has happened has happened."""
    parameters: dict[str, Any] = {
        "ids": [outcome.id for outcome in outcomes],
        "statuses": [outcome.status for outcome in outcomes],
        "codes": [outcome.code for outcome in outcomes],
        "references": [outcome.reference for outcome in outcomes],
        **_of(claimed),
    }
    refused = [outcome.code for outcome in outcomes if outcome.account_refused]
    with practice_scope(claimed.practice_id), connection.cursor() as cursor:
        cursor.execute(_SETTLE, parameters)
        if cursor.fetchone() == (True,):
            end_finished([claimed.job_id])
        for outcome in outcomes:
            if outcome.opted_out:
                consent.decide_for_number(
                    phone=outcome.opted_out, permit=False, source=Consent.Source.PROVIDER, now=now
                )
        if refused:
            cursor.execute(_FAIL_JOB, [refused[0], now, claimed.practice_id, claimed.job_id])


def _of(claimed: Claim) -> dict[str, Any]:
    return {"practice": claimed.practice_id, "job": claimed.job_id, "batch": claimed.number}


def _size(provider: MessageProvider) -> int:
    """Two rounds of the pool, so that a chunk ends well within its lease."""
    return CHUNK if provider.concurrency == 1 else 2 * provider.concurrency
