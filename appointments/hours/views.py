"""Managers say when people work and when they do not; the slots follow in the same transaction."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.hours import serializers as shapes
from appointments.hours import services
from appointments.hours.outside import Outside
from appointments.views import refuse_unknown
from mybcat.gateway.conditional import REVALIDATE, State, all_of, of_state, versions_of
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission
from practices.models import TimeOff, WorkingHours


class WorkingHoursList(Endpoint):
    permissions = {"GET": Permission.REFERENCE_READ, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}
    etag = all_of(WorkingHours)

    @listed(
        "listWorkingHours",
        v1=shapes.WorkingHoursOutput,
        v2=shapes.WorkingHoursOutput,
        query=shapes.WorkingHoursQuery,
    )
    def get(self, request: Request) -> Response:
        """The weekly periods in which people see patients, on each location's clock."""
        query = read_query(request, shapes.WorkingHoursQuery)
        refuse_unknown(query)
        rows = WorkingHours.objects.all()
        if practitioners := query.get("practitioner"):
            rows = rows.filter(practitioner_id__in=practitioners)
        return page_of(rows, request=request, query=query, order=("id",), show_all=each(shapes.show_hours))

    @extend_schema(
        operation_id="createWorkingHours",
        parameters=[shapes.PreviewQuery],
        request=shapes.WorkingHoursInput,
        responses={201: shapes.HoursChangedOutput},
    )
    def post(self, request: Request) -> Response:
        """Add a weekly period; it may not overlap another of the practitioner's. A preview answers 201 as well."""
        preview, fields = _preview(request), read_body(shapes.WorkingHoursInput, request)
        who = {name: fields.pop(name) for name in ("practitioner_id", "location_id")}
        changed = services.add_hours(**who, fields=fields, preview=preview, by=self.principal, now=self.now)
        return Response(_shown(*changed, preview=preview), status=201)


class WorkingHoursDetail(Endpoint):
    permissions = dict.fromkeys(("PATCH", "DELETE"), Permission.PRACTICE_MANAGE)
    tiers = dict.fromkeys(("PATCH", "DELETE"), Tier.T3)

    @extend_schema(
        operation_id="updateWorkingHours",
        parameters=[shapes.PreviewQuery],
        request=shapes.WorkingHoursChange,
        responses=shapes.HoursChangedOutput,
    )
    def patch(self, request: Request, hours_id: str) -> Response:
        """Change a weekly period from now on; what is booked stands, and the answer tells what lies outside then."""
        preview, fields = _preview(request), read_body(shapes.WorkingHoursChange, request)
        wanted = internal_id("hours", hours_id)
        changed = services.change_hours(
            hours_id=wanted, fields=fields, preview=preview, by=self.principal, now=self.now
        )
        return Response(_shown(*changed, preview=preview))

    @extend_schema(
        operation_id="deleteWorkingHours",
        parameters=[shapes.PreviewQuery],
        responses={200: shapes.HoursChangedOutput},
    )
    def delete(self, request: Request, hours_id: str) -> Response:
        """Remove a weekly period from now on; what is booked stands, and the answer tells what lies outside then."""
        preview, wanted = _preview(request), internal_id("hours", hours_id)
        outside = services.remove_hours(hours_id=wanted, preview=preview, by=self.principal, now=self.now)
        return Response({"workingHours": None, "preview": preview, **shapes.show_outside(outside)})


def _still_to_come(endpoint: Any) -> QuerySet[TimeOff]:
    rows: QuerySet[TimeOff] = TimeOff.objects.filter(ends_at__gt=endpoint.now)
    return rows


def _state(endpoint: Any, request: Request) -> State:
    return State(versions=versions_of(_still_to_come(endpoint)))


class TimeOffList(Endpoint):
    # Why somebody is away is not for everybody.
    permissions = dict.fromkeys(("GET", "POST"), Permission.PRACTICE_MANAGE)
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}
    etag = of_state(_state, cache=REVALIDATE)

    @listed("listTimeOff", v1=shapes.TimeOffOutput, v2=shapes.TimeOffOutput)
    def get(self, request: Request) -> Response:
        """Who is off, or what is closed, from now on; the soonest first."""
        rows, query = _still_to_come(self), read_query(request)
        order = ("starts_at", "id")
        return page_of(rows, request=request, query=query, order=order, show_all=each(shapes.show_time_off))

    @extend_schema(
        operation_id="createTimeOff",
        parameters=[shapes.PreviewQuery],
        request=shapes.TimeOffInput,
        responses={201: shapes.TimeOffTakenOutput},
    )
    def post(self, request: Request) -> Response:
        """Close a practitioner's, a location's or everybody's free time; what is booked stands, and is told."""
        preview, fields = _preview(request), read_body(shapes.TimeOffInput, request)
        about = {name: fields.pop(name) for name in ("practitioner_id", "location_id", "reason") if name in fields}
        days = services.DaysOff(**fields)
        time_off, outside = services.take_time_off(**about, days=days, preview=preview, by=self.principal, now=self.now)
        shown = None if preview else shapes.show_time_off(time_off)
        return Response({"timeOff": shown, "preview": preview, **shapes.show_outside(outside)}, status=201)


class TimeOffDetail(Endpoint):
    permissions = {"DELETE": Permission.PRACTICE_MANAGE}
    tiers = {"DELETE": Tier.T3}

    @extend_schema(operation_id="deleteTimeOff", responses={204: None})
    def delete(self, request: Request, time_off_id: str) -> Response:
        """Open again what it had closed, where hours ask for it."""
        services.end_time_off(time_off_id=internal_id("toff", time_off_id), by=self.principal, now=self.now)
        return Response(status=204)


def _preview(request: Request) -> bool:
    return bool(read_query(request, shapes.PreviewQuery, paged=False)["preview"] == "true")


def _shown(row: WorkingHours, outside: Outside, *, preview: bool) -> dict[str, Any]:
    return {
        "workingHours": None if preview else shapes.show_hours(row),
        "preview": preview,
        **shapes.show_outside(outside),
    }
