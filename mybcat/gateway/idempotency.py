"""The same request again: one effect, and the first answer.

draft-ietf-httpapi-idempotency-key-header-07 and Stripe's practice. The key's row commits with the
effect, so a failure stores nothing and a retry runs; a duplicate that arrives while the first is
running waits for it at the unique index and then finds its answer.
"""

import json
import re
from datetime import datetime
from hashlib import sha256

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from mybcat.errors import DomainError
from mybcat.gateway.problems import problem_response
from mybcat.idempotency_keys import Answered, InProgress, Key, KeyReused, keep
from mybcat.principal import Principal
from mybcat.tenancy import practice_scope

_KEY = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)
# What a retry would meet again. Other refusals are cheap to repeat, or (429, 5xx) must be.
REMEMBERED = {409, 422}
# Not orjson, which fails on integers that JSON has and 64 bits have not.
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class KeyMissing(DomainError):
    code = "idempotency_key_missing"
    status = 400
    sentence = "Send an X-Idempotency-Key header of 1 to 255 printable ASCII characters"


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
    body = _WRITER.encode(request.data)
    # A query may ask for something else, such as a preview.
    query = request._request.META.get("QUERY_STRING", "")
    return sha256(f"{request.path}{'?' * bool(query)}{query}\n{body}".encode()).digest()


def replay(answered: Answered, *, key: Key) -> HttpResponse:
    """The answer as it goes out again."""
    plain = answered.status < 400 or " api/v1/" in key.operation
    content_type = "application/json" if plain else "application/problem+json"
    response = HttpResponse(answered.body, status=answered.status, content_type=content_type)
    response["Idempotent-Replayed"] = "true"
    return response


def remember_refusal(
    *, key: Key, principal: Principal, refusal: DomainError, request: HttpRequest, now: datetime
) -> None:
    """Keep a refusal that a retry would meet again, in a transaction of its own: the first was rolled back."""
    if refusal.status not in REMEMBERED or isinstance(refusal, KeyReused | InProgress):
        return
    body = problem_response(refusal, request=request).content
    try:
        with practice_scope(principal.practice_id):
            keep(key=key, principal=principal, status=refusal.status, body=body, now=now)
    except DatabaseError:
        # The refusal itself stands; without its row a retry is simply judged anew.
        return
