"""Rooms and equipment: read by whoever books, managed by managers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, IdField, Input, read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import familiar_id, internal_id, public_id
from mybcat.principal import Permission
from practices.resources.models import CATEGORY, Resource
from practices.resources.services import add_resource, change_resource, set_needs

MOST_CATEGORIES = 5
# Shorter than any public id, so that none passes for a category.
LONGEST_CATEGORY = 28


class ResourceInput(Input):
    locationId = IdField("loc", source="location_id")
    kind = serializers.ChoiceField(choices=Resource.Kind.choices, error_messages={"invalid_choice": "No such kind"})
    category = serializers.RegexField(
        CATEGORY, max_length=LONGEST_CATEGORY, help_text="what types of appointment ask for: exam_room"
    )
    name = serializers.CharField(max_length=120)


class ResourceChange(Input):
    name = serializers.CharField(max_length=120, required=False)
    active = FlagField(source="is_active", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Nothing to change")
        return attrs


class NeedsInput(Input):
    categories = serializers.ListField(
        child=serializers.RegexField(CATEGORY, max_length=LONGEST_CATEGORY), max_length=MOST_CATEGORIES
    )


class ResourceOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    locationId = serializers.CharField()
    kind = serializers.ChoiceField(choices=Resource.Kind.choices)
    category = serializers.CharField()
    name = serializers.CharField()
    active = serializers.BooleanField()


class NeedsOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField())


class Resources(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T2}
    idempotent = {"POST": "accepted"}

    @listed("listResources", v1=ResourceOutput, v2=ResourceOutput)
    def get(self, request: Request) -> Response:
        """Rooms and equipment, also those out of use."""
        rows = Resource.objects.all()
        query = read_query(request)
        return page_of(rows, request=request, query=query, order=("name", "id"), show_all=each(show_resource))

    @extend_schema(operation_id="createResource", request=ResourceInput, responses={201: ResourceOutput})
    def post(self, request: Request) -> Response:
        """Add a room or a piece of equipment to a location."""
        fields = read_body(ResourceInput, request)
        location_id = fields.pop("location_id")
        resource = add_resource(location_id=location_id, fields=fields, by=self.principal, now=self.now)
        return Response(show_resource(resource), status=201)


class ResourceDetail(Endpoint):
    permissions = {"PATCH": Permission.PRACTICE_MANAGE}
    tiers = {"PATCH": Tier.T2}

    @extend_schema(operation_id="updateResource", request=ResourceChange, responses=ResourceOutput)
    def patch(self, request: Request, resource_id: str) -> Response:
        """Rename it, or take it out of use; appointments that have it keep it."""
        fields = read_body(ResourceChange, request)
        wanted = internal_id("res", resource_id)
        return Response(
            show_resource(change_resource(resource_id=wanted, fields=fields, by=self.principal, now=self.now))
        )


class TypeResources(Endpoint):
    permissions = {"PUT": Permission.PRACTICE_MANAGE}
    tiers = {"PUT": Tier.T2}

    @extend_schema(operation_id="putTypeResources", request=NeedsInput, responses=NeedsOutput)
    def put(self, request: Request, type_code: str) -> Response:
        """What each appointment of the type needs beside a practitioner: one resource of each category."""
        categories = read_body(NeedsInput, request)["categories"]
        kind = set_needs(code=type_code, categories=categories, by=self.principal, now=self.now)
        return Response({"code": kind.code, "categories": kind.resource_categories})


def show_resource(row: Resource) -> dict[str, Any]:
    return {
        "id": public_id("res", row.id),
        "locationId": familiar_id("loc", row.location_id),
        "kind": row.kind,
        "category": row.category,
        "name": row.name,
        "active": row.is_active,
    }
