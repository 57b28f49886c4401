"""The same request again: one effect, and the first answer.

draft-ietf-httpapi-idempotency-key-header-07 and Stripe's practice. The key's row commits with the
effect, so a failure stores nothing and a retry runs; a duplicate that arrives while the first is
running waits for it at the unique index and then finds its answer.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from django.db import DatabaseError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from mybcat.errors import DomainError
from mybcat.gateway.problems import problem_response, sqlstate
from mybcat.ids import new_uuid
from mybcat.principal import Principal
from mybcat.tenancy import practice_scope

RETENTION = timedelta(hours=24)
_KEY = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)
# What a retry would meet again. Other refusals are cheap to repeat, or (429, 5xx) must be.
REMEMBERED = {409, 422}


class KeyMissing(DomainError):
    code = "idempotency_key_missing"
    status = 400
    sentence = "Send an X-Idempotency-Key header of 1 to 255 printable ASCII characters"


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


@dataclass(frozen=True, slots=True)
class Key:
    """A caller's key, what it is for, and the digest of what came with it."""

    value: str
    operation: str
    fingerprint: bytes


def read_key(request: Request, *, required: bool) -> Key | None:
    """The key of the request. Raises KeyMissing where it is required or not of the form."""
    sent = [request.META.get(name) for name in ("HTTP_X_IDEMPOTENCY_KEY", "HTTP_IDEMPOTENCY_KEY")]
    values = {_unquoted(value) for value in sent if value is not None}
    if not values and not required:
        return None
    if len(values) != 1 or not _KEY.fullmatch(value := values.pop()):
        raise KeyMissing
    match = request._request.resolver_match
    route = match.route if match else request.path
    return Key(value, f"{request.method} {route}"[:80], _fingerprint(request))


def _unquoted(value: str) -> str:
    """The draft sends a structured-field string, in quotes; Stripe and most clients send it bare."""
    return value[1:-1] if len(value) > 2 and value[0] == value[-1] == '"' else value


def _fingerprint(request: Request) -> bytes:
    # Not orjson, which fails on integers that JSON has and 64 bits have not.
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    return sha256(f"{request.path}\n{body}".encode()).digest()


def claim(*, key: Key, principal: Principal, now: datetime) -> HttpResponse | None:
    """Take the key for this transaction, or give the answer that it already has.

    Waits for another transaction that holds the key. Raises KeyReused when it came with another
    body, InProgress when the other one takes longer than the lock timeout (2 s).
    """
    try:
        if _insert(key, principal, now=now):
            return None
    except OperationalError as error:
        if sqlstate(error) == "55P03":
            raise InProgress from error
        raise
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fingerprint, status, body, expires_at FROM mybcat_idempotencykey"
            " WHERE practice_id = %s AND principal_id = %s AND operation = %s AND key = %s FOR UPDATE",
            [principal.practice_id, principal.id, key.operation, key.value],
        )
        row = cursor.fetchone()
        if row is not None and row[3] > now:
            return _replay(row, key)
        # Only what has expired: another request may have put a fresh row in its place meanwhile.
        cursor.execute(
            "DELETE FROM mybcat_idempotencykey"
            " WHERE practice_id = %s AND principal_id = %s AND operation = %s AND key = %s AND expires_at <= %s",
            [principal.practice_id, principal.id, key.operation, key.value, now],
        )
    return claim(key=key, principal=principal, now=now)


def _insert(key: Key, principal: Principal, *, now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mybcat_idempotencykey"
            " (id, practice_id, principal_id, operation, key, fingerprint, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                new_uuid(),
                principal.practice_id,
                principal.id,
                key.operation,
                key.value,
                key.fingerprint,
                now + RETENTION,
            ],
        )
        return cursor.rowcount == 1


def _replay(row: tuple[Any, ...], key: Key) -> HttpResponse:
    fingerprint, status, body, _ = row
    if bytes(fingerprint) != key.fingerprint:
        raise KeyReused
    plain = status < 400 or " api/v1/" in key.operation
    content_type = "application/json" if plain else "application/problem+json"
    response = HttpResponse(bytes(body), status=status, content_type=content_type)
    response["Idempotent-Replayed"] = "true"
    return response


def complete(*, key: Key, principal: Principal, response: Any) -> None:
    """Keep the answer with the effect, in the same transaction."""
    _store(key, principal, status=response.status_code, body=orjson.dumps(response.data))


def _store(key: Key, principal: Principal, *, status: int, body: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mybcat_idempotencykey SET status = %s, body = %s"
            " WHERE practice_id = %s AND principal_id = %s AND operation = %s AND key = %s",
            [status, body, principal.practice_id, principal.id, key.operation, key.value],
        )


def remember_refusal(
    *, key: Key, principal: Principal, refusal: DomainError, request: HttpRequest, now: datetime
) -> None:
    """Keep a refusal that a retry would meet again, in a transaction of its own: the first was rolled back."""
    if refusal.status not in REMEMBERED or isinstance(refusal, KeyReused | InProgress):
        return
    body = problem_response(refusal, request=request).content
    try:
        with practice_scope(principal.practice_id):
            if _insert(key, principal, now=now):
                _store(key, principal, status=refusal.status, body=body)
    except DatabaseError:
        # The refusal itself stands; without its row a retry is simply judged anew.
        return
