"""Slots: what the calendar shows, and where an appointment can begin."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import serializers_v1 as v1
from appointments import serializers_v2 as v2
from appointments.availability import active_type, next_starts, starts
from appointments.calendar_state import slots_state
from appointments.models import Slot
from appointments.querysets import SlotQuerySet
from appointments.serializers import NextQuery, SlotsQuery
from appointments.views import SHAPES, days_of, refuse_unknown
from mybcat.errors import InvalidInput
from mybcat.gateway.conditional import REVALIDATE, State, of_state
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from practices.models import Location, Practitioner

# A call centre offers a handful; whoever wants more than this asks for fewer days.
MAX_STARTS = 10_000


class Slots(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}
    etag = of_state(lambda endpoint, request: _state(*endpoint.asked), cache=REVALIDATE)

    @listed("listSlots", v1=v1.SlotOutput, v2=v2.SlotOutput, query=SlotsQuery)
    def get(self, request: Request) -> Response:
        """Slots of some days, in order of time; with `type`, those at which one can begin."""
        query, rows = self.asked
        shown: QuerySet[Any] = rows
        if query.get("type"):
            practitioners, locations = _asked_for(query)
            since, until = days_of(query, self)
            found = starts(
                appointment_type=active_type(query["type"]),
                practitioners=practitioners,
                locations=locations,
                since=max(since, self.now),
                until=until,
                limit=MAX_STARTS,
            )
            if len(found) == MAX_STARTS:
                raise InvalidInput(fields={"to": ["Too many slots: ask for fewer days, practitioners or locations"]})
            # One array: ten thousand parameters take PostgreSQL longer to read than the slots.
            shown = rows.extra(where=["appointments_slot.id = ANY(%s)"], params=[[start.id for start in found]])
        shape, zone = SHAPES[request.version or "v2"], self.principal.time_zone

        def show(slot: Any) -> dict[str, Any]:
            return shape.show_slot(slot, zone)

        return page_of(shown, request=request, query=query, order=("starts_at", "id"), show_all=each(show))

    @cached_property
    def asked(self) -> tuple[dict[str, Any], SlotQuerySet]:
        """The query, and the rows of its days."""
        query = read_query(self.request, SlotsQuery)
        refuse_unknown(query)
        since, until = days_of(query, self)
        rows: SlotQuerySet = (
            Slot.objects.starting_between(since, until)
            .of_practitioners(query.get("practitioner") or ())
            .at_locations(query.get("location") or ())
        )
        return query, rows


class NextSlots(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}

    @listed("nextSlots", v1=v1.SlotOutput, v2=v2.SlotOutput, query=NextQuery, paged=False)
    def get(self, request: Request) -> Response:
        """The next slots at which an appointment of `type` can begin."""
        query = read_query(request, NextQuery, paged=False)
        practitioners, locations = _asked_for(query)
        found = next_starts(
            appointment_type=active_type(query["type"]),
            practitioners=practitioners,
            locations=locations,
            since=max(query.get("from") or self.now, self.now),
            limit=query["count"],
        )
        shape = SHAPES[request.version or "v2"]
        shown = [shape.show_slot(start, self.principal.time_zone) for start in found]
        if request.version == "v1":
            return Response({"results": shown, "count": len(shown)})
        return Response({"data": shown, "nextCursor": None})


def _state(query: dict[str, Any], rows: SlotQuerySet) -> State | None:
    # Where a visit can begin depends on the present instant too.
    return None if query.get("type") else slots_state(rows)


def _asked_for(query: dict[str, Any]) -> tuple[list[UUID], list[UUID]]:
    """Active practitioners and locations; of those that the query names, where it names any. Raises UnknownId."""
    refuse_unknown(query)
    practitioners = Practitioner.objects.active().values_list("id", flat=True)
    locations = Location.objects.active().values_list("id", flat=True)
    return _among(practitioners, query.get("practitioner")), _among(locations, query.get("location"))


def _among(active: Iterable[UUID], asked: list[UUID] | None) -> list[UUID]:
    return [value for value in active if not asked or value in asked]
