"""Types of appointment as v2 has them, and how programs book: read by whoever books, set by managers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.conditional import all_of
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, Input, read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from practices.models import AppointmentType, Practice
from practices.offering import services
from practices.views import AppointmentTypeOutput, StatusQuery, of_status, show_type

CODE = r"^[a-z][a-z0-9_]{0,59}$"
# The table's own limits, as refusals that name the member.
DURATION: Any = {"min_value": 5, "max_value": 480}
BUFFER: Any = {"min_value": 0, "max_value": 120}
LEAD_HOURS: Any = {"min_value": 0, "max_value": 720}
HORIZON_DAYS: Any = {"min_value": 1, "max_value": 366}
_AUDIENCES = AppointmentType.Audience.choices


class AppointmentTypeInput(Input):
    code = serializers.RegexField(CODE, help_text="what bookings name; it never changes: contact_lens_fitting")
    name = serializers.CharField(max_length=120)
    durationMinutes = serializers.IntegerField(source="duration_minutes", **DURATION)
    bufferBeforeMinutes = serializers.IntegerField(source="buffer_before_minutes", required=False, **BUFFER)
    bufferAfterMinutes = serializers.IntegerField(source="buffer_after_minutes", required=False, **BUFFER)
    audience = serializers.ChoiceField(choices=_AUDIENCES, required=False, help_text="who may come for it")


class AppointmentTypeChange(Input):
    name = serializers.CharField(max_length=120, required=False)
    durationMinutes = serializers.IntegerField(source="duration_minutes", required=False, **DURATION)
    bufferBeforeMinutes = serializers.IntegerField(source="buffer_before_minutes", required=False, **BUFFER)
    bufferAfterMinutes = serializers.IntegerField(source="buffer_after_minutes", required=False, **BUFFER)
    audience = serializers.ChoiceField(choices=_AUDIENCES, required=False)
    active = FlagField(source="is_active", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Nothing to change")
        return attrs


class AppointmentTypeV2Output(AppointmentTypeOutput):
    active = serializers.BooleanField()
    categories = serializers.ListField(child=serializers.CharField(), help_text="of the rooms and equipment it needs")


class SelfServiceInput(Input):
    leadHours = serializers.IntegerField(
        source="lead_hours", allow_null=True, help_text="from how soon programs book; null: as anybody", **LEAD_HOURS
    )
    horizonDays = serializers.IntegerField(
        source="horizon_days",
        allow_null=True,
        help_text="on how many days, today the first; null: as anybody",
        **HORIZON_DAYS,
    )


class SelfServiceOutput(serializers.Serializer[Any]):
    leadHours = serializers.IntegerField(allow_null=True)
    horizonDays = serializers.IntegerField(allow_null=True)


class AppointmentTypeList(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}
    etag = all_of(AppointmentType)

    @listed("listAppointmentTypes", v1=AppointmentTypeOutput, v2=AppointmentTypeV2Output, query_v2=StatusQuery)
    def get(self, request: Request) -> Response:
        """What patients come for. A booking names the `code` of one that is active."""
        query = read_query(request, StatusQuery)
        rows = of_status(AppointmentType.objects.all(), query)
        return page_of(rows, request=request, query=query, order=("name", "id"), show_all=each(show_type_v2))

    @extend_schema(
        operation_id="createAppointmentType", request=AppointmentTypeInput, responses={201: AppointmentTypeV2Output}
    )
    def post(self, request: Request) -> Response:
        """Add a type of appointment, which can be booked at once."""
        fields = read_body(AppointmentTypeInput, request)
        return Response(show_type_v2(services.add_type(fields=fields, by=self.principal, now=self.now)), status=201)


class AppointmentTypeDetail(Endpoint):
    permissions = {"PATCH": Permission.PRACTICE_MANAGE}
    tiers = {"PATCH": Tier.T3}

    @extend_schema(
        operation_id="updateAppointmentType", request=AppointmentTypeChange, responses=AppointmentTypeV2Output
    )
    def patch(self, request: Request, type_code: str) -> Response:
        """Change it for what is booked from now on, or let nobody book it any more; what is booked stays as it is."""
        fields = read_body(AppointmentTypeChange, request)
        changed = services.change_type(code=type_code, fields=fields, by=self.principal, now=self.now)
        return Response(show_type_v2(changed))


class SelfService(Endpoint):
    permissions = dict.fromkeys(("GET", "PUT"), Permission.PRACTICE_MANAGE)
    tiers = {"GET": Tier.T4, "PUT": Tier.T3}

    @extend_schema(operation_id="getSelfServiceSettings", responses=SelfServiceOutput)
    def get(self, request: Request) -> Response:
        """How soon, and how far ahead, programs by which patients book themselves may book."""
        return Response(_show_rules(Practice.objects.get()))

    @extend_schema(operation_id="putSelfServiceSettings", request=SelfServiceInput, responses=SelfServiceOutput)
    def put(self, request: Request) -> Response:
        """Say so anew, as a whole; what is booked stands."""
        body = read_body(SelfServiceInput, request)
        return Response(_show_rules(services.write_self_service(**body, by=self.principal, now=self.now)))


def show_type_v2(row: AppointmentType) -> dict[str, Any]:
    """With what managers set beside."""
    return {**show_type(row), "active": row.is_active, "categories": row.resource_categories}


def _show_rules(practice: Practice) -> dict[str, Any]:
    return {"leadHours": practice.self_service_lead_hours, "horizonDays": practice.self_service_horizon_days}
