"""Slots: what the calendar shows, and where an appointment can begin."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from appointments import serializers_v1 as v1
from appointments import serializers_v2 as v2
from appointments.availability import active_type, next_starts, starts
from appointments.models import Slot
from appointments.serializers import NextQuery, SlotsQuery
from appointments.views import SHAPES, days_of, refuse_unknown
from mybcat.errors import UnknownId
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import listed, page_of, read_query
from mybcat.principal import Permission
from practices.models import Location, Practitioner

# More starts than a page of them can show; a caller who wants more asks for fewer days.
MAX_STARTS = 10_000


class Slots(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}

    @listed("listSlots", v1=v1.SlotOutput, v2=v2.SlotOutput, query=SlotsQuery)
    def get(self, request: Request) -> Response:
        """Slots of some days, in order of time; with `type`, those at which one can begin."""
        query = read_query(request, SlotsQuery)
        refuse_unknown(query)
        since, until = days_of(query, self)
        rows = (
            Slot.objects.starting_between(since, until)
            .of_practitioners(query.get("practitioner") or ())
            .at_locations(query.get("location") or ())
        )
        if query.get("type"):
            practitioners, zones = _asked_for(query)
            found = starts(
                appointment_type=active_type(query["type"]),
                practitioners=practitioners,
                locations=list(zones),
                since=max(since, self.now),
                until=until,
                limit=MAX_STARTS,
            )
            rows = rows.filter(id__in=[start.id for start in found])
        return page_of(
            rows, request=request, query=query, order=("starts_at", "id"), show_all=lambda page: _shown(request, page)
        )


class NextSlots(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}

    @listed("nextSlots", v1=v1.SlotOutput, v2=v2.SlotOutput, query=NextQuery, paged=False)
    def get(self, request: Request) -> Response:
        """The next slots at which an appointment of `type` can begin."""
        query = read_query(request, NextQuery, paged=False)
        practitioners, zones = _asked_for(query)
        found = next_starts(
            appointment_type=active_type(query["type"]),
            practitioners=practitioners,
            locations=list(zones),
            since=max(query.get("from") or self.now, self.now),
            limit=query["count"],
        )
        shape = SHAPES[request.version or "v2"]
        shown = [shape.show_slot(start, zones[start.location_id]) for start in found]
        if request.version == "v1":
            return Response({"results": shown, "count": len(shown)})
        return Response({"data": shown, "nextCursor": None})


def _asked_for(query: dict[str, Any]) -> tuple[list[UUID], dict[UUID, str]]:
    """Active practitioners, and active locations with their zones; narrowed to what the query names."""
    practitioners = _narrowed(
        dict(Practitioner.objects.active().values_list("id", "name")), query.get("practitioner"), "pract"
    )
    zones = _narrowed(dict(Location.objects.active().values_list("id", "time_zone")), query.get("location"), "loc")
    return list(practitioners), zones


def _narrowed(known: dict[UUID, str], asked: list[UUID] | None, prefix: str) -> dict[UUID, str]:
    if not asked:
        return known
    for value in asked:
        if value not in known:
            raise UnknownId(prefix=prefix, value=value)
    return {value: known[value] for value in asked}


def _shown(request: Request, page: Any) -> list[dict[str, Any]]:
    zones = dict(Location.objects.values_list("id", "time_zone"))
    shape = SHAPES[request.version or "v2"]
    return [shape.show_slot(slot, zones[slot.location_id]) for slot in page]
