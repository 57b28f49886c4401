"""Locations as v2 has them: read by whoever books, set by managers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.hours.serializers import LeftOutsideOutput, show_outside
from appointments.places import services
from mybcat.gateway.conditional import all_of
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, Input, read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission
from mybcat.zones import zone_names
from practices.models import Location
from practices.views import LocationOutput, StatusQuery, of_status, show_location

E164 = r"^(\+[1-9][0-9]{6,14})?\Z"


def _known(name: str) -> None:
    if name not in zone_names():
        raise serializers.ValidationError("Not a time zone of the IANA database, such as America/New_York")


class LocationInput(Input):
    name = serializers.CharField(max_length=120)
    address = serializers.CharField(max_length=250, allow_blank=True, required=False)
    phone = serializers.RegexField(
        E164,
        allow_blank=True,
        required=False,
        help_text="as the whole world dials it: +12125550123; empty: none of its own",
        error_messages={"invalid": "Give the number as +, country and number: +12125550123"},
    )
    timeZone = serializers.CharField(
        source="time_zone", max_length=64, validators=[_known], help_text="an IANA name: America/New_York"
    )


class LocationChange(LocationInput):
    name = serializers.CharField(max_length=120, required=False)
    timeZone = serializers.CharField(source="time_zone", max_length=64, validators=[_known], required=False)
    active = FlagField(source="is_active", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Nothing to change")
        return attrs


class LocationV2Output(LocationOutput):
    phone = serializers.CharField(help_text="empty: none of its own")
    active = serializers.BooleanField()


class LocationChangedOutput(serializers.Serializer[Any]):
    location = LocationV2Output()
    appointmentsOutside = serializers.IntegerField(
        help_text="booked appointments to come that lie outside of hours by its new clock; they stand"
    )
    soonest = LeftOutsideOutput(many=True)


class Locations(Endpoint):
    # The name of v1's: an operation is counted once, whichever version is asked.
    permissions = {"GET": Permission.REFERENCE_READ, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}
    etag = all_of(Location)

    @listed("listLocations", v1=LocationOutput, v2=LocationV2Output, query_v2=StatusQuery)
    def get(self, request: Request) -> Response:
        """Places where patients are seen; others where they are asked for."""
        query = read_query(request, StatusQuery)
        rows = of_status(Location.objects.all(), query)
        return page_of(rows, request=request, query=query, order=("name", "id"), show_all=each(show_location_v2))

    @extend_schema(operation_id="createLocation", request=LocationInput, responses={201: LocationV2Output})
    def post(self, request: Request) -> Response:
        """Add a place; give practitioners hours there, and they can be booked."""
        fields = read_body(LocationInput, request)
        added = services.add_location(fields=fields, by=self.principal, now=self.now)
        return Response(show_location_v2(added), status=201)


class LocationDetail(Endpoint):
    permissions = {"PATCH": Permission.PRACTICE_MANAGE}
    tiers = {"PATCH": Tier.T3}

    @extend_schema(operation_id="updateLocation", request=LocationChange, responses=LocationChangedOutput)
    def patch(self, request: Request, location_id: str) -> Response:
        """Change it. Its clock: free times are made anew, what is booked stays when it is, and is told where it then
        lies outside of hours. Not active: refused while appointments to come stand there; else free time closes.
        """
        fields = read_body(LocationChange, request)
        changed, outside = services.change_location(
            location_id=internal_id("loc", location_id), fields=fields, by=self.principal, now=self.now
        )
        return Response({"location": show_location_v2(changed), **show_outside(outside)})


def show_location_v2(row: Location) -> dict[str, Any]:
    """With what managers set beside."""
    return {**show_location(row), "phone": row.phone, "active": row.is_active}
