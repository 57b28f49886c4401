"""The keys' rows: claimed in the transaction of the work, completed with its answer, forgotten when they expire."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from mybcat.errors import DomainError
from mybcat.ids import new_uuid
from mybcat.principal import Principal
from mybcat.tenancy import platform_scope

RETENTION = timedelta(hours=24)
BATCH = 1000

_CLAIM = """
    SELECT * FROM mybcat_claim_key(
        %(key_id)s, %(by)s, %(operation)s, %(key)s, %(fingerprint)s, %(now)s, %(expires_at)s)
"""
_COMPLETE = """
    UPDATE mybcat_idempotencykey SET status = %(status)s, body = %(body)s
    WHERE practice_id = %(practice)s AND principal_id = %(by)s AND operation = %(operation)s AND key = %(key)s
"""
_KEEP = """
    INSERT INTO mybcat_idempotencykey
        (id, practice_id, principal_id, operation, key, fingerprint, status, body, expires_at)
    VALUES (%(key_id)s, %(practice)s, %(by)s, %(operation)s, %(key)s, %(fingerprint)s, %(status)s, %(body)s,
            %(expires_at)s)
    ON CONFLICT DO NOTHING
"""
_FORGET = """
    DELETE FROM mybcat_idempotencykey WHERE id = ANY(ARRAY(
        SELECT id FROM mybcat_idempotencykey WHERE expires_at <= %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422
    sentence = "This idempotency key was used with another request"


class InProgress(DomainError):
    code = "idempotency_in_progress"
    status = 409
    sentence = "A request with this idempotency key is still running"

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"Retry-After": "1"}


class Answered(Exception):
    """No error: the work was done before, and this is what the key's row keeps of its answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status, self.body = status, body


@dataclass(frozen=True, slots=True)
class Key:
    """A caller's key, what it is for, and the digest of what came with it."""

    value: str
    operation: str
    fingerprint: bytes


def claim(*, key: Key, principal: Principal, now: datetime) -> None:
    """Take the key for this transaction.

    Waits for another transaction that holds the key. Raises Answered when the key has its answer, KeyReused when
    it came with another body, InProgress when the other one takes longer than the lock timeout (2 s).
    """
    with claiming(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"by": principal.id, "now": now, **claim_parameters(key, now=now)})
        refuse_answered(cursor.fetchone(), key)


def claim_parameters(key: Key | None, *, now: datetime) -> dict[str, Any]:
    """What `mybcat_claim_key()` wants to know, also for services that call it in the statement that does the work."""
    if key is None:
        return dict.fromkeys(("key_id", "operation", "key", "fingerprint", "expires_at"))
    return {
        "key_id": new_uuid(),
        "operation": key.operation,
        "key": key.value,
        "fingerprint": key.fingerprint,
        "expires_at": now + RETENTION,
    }


@contextmanager
def claiming() -> Iterator[None]:
    """Around a statement that claims a key. Raises InProgress when it waited too long for that."""
    try:
        yield
    except OperationalError as error:
        cause = error.__cause__
        # The statement may have waited for other rows: PostgreSQL tells in which function it was.
        if isinstance(cause, LockNotAvailable) and "mybcat_claim_key" in (cause.diag.context or ""):
            raise InProgress from error
        raise


def refuse_answered(row: tuple[Any, ...], key: Key) -> None:
    """Judge what `mybcat_claim_key()` found: raises Answered, KeyReused for another body's answer, or nothing."""
    fingerprint, status, body = row
    if fingerprint is None:
        return
    if bytes(fingerprint) != key.fingerprint:
        raise KeyReused
    raise Answered(status, bytes(body))


def complete(*, key: Key, principal: Principal, status: int, body: bytes) -> None:
    """Keep the answer with the effect, in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETE, _row(key, principal, status, body))


def keep(*, key: Key, principal: Principal, status: int, body: bytes, now: datetime) -> None:
    """Keep an answer that has no effect to go with, unless the key has one by now."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, _row(key, principal, status, body) | claim_parameters(key, now=now))


def _row(key: Key, principal: Principal, status: int, body: bytes) -> dict[str, Any]:
    return {
        "practice": principal.practice_id,
        "by": principal.id,
        "operation": key.operation,
        "key": key.value,
        "status": status,
        "body": body,
    }


def forget_expired(*, now: datetime, batch: int = BATCH) -> int:
    """Delete keys that have expired, in short transactions that hinder no request; how many."""
    forgotten = 0
    while True:
        with platform_scope(reason="forget idempotency keys"), connection.cursor() as cursor:
            cursor.execute(_FORGET, [now, batch])
            deleted = cursor.rowcount
        forgotten += deleted
        if deleted < batch:
            return forgotten
