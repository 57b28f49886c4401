"""Tickets: a member who has proved who they are over HTTP opens one socket with one.

A token must not stand in a URL, where logs keep it, and browsers cannot send headers with a socket.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import orjson
import redis
from django.conf import settings

from mybcat.errors import DomainError
from mybcat.gateway.tokens import Claims
from mybcat.volatile import Away, volatile

LIFETIME_SECONDS = 30

_T = TypeVar("_T")


class LiveAway(DomainError):
    """Redis is away, which keeps tickets; the dashboard asks for changes instead until it is back."""

    code = "live_away"
    status = 503
    sentence = "Live updates are not available at the moment. Ask for changes instead."

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"Retry-After": "2"}


def issue_ticket(*, claims: Claims) -> str:
    """A ticket good for one socket of the sign-in behind `claims`, for 30 s. Raises LiveAway."""
    ticket = secrets.token_urlsafe(16)
    body = orjson.dumps({**asdict(claims), "scopes": sorted(claims.scopes)})
    _asked(lambda client: client.set(_key(ticket), _seal(ticket, body) + body, ex=LIFETIME_SECONDS))
    return ticket


def take_ticket(ticket: str) -> Claims | None:
    """Whose it is, once; None for one that is used, too old or made up. Raises LiveAway."""
    sealed: Any = _asked(lambda client: client.getdel(_key(ticket)))
    if sealed is None or not hmac.compare_digest(sealed[:32], _seal(ticket, sealed[32:])):
        return None
    return _claims(orjson.loads(sealed[32:]))


def _asked(use: Callable[[redis.Redis], _T]) -> _T:
    try:
        return volatile().call(use)
    except Away as error:
        raise LiveAway from error


def _key(ticket: str) -> str:
    # Whoever can list keys must not be able to use one.
    return f"mybcat:ticket:{sha256(ticket.encode()).hexdigest()}"


def _seal(ticket: str, body: bytes) -> bytes:
    """Whoever can write to Redis must not be able to make up a caller."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"ticket:" + ticket.encode() + body, "sha256")


def _claims(members: dict[str, Any]) -> Claims:
    ids = ("user_id", "practice_id", "session_id", "client_id", "operator_id")
    typed = {name: UUID(members[name]) if members[name] else None for name in ids}
    return Claims(**{**members, **typed, "scopes": frozenset(members["scopes"])})
