"""Reference data: who sees patients, where, and for what. v2 tells managers more, and lets them change it."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.conditional import all_of
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import public_id
from mybcat.principal import Permission
from practices.models import AppointmentType, Location, Practitioner


class PractitionerOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    qualification = serializers.CharField()


class LocationOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField()
    timeZone = serializers.CharField()


class AppointmentTypeOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    durationMinutes = serializers.IntegerField()
    bufferBeforeMinutes = serializers.IntegerField()
    bufferAfterMinutes = serializers.IntegerField()
    audience = serializers.ChoiceField(choices=AppointmentType.Audience.choices, help_text="who may come for it")


class StatusQuery(Input):
    status = serializers.ChoiceField(choices=("active", "inactive", "all"), default="active")


class Practitioners(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ}
    tiers = {"GET": Tier.T4}
    etag = all_of(Practitioner)

    @listed("listPractitioners", v1=PractitionerOutput, v2=PractitionerOutput)
    def get(self, request: Request) -> Response:
        """Practitioners who see patients."""
        return _all(Practitioner.objects.active(), request, show_practitioner)


class Locations(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ}
    tiers = {"GET": Tier.T4}
    etag = all_of(Location)

    @listed("listLocations", v1=LocationOutput, v2=LocationOutput)
    def get(self, request: Request) -> Response:
        """Places where patients are seen."""
        return _all(Location.objects.active(), request, show_location)


class AppointmentTypes(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ}
    tiers = {"GET": Tier.T4}
    etag = all_of(AppointmentType)

    @listed("listAppointmentTypes", v1=AppointmentTypeOutput, v2=AppointmentTypeOutput)
    def get(self, request: Request) -> Response:
        """What patients come for. A booking names the `code`."""
        return _all(AppointmentType.objects.active(), request, show_type)


def of_status(rows: QuerySet[Any], query: dict[str, Any]) -> QuerySet[Any]:
    """Those that StatusQuery asks for."""
    return rows if query["status"] == "all" else rows.filter(is_active=query["status"] == "active")


def _all(rows: QuerySet[Any], request: Request, show: Callable[[Any], dict[str, Any]]) -> Response:
    return page_of(rows, request=request, query=read_query(request), order=("name", "id"), show_all=each(show))


def show_practitioner(row: Practitioner) -> dict[str, Any]:
    """As agents know them."""
    return {"id": public_id("pract", row.id), "name": row.name, "qualification": row.qualification}


def show_location(row: Location) -> dict[str, Any]:
    """With its own clock."""
    return {"id": public_id("loc", row.id), "name": row.name, "address": row.address, "timeZone": row.time_zone}


def show_type(row: AppointmentType) -> dict[str, Any]:
    """With what it takes beside its duration."""
    return {
        "code": row.code,
        "name": row.name,
        "durationMinutes": row.duration_minutes,
        "bufferBeforeMinutes": row.buffer_before_minutes,
        "bufferAfterMinutes": row.buffer_after_minutes,
        "audience": row.audience,
    }
