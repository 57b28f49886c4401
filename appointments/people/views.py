"""Practitioners as v2 has them: read by whoever books, set by managers."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.hours.serializers import LeftOutsideOutput, show_outside
from appointments.people import services
from mybcat.gateway.conditional import all_of
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, IdField, Input, read_body
from mybcat.gateway.lists import listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from practices.models import Membership, Practitioner
from practices.views import PractitionerOutput, StatusQuery, of_status, show_practitioner

# More is a second calendar, not an exception.
MOST_OVERBOOKINGS = 20


class PractitionerInput(Input):
    name = serializers.CharField(max_length=120)
    qualification = serializers.CharField(max_length=40, allow_blank=True, required=False)
    overbookingsADay = serializers.IntegerField(
        source="overbookings_a_day",
        min_value=0,
        max_value=MOST_OVERBOOKINGS,
        required=False,
        help_text="beside what the calendar has room for",
    )
    memberId = IdField(
        "mem", source="member_id", required=False, allow_null=True, help_text="who signs in as them; null: nobody"
    )


class PractitionerChange(PractitionerInput):
    name = serializers.CharField(max_length=120, required=False)
    active = FlagField(source="is_active", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Nothing to change")
        return attrs


class PractitionerV2Output(PractitionerOutput):
    active = serializers.BooleanField()
    overbookingsADay = serializers.IntegerField()
    memberId = serializers.CharField(allow_null=True, help_text="who signs in as them")


class PractitionerChangedOutput(serializers.Serializer[Any]):
    practitioner = PractitionerV2Output()
    appointmentsOutside = serializers.IntegerField(
        help_text="booked appointments to come with who sees patients no more by this change; they stand"
    )
    soonest = LeftOutsideOutput(many=True)


class PractitionerList(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}
    etag = all_of(Practitioner)

    @listed("listPractitioners", v1=PractitionerOutput, v2=PractitionerV2Output, query_v2=StatusQuery)
    def get(self, request: Request) -> Response:
        """Practitioners who see patients; others where they are asked for."""
        query = read_query(request, StatusQuery)
        rows = of_status(Practitioner.objects.all(), query)
        return page_of(rows, request=request, query=query, order=("name", "id"), show_all=show_practitioners)

    @extend_schema(operation_id="createPractitioner", request=PractitionerInput, responses={201: PractitionerV2Output})
    def post(self, request: Request) -> Response:
        """Add a practitioner; give them working hours, and they can be booked."""
        fields = read_body(PractitionerInput, request)
        added = services.add_practitioner(fields=fields, by=self.principal, now=self.now)
        return Response(show_practitioners([added])[0], status=201)


class PractitionerDetail(Endpoint):
    permissions = {"PATCH": Permission.PRACTICE_MANAGE}
    tiers = {"PATCH": Tier.T3}

    @extend_schema(operation_id="updatePractitioner", request=PractitionerChange, responses=PractitionerChangedOutput)
    def patch(self, request: Request, practitioner_id: str) -> Response:
        """Rename them, or let them see patients no more: free time closes, what is booked stands and is told."""
        fields = read_body(PractitionerChange, request)
        wanted = internal_id("pract", practitioner_id)
        changed, outside = services.change_practitioner(
            practitioner_id=wanted, fields=fields, by=self.principal, now=self.now
        )
        return Response({"practitioner": show_practitioners([changed])[0], **show_outside(outside)})


def show_practitioners(rows: Sequence[Practitioner]) -> list[dict[str, Any]]:
    """With what managers set beside."""
    people = {row.user_id for row in rows} - {None}
    members = dict(Membership.objects.filter(user_id__in=people).values_list("user_id", "id")) if people else {}
    return [
        {
            **show_practitioner(row),
            "active": row.is_active,
            "overbookingsADay": row.overbookings_a_day,
            "memberId": public_id("mem", members[row.user_id]) if row.user_id in members else None,
        }
        for row in rows
    ]
