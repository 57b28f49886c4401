"""Secrets of API clients: made here, shown once, kept as digests."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from integrations.clients.models import ApiClient, ApiClientSecret

# Scanners of source code find a leaked one by its beginning.
PREFIX = "mybcs_"
# Time to change the secret in all the partner's places.
OVERLAP = timedelta(hours=24)
MAX_OVERLAP = timedelta(days=7)
# More means that somebody never finishes changing.
_AT_ONCE = 2


def add_secret(client: ApiClient, *, overlap: timedelta, now: datetime) -> str:
    """A new secret; the last one stays good for `overlap` from `now`, and those before it end at once.

    Call with the client's row locked.
    """
    standing = list(ApiClientSecret.objects.filter(client=client).valid(now=now).order_by("-id"))
    for number, older in enumerate(standing):
        ends = now + overlap if number < _AT_ONCE - 1 else now
        older.expires_at = min(older.expires_at or ends, ends)
        older.save(update_fields=("expires_at",))
    secret = PREFIX + secrets.token_urlsafe(32)
    ApiClientSecret.objects.create(
        practice_id=client.practice_id, client=client, digest=digest(secret), hint=secret[-4:], created_at=now
    )
    return secret


def is_secret_of(client: ApiClient, secret: str, *, now: datetime) -> bool:
    """Whether the client's own `secret` is good at `now`."""
    # By an index on digests: how long it takes tells nothing of any secret.
    return ApiClientSecret.objects.filter(client=client, digest=digest(secret)).valid(now=now).exists()


def digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
