"""An id that the caller's practice does not have: unknown, or another practice's?"""

from datetime import datetime

import structlog
from django.apps import apps
from django.conf import settings

from mybcat import audit
from mybcat.correlation import correlation_id, remote_address
from mybcat.errors import DomainError, Forbidden, UnknownId
from mybcat.ids import public_id
from mybcat.metrics import cross_practice_attempts
from mybcat.models import SecurityEvent
from mybcat.principal import Principal
from mybcat.tenancy import platform_scope, practice_scope

logger = structlog.get_logger(__name__)


def judged(error: UnknownId, *, principal: Principal, now: datetime) -> DomainError:
    """`error` itself, or Forbidden once the attempt on another practice's row is on record."""
    if error.value is None or error.prefix not in settings.PUBLIC_IDS:
        return error
    model = apps.get_model(settings.PUBLIC_IDS[error.prefix])
    key = "id" if error.prefix == "prac" else "practice_id"
    with platform_scope(reason="whose id is this"):
        owner = model.objects.filter(id=error.value).values_list(key, flat=True).first()
    if owner is None or owner == principal.practice_id:
        return error
    with practice_scope(principal.practice_id):
        SecurityEvent.objects.create(
            kind="cross_practice_access",
            at=now,
            principal_kind=principal.kind,
            principal_id=principal.id,
            other_practice_id=owner,
            object_kind=error.prefix,
            object_id=error.value,
            address=remote_address(),
            correlation_id=correlation_id(),
        )
        audit.record(
            principal=principal,
            action="cross_practice_access",
            object_kind=error.prefix,
            object_ids=[error.value],
            now=now,
            outcome="denied",
        )
    cross_practice_attempts.inc()
    logger.warning(
        "Cross-practice access attempt",
        userId=str(principal.id),
        requestedId=public_id(error.prefix, error.value),
        agentPractice=str(principal.practice_id),
        patientPractice=str(owner),
    )
    return Forbidden()
