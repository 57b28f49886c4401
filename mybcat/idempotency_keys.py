"""Forget the answers of requests that need not be repeated any more."""

from datetime import datetime

from django.db import connection

from mybcat.tenancy import platform_scope

BATCH = 1000

_FORGET = """
    DELETE FROM mybcat_idempotencykey WHERE id IN (
        SELECT id FROM mybcat_idempotencykey WHERE expires_at <= %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""


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
