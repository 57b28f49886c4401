"""Who calls: verified and read once, then remembered for at most five minutes, and never a moment too long.

A token's context is kept in the process and in Redis. Each request reads the epochs of caller and
practice in the trip to Redis that counts it (see mybcat/epochs.py): a context that was read before the
last change is read anew. While Redis is away nothing that is remembered is trusted: PostgreSQL is asked.
"""

import hmac
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.module_loading import import_string

from mybcat import epochs
from mybcat.gateway.authentication import refuse_stolen
from mybcat.gateway.counting import Admission, counted
from mybcat.gateway.limits import Limit
from mybcat.gateway.rate_limits import uncounted
from mybcat.gateway.tokens import Claims, verify_access_token
from mybcat.principal import PERMISSIONS, Permission, Principal, Role
from mybcat.tenancy import practice_scope
from mybcat.volatile import Away, volatile

REMEMBERED_SECONDS = epochs.REMEMBERED.total_seconds()
# Tokens of one process: about 10 MB.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """A caller as one statement found them in PostgreSQL, together with the epochs of caller and practice."""

    principal: Principal
    epochs: tuple[int, int]
    # When the sign-in ends, whatever its token says.
    ends_at: datetime | None = None


class Loader(Protocol):
    """Reads who is behind verified claims, inside the practice that they name. Raises InvalidToken."""

    def __call__(self, *, claims: Claims, now: datetime) -> Known: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What is remembered of a token."""

    principal: Principal
    epochs: tuple[int, int]
    # Unix time.
    until: float
    # Of the certificate that the token is bound to.
    thumbprint: str | None

    @property
    def subjects(self) -> tuple[UUID, UUID]:
        """Whose epochs end it."""
        return self.principal.id, self.principal.practice_id

    def lasts(self, now: datetime) -> bool:
        """Whether its time has not run out. A clock that was set back makes nothing last longer."""
        return 0 < self.until - now.timestamp() <= REMEMBERED_SECONDS

    def holds(self, current: Sequence[int | None]) -> bool:
        """Whether nothing has changed since it was read; what Redis does not know may have."""
        return all(known is not None and mine >= known for mine, known in zip(self.epochs, current, strict=True))


class Contexts:
    """Those of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[bytes, Context] = {}

    def get(self, digest: bytes) -> Context | None:
        return self._contexts.get(digest)

    def put(self, digest: bytes, context: Context) -> None:
        with self._lock:
            self._contexts.pop(digest, None)
            if len(self._contexts) >= MOST:
                # The oldest: it has the least time left.
                del self._contexts[next(iter(self._contexts))]
            self._contexts[digest] = context

    def forget(self, digest: bytes) -> None:
        with self._lock:
            self._contexts.pop(digest, None)

    def clear(self) -> None:
        with self._lock:
            self._contexts.clear()


contexts = Contexts()


def authorise(
    token: str, *, certificate: str | None, limits: Callable[[Principal], list[Limit]], now: datetime
) -> tuple[Principal, Admission]:
    """The caller behind an access token, and what the limits say. Outside any transaction.

    `certificate` is the thumbprint of the one that the connection showed. Raises InvalidToken.
    A remembered token costs one trip to Redis, no signature check and no query.
    """
    digest = sha256(token.encode()).digest()
    context = _remembered(digest, now)
    fresh = context is None
    context = context or _read(token, certificate, now)
    refuse_stolen(context.thumbprint, certificate=certificate)
    wanted = limits(context.principal)
    try:
        current, admission = counted(subjects=context.subjects, limits=wanted, store=volatile())
    except Away:
        return (context if fresh else _read(token, certificate, now)).principal, uncounted(wanted)
    if not fresh and context.holds(current):
        return context.principal, admission
    if not fresh:
        contexts.forget(digest)
        context = _read(token, certificate, now)
    _remember(digest, context, now)
    return context.principal, admission


def _remembered(digest: bytes, now: datetime) -> Context | None:
    context = contexts.get(digest)
    if context is None or not context.lasts(now):
        context = _shared(digest)
        if context is None or not context.lasts(now):
            return None
        contexts.put(digest, context)
    return context


def _read(token: str, certificate: str | None, now: datetime) -> Context:
    claims = verify_access_token(token, now=now)
    refuse_stolen(claims.thumbprint, certificate=certificate)
    load: Loader = import_string(settings.PRINCIPAL_LOADERS[claims.kind])
    with practice_scope(claims.practice_id):
        known = load(claims=claims, now=now)
    until = min(now.timestamp() + REMEMBERED_SECONDS, claims.expires_at)
    if known.ends_at is not None:
        until = min(until, known.ends_at.timestamp())
    return Context(known.principal, known.epochs, until, claims.thumbprint)


def _remember(digest: bytes, context: Context, now: datetime) -> None:
    if not context.lasts(now):
        # An external issuer's token in the seconds that are forgiven to its clock.
        return
    contexts.put(digest, context)
    body = orjson.dumps({**asdict(context), "principal": _members(context.principal)})
    seconds = max(int(context.until - now.timestamp()), 1)
    try:
        epochs.send(list(zip(context.subjects, context.epochs, strict=True)), store=volatile())
        volatile().call(lambda client: client.set(_key(digest), _seal(digest, body) + body, ex=seconds))
    except Away:
        return


def _shared(digest: bytes) -> Context | None:
    """What another process remembers."""
    try:
        sealed: Any = volatile().call(lambda client: client.get(_key(digest)))
    except Away:
        return None
    if sealed is None or not hmac.compare_digest(sealed[:32], _seal(digest, sealed[32:])):
        return None
    stored = orjson.loads(sealed[32:])
    try:
        return Context(_principal(stored["principal"]), tuple(stored["epochs"]), stored["until"], stored["thumbprint"])
    except (KeyError, TypeError, ValueError):
        # Of another release, whose callers have other members.
        return None


def _key(digest: bytes) -> str:
    return f"mybcat:context:{digest.hex()}"


def _seal(digest: bytes, body: bytes) -> bytes:
    """Whoever can write to Redis must not be able to make up a caller."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"context:" + digest + body, "sha256")


def _members(principal: Principal) -> dict[str, Any]:
    return {**asdict(principal), "scopes": sorted(principal.scopes)}


def _principal(members: dict[str, Any]) -> Principal:
    session, entitled = members["session_id"], members["entitled_until"]
    role = Role(members["role"]) if members["role"] else None
    operator, scopes = members["operator_id"], frozenset(map(Permission, members["scopes"]))
    return Principal(
        **{
            **members,
            "id": UUID(members["id"]),
            "practice_id": UUID(members["practice_id"]),
            "role": role,
            # What a role is granted is this release's to say; an operator who looks on has less of it.
            "scopes": scopes & PERMISSIONS[role] if role else scopes,
            "entitled_until": datetime.fromisoformat(entitled) if entitled else None,
            "session_id": UUID(session) if session else None,
            "operator_id": UUID(operator) if operator else None,
        }
    )
