"""What operators see and do, on record: one audit row a page or act, in its transaction."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from mybcat import audit
from mybcat.operators.identifiers import object_kind
from mybcat.principal import Operator


def operator(request: HttpRequest) -> Operator:
    """Who acts, for services that ask `by` whom."""
    return Operator(id=cast("UUID", request.user.pk))


def record(
    request: HttpRequest,
    *,
    model: type[models.Model],
    act: str,
    rows: Sequence[models.Model],
    outcome: str = "success",
    reason: str = "",
) -> None:
    """Add `admin.<model>.<act>` on these rows; it belongs to their practice where they have one in common."""
    owners = {_practice_of(row) for row in rows}
    audit.record(
        principal=operator(request),
        action=f"admin.{model._meta.model_name}.{act}",
        object_kind=object_kind(model),
        object_ids=[row.pk for row in rows],
        now=timezone.now(),
        outcome=outcome,
        practice_id=owners.pop() if len(owners) == 1 else None,
        reason=reason,
    )


def of_oneself(request: HttpRequest, act: str, *, outcome: str = "success") -> None:
    """Add `admin.<act>` of what an operator does to their own access, such as signing in."""
    audit.record(
        principal=operator(request),
        action=f"admin.{act}",
        object_kind=object_kind(get_user_model()),
        object_ids=[cast("UUID", request.user.pk)],
        now=timezone.now(),
        outcome=outcome,
    )


def _practice_of(row: Any) -> UUID | None:
    if row._meta.label == "practices.Practice":
        return cast("UUID", row.pk)
    return getattr(row, "practice_id", None)
