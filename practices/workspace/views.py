"""The workspace of whoever answers the practice's phone, and the part of it that managers write."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.conditional import REVALIDATE, State, of_state
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input, read_body
from mybcat.gateway.tiers import Tier
from mybcat.ids import public_id
from mybcat.principal import Permission, Role
from practices.models import AppointmentType, Location, Practice, Practitioner, TimeOff
from practices.protocols.services import version_in_force
from practices.views import (
    AppointmentTypeOutput,
    LocationOutput,
    PractitionerOutput,
    show_location,
    show_practitioner,
    show_type,
)
from practices.workspace import services
from practices.workspace.models import FrontDesk
from practices.workspace.state import versions


class FrontDeskInput(Input):
    greeting = serializers.CharField(max_length=300, allow_blank=True)
    script = serializers.CharField(max_length=8000, allow_blank=True)
    insurance = serializers.ListField(
        child=serializers.CharField(max_length=120), max_length=200, help_text="insurers whose patients are seen"
    )


class FrontDeskOutput(serializers.Serializer[Any]):
    greeting = serializers.CharField()
    script = serializers.CharField()
    insurance = serializers.ListField(child=serializers.CharField())


class WorkspacePracticeOutput(serializers.Serializer[Any]):
    practiceId = serializers.CharField()
    name = serializers.CharField()
    timeZone = serializers.CharField()
    country = serializers.CharField()
    phone = serializers.CharField()
    horizonDays = serializers.IntegerField(help_text="how far ahead there are slots")


class ClosureOutput(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    locationId = serializers.CharField(allow_null=True, help_text="null: the whole practice")
    reason = serializers.CharField()


class WorkspaceOutput(FrontDeskOutput):
    practice = WorkspacePracticeOutput()
    closures = ClosureOutput(many=True, help_text="of the next 90 days")
    locations = LocationOutput(many=True)
    practitioners = PractitionerOutput(many=True)
    appointmentTypes = AppointmentTypeOutput(many=True)
    protocolVersionId = serializers.CharField(allow_null=True, help_text="null: the platform's protocol")
    role = serializers.ChoiceField(choices=[role.value for role in Role], allow_null=True, help_text="null: a program")
    permissions = serializers.ListField(child=serializers.CharField())


def _state(endpoint: Any, request: Request) -> State:
    caller = endpoint.principal
    return State((*versions(now=endpoint.now), caller.role, sorted(caller.scopes)))


class Workspace(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ}
    tiers = {"GET": Tier.T4}
    etag = of_state(_state, cache=REVALIDATE)

    @extend_schema(operation_id="getWorkspace", responses=WorkspaceOutput)
    def get(self, request: Request) -> Response:
        """Your practice's greeting, script, clock, closures, insurers, places, people, types; and what you may do."""
        practice, version = Practice.objects.get(), version_in_force(now=self.now)
        role, scopes = self.principal.role, self.principal.scopes
        return Response(
            {
                **_show_desk(services.front_desk()),
                "practice": _show_practice(practice),
                "closures": [_show_closure(row) for row in _soonest(self.now)],
                "locations": [show_location(row) for row in Location.objects.active().order_by("name", "id")],
                "practitioners": [
                    show_practitioner(row) for row in Practitioner.objects.active().order_by("name", "id")
                ],
                "appointmentTypes": [show_type(row) for row in AppointmentType.objects.active().order_by("name", "id")],
                "protocolVersionId": version and public_id("prot", version.id),
                "role": role,
                "permissions": sorted(scopes),
            }
        )


class FrontDeskDetail(Endpoint):
    permissions = {"PUT": Permission.PRACTICE_MANAGE}
    tiers = {"PUT": Tier.T3}

    @extend_schema(operation_id="putFrontDesk", request=FrontDeskInput, responses=FrontDeskOutput)
    def put(self, request: Request) -> Response:
        """Write how the phone is answered, as a whole; the workspace shows it."""
        body = read_body(FrontDeskInput, request)
        return Response(_show_desk(services.write_front_desk(**body, by=self.principal, now=self.now)))


def _soonest(now: datetime) -> QuerySet[TimeOff]:
    return services.closures(now=now).order_by("starts_at", "id")[: services.MOST_CLOSURES]


def _show_desk(desk: FrontDesk) -> dict[str, Any]:
    return {"greeting": desk.greeting, "script": desk.script, "insurance": desk.insurance}


def _show_practice(practice: Practice) -> dict[str, Any]:
    return {
        "practiceId": public_id("prac", practice.id),
        "name": practice.name,
        "timeZone": practice.time_zone,
        "country": practice.country,
        "phone": practice.phone,
        "horizonDays": practice.horizon_days,
    }


def _show_closure(row: TimeOff) -> dict[str, Any]:
    return {
        "start": row.starts_at,
        "end": row.ends_at,
        "locationId": row.location_id and public_id("loc", row.location_id),
        "reason": row.reason,
    }
