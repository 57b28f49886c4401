"""Who saw and changed a patient's data, for the practice's managers."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import InstantField
from mybcat.gateway.lists import CursorPage, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.models import AuditEntry
from mybcat.principal import Permission
from patients.merging import copies_of
from patients.services import get_patient
from practices.models import User

# Without an index by patient, which each act would pay for, a query walks the practice's acts of its time.
DEFAULT_SPAN, LONGEST_SPAN = timedelta(days=30), timedelta(days=93)


class ActorOutput(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="member, client, operator or platform")
    name = serializers.CharField(allow_null=True)


class TrailEntryOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    who = ActorOutput()
    onBehalfOf = ActorOutput(allow_null=True)
    action = serializers.CharField()
    outcome = serializers.CharField()
    address = serializers.CharField(allow_null=True)
    correlationId = serializers.CharField()


# `data` is a property of the serializer's class, so this cannot be written as one.
TrailList = type(
    "PatientAuditList",
    (serializers.Serializer,),
    {"data": TrailEntryOutput(many=True), "nextCursor": serializers.CharField(allow_null=True)},
)


class TrailQuery(CursorPage):
    """`[from, to)`. Default: the last 30 days."""

    to = InstantField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no Python name.
        return {"from": InstantField(required=False), **super().get_fields()}


class PatientTrail(Endpoint):
    permissions = {"GET": Permission.AUDIT_READ}
    tiers = {"GET": Tier.T2}

    @extend_schema(operation_id="listPatientAudit", parameters=[TrailQuery], responses=TrailList)
    def get(self, request: Request, patient_id: str) -> Response:
        """Every act on the patient's data, on those of merged records too, in order. Asking is such an act itself."""
        query = read_query(request, TrailQuery, paged=False)
        since, until = _span(query, now=self.now)
        patient = get_patient(internal_id("pat", patient_id))
        # Entries never change: what was done before a merge names the record that it was done to.
        records = [str(each) for each in (patient.id, *copies_of(patient.id))]
        rows = AuditEntry.objects.filter(
            at__gte=since, at__lt=until, object_kind="pat", object_ids__has_any_keys=records
        )
        response = page_of(rows, request=request, query=query, order=("at", "id"), show_all=_shown)
        audit.record(
            principal=self.principal, action="patient.audit", object_kind="pat", object_ids=[patient.id], now=self.now
        )
        return response


def _span(query: dict[str, Any], *, now: datetime) -> tuple[datetime, datetime]:
    until = query.get("to") or now
    since = query.get("from") or until - DEFAULT_SPAN
    if not timedelta() < until - since <= LONGEST_SPAN:
        raise serializers.ValidationError({"from": [f"Before `to`, by at most {LONGEST_SPAN.days} days"]})
    return since, until


def _shown(entries: Any) -> list[dict[str, Any]]:
    ids = {value for entry in entries for value in (entry.principal_id, entry.on_behalf_id) if value}
    names = dict(User.objects.filter(id__in=ids).values_list("id", "name"))
    return [_entry(entry, names) for entry in entries]


def _entry(entry: AuditEntry, names: dict[UUID, str]) -> dict[str, Any]:
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
