"""Audit entries as managers read them: when, who by name, for whom, what, and how it came out."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rest_framework import serializers

from mybcat.gateway.inputs import InstantField
from mybcat.gateway.lists import CursorPage
from mybcat.ids import public_id
from mybcat.models import AuditEntry
from practices.models import User

# A query walks the practice's acts of its time: an index by what they are about is one that each act would pay for.
DEFAULT_SPAN, LONGEST_SPAN = timedelta(days=30), timedelta(days=93)


class ActorOutput(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="member, client, operator or platform")
    name = serializers.CharField(allow_null=True)


class ActOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    who = ActorOutput()
    onBehalfOf = ActorOutput(allow_null=True)
    action = serializers.CharField(help_text="a stable code, such as `patient.read`; there may be new ones")
    outcome = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    correlationId = serializers.CharField()


class ActsQuery(CursorPage):
    """`[from, to)`. Default: the last 30 days."""

    to = InstantField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no Python name.
        return {"from": InstantField(required=False), **super().get_fields()}


def span_of(query: dict[str, Any], *, now: datetime) -> tuple[datetime, datetime]:
    """What an ActsQuery asks for. Raises ValidationError where that is too long, or nothing."""
    until = query.get("to") or now
    since = query.get("from") or until - DEFAULT_SPAN
    if not timedelta() < until - since <= LONGEST_SPAN:
        raise serializers.ValidationError({"from": [f"Before `to`, by at most {LONGEST_SPAN.days} days"]})
    return since, until


def show_acts(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """In the shape of ActOutput."""
    entries = list(entries)
    ids = {value for entry in entries for value in (entry.principal_id, entry.on_behalf_id) if value}
    names = dict(User.objects.filter(id__in=ids).values_list("id", "name"))
    return [_act(entry, names) for entry in entries]


def _act(entry: AuditEntry, names: dict[UUID, str]) -> dict[str, Any]:
    on_behalf = _actor(entry.on_behalf_kind, entry.on_behalf_id, names) if entry.on_behalf_kind else None
    return {
        "at": entry.at,
        "who": _actor(entry.principal_kind, entry.principal_id, names),
        "onBehalfOf": on_behalf,
        "action": entry.action,
        "outcome": entry.outcome,
        "address": entry.address,
        "correlationId": entry.correlation_id,
    }


def _actor(kind: str, value: UUID | None, names: dict[UUID, str]) -> dict[str, Any]:
    """Members and operators by name; an API client by its public id."""
    if kind == "client" and value:
        return {"kind": kind, "name": public_id("appc", value)}
    return {"kind": kind, "name": names.get(value) if value else None}
