"""What a refusal leaves behind: an attempt on another practice's row, a leak prevented, a permission missing."""

from datetime import datetime
from uuid import UUID

import structlog
from rest_framework.request import Request

from mybcat import audit
from mybcat.correlation import correlation_id, remote_address
from mybcat.errors import DomainError, Forbidden, UnknownId
from mybcat.gateway import named_ids, output_guard
from mybcat.gateway.output_guard import PreventedLeak
from mybcat.gateway.owners import Named, foreign
from mybcat.ids import public_id
from mybcat.metrics import cross_practice_attempts, prevented_leaks
from mybcat.models import SecurityEvent
from mybcat.principal import Principal
from mybcat.security import SecurityKind
from mybcat.tenancy import platform_scope, practice_scope

logger = structlog.get_logger(__name__)


def judged(error: Exception, *, principal: Principal, now: datetime, request: Request | None = None) -> Exception:
    """What to answer instead of `error`, once what it shows is on record; `error` itself where it shows nothing.

    Whatever a request is refused for, an id of another practice in it is an attempt: Forbidden.
    Outside any scope, after the refusal's rollback.
    """
    if isinstance(error, PreventedLeak):
        _record_leak(error, principal, now=now)
        return error
    named = named_ids.of_request(request) if request else []
    if isinstance(error, UnknownId) and error.value is not None:
        named = [(error.prefix, error.value), *named]
    if named:
        with platform_scope(reason="whose id is this"):
            attempt = foreign(named, practice_id=principal.practice_id)
        if attempt:
            _record_attempt(attempt, principal, now=now)
            return Forbidden()
    if isinstance(error, DomainError) and error.status == Forbidden.status and request:
        _record_refusal(request, named, principal, now=now)
    return error


def refuse_foreign_ids(request: Request, *, principal: Principal) -> None:
    """Before anything is done, in the practice's scope: path, query and preconditions name rows of it or of nobody.

    Raises UnknownId. Ids in the body are the services' to look up: asking twice would cost each booking.
    """
    named = {public_id(*each).encode() for each in named_ids.of_address(request)}
    attempt = output_guard.another_s(named, practice_id=principal.practice_id) if named else None
    if attempt:
        raise UnknownId(prefix=attempt[0][0], value=attempt[0][1])


def _record_attempt(attempt: tuple[Named, UUID], principal: Principal, *, now: datetime) -> None:
    (prefix, value), owner = attempt
    with practice_scope(principal.practice_id):
        _add(SecurityKind.CROSS_PRACTICE_ACCESS, (prefix, value), owner, principal, now=now, outcome="denied")
    cross_practice_attempts.inc()
    logger.warning(
        "Cross-practice access attempt",
        userId=str(principal.id),
        requestedId=public_id(prefix, value),
        agentPractice=str(principal.practice_id),
        patientPractice=str(owner),
    )


def _record_leak(leak: PreventedLeak, principal: Principal, *, now: datetime) -> None:
    with practice_scope(principal.practice_id):
        _add(SecurityKind.PREVENTED_LEAK, leak.named, leak.owner, principal, now=now, outcome="prevented")
    prevented_leaks.inc()
    logger.critical(
        "Leak to another practice prevented",
        userId=str(principal.id),
        shownId=public_id(*leak.named) if leak.named else None,
        agentPractice=str(principal.practice_id),
        patientPractice=str(leak.owner),
    )


def _add(
    kind: SecurityKind, named: Named | None, owner: UUID, principal: Principal, *, now: datetime, outcome: str
) -> None:
    prefix, value = named or ("", None)
    SecurityEvent.objects.create(
        kind=kind,
        at=now,
        principal_kind=principal.acting.kind,
        principal_id=principal.acting.id,
        other_practice_id=owner,
        object_kind=prefix,
        object_id=value,
        address=remote_address(),
        correlation_id=correlation_id(),
    )
    audit.record(
        principal=principal,
        action=kind,
        object_kind=prefix,
        object_ids=[value] if value else [],
        now=now,
        outcome=outcome,
    )


def _record_refusal(request: Request, named: list[Named], principal: Principal, *, now: datetime) -> None:
    """Someone known asked for what they are not granted: of which objects, and by which operation."""
    prefix = named[0][0] if named else ""
    match = request._request.resolver_match
    with practice_scope(principal.practice_id):
        audit.record(
            principal=principal,
            action="access.refused",
            object_kind=prefix,
            object_ids=[value for kind, value in named if kind == prefix],
            now=now,
            outcome="refused",
            reason=f"{request.method} {match.route if match else ''}",
        )
