"""Slots: what the calendar shows, and where an appointment can begin."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import serializers_v1 as v1
from appointments import serializers_v2 as v2
from appointments.asked import Offered, type_and_everyone
from appointments.availability import next_starts, starts
from appointments.blocks.rules import been_here
from appointments.calendar_state import slots_state
from appointments.models import Slot
from appointments.offers import Offer, alternatives, for_whom, insured, offers
from appointments.querysets import SlotQuerySet
from appointments.searching import Search
from appointments.self_service import Window, window
from appointments.serializers import NextQuery, OpenSlotsQuery, SlotsQuery, WishedQuery
from appointments.views import SHAPES, days_of, one_patient, refuse_unknown
from appointments.wishes import PartOfDay, Wishes
from mybcat.errors import InvalidInput
from mybcat.gateway.conditional import REVALIDATE, State, of_state
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from practices.models import FOREVER
from practices.protocols.definition import Urgency

# A call centre offers a handful; whoever wants more than this asks for fewer days.
MAX_STARTS = 10_000
LONGEST_DAY = timedelta(hours=25)


class Slots(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}
    etag = of_state(lambda endpoint, request: _state(*endpoint.asked), cache=REVALIDATE)

    @listed("listSlots", v1=v1.SlotOutput, v2=v2.SlotOutput, query=SlotsQuery, query_v2=OpenSlotsQuery)
    def get(self, request: Request) -> Response:
        """Slots of some days, in order of time; with `type`, those at which one can begin."""
        query, rows = self.asked
        shown: QuerySet[Any] = rows
        if query.get("type"):
            kind, practitioners, locations, ruled = asked_for(query)
            since, until = days_of(query, self)
            allowed = window(by=self.principal, now=self.now)
            found = starts(
                appointment_type=kind,
                practitioners=practitioners,
                locations=locations,
                since=max(since, allowed.since),
                until=min(until, allowed.until),
                limit=MAX_STARTS,
                wishes=Wishes(been_here=been_here(one_patient(query)), ruled=ruled),
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
        query = read_query(self.request, SlotsQuery if self.request.version == "v1" else OpenSlotsQuery)
        refuse_unknown(query)
        since, until = days_of(query, self)
        rows: SlotQuerySet = (
            Slot.objects.starting_between(since, until)
            .of_practitioners(query.get("practitioner") or ())
            .at_locations(query.get("location") or ())
        )
        return query, rows


class NextSlots(Search):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    call_acts = {"GET": "slots.searched"}
    tiers = {"GET": Tier.T4}

    @listed("nextSlots", v1=v1.SlotOutput, v2=v2.RankedSlotOutput, query=NextQuery, query_v2=WishedQuery, paged=False)
    def get(self, request: Request) -> Response:
        """The next slots at which an appointment of `type` can begin."""
        query = read_query(request, NextQuery if request.version == "v1" else WishedQuery, paged=False)
        kind, practitioners, locations, ruled = asked_for(query)
        allowed = window(by=self.principal, now=self.now)
        since, wishes = _since(query, allowed), replace(_wishes(query, allowed, now=self.now), ruled=ruled)
        asked: dict[str, Any] = {
            "appointment_type": kind,
            "practitioners": practitioners,
            "locations": locations,
            "since": since,
            "limit": query["count"],
            "wishes": wishes,
        }
        zone = self.principal.time_zone
        if request.version == "v1":
            found = next_starts(**asked)
            return Response({"results": [v1.show_slot(start, zone) for start in found], "count": len(found)})
        told = _offers(asked, query=query, now=self.now)
        return Response({"data": [v2.show_offer(offer, zone) for offer in told], "nextCursor": None})


def _state(query: dict[str, Any], rows: SlotQuerySet) -> State | None:
    # Where a visit can begin depends on the present instant too.
    return None if query.get("type") else slots_state(rows)


def asked_for(query: dict[str, Any]) -> Offered:
    """What the query's type is offered with: of those that it names, where it names any.

    Raises UnknownId, InvalidInput.
    """
    refuse_unknown(query)
    offered = type_and_everyone(code=query["type"])
    return offered._replace(
        practitioners=_among(offered.practitioners, query.get("practitioner")),
        locations=_among(offered.locations, query.get("location")),
    )


def _offers(asked: dict[str, Any], *, query: dict[str, Any], now: datetime) -> list[Offer]:
    """The offers that the query asks for, of what `next_starts` is `asked`. Raises InvalidInput."""
    of_all = [*for_whom(asked["appointment_type"], query.get("newPatient")), *insured(query.get("insurance", ""))]
    soonest = partial(next_starts, **asked)
    found = alternatives(soonest, **asked) if query.get("urgency") == Urgency.ROUTINE else soonest()
    return offers(found, of_all=of_all, now=now)


def _since(query: dict[str, Any], allowed: Window) -> datetime:
    since: datetime = query.get("from") or allowed.since
    return max(since, allowed.since)


def _wishes(query: dict[str, Any], allowed: Window, *, now: datetime) -> Wishes:
    part, weekdays, until = query.get("part_of_day"), query.get("weekday"), query.get("until")
    emergency = query.get("urgency") == Urgency.EMERGENCY
    if allowed.until != FOREVER:
        until = min(until or allowed.until, allowed.until)
    if emergency:
        # No day is longer, wherever it is; which day it is, each place's clock says.
        until = min(until or now + LONGEST_DAY, now + LONGEST_DAY)
    return Wishes(
        until=until,
        day_of=now if emergency else None,
        part_of_day=PartOfDay(part) if part else None,
        weekdays=weekdays.split(",") if weekdays else (),
        been_here=been_here(one_patient(query)),
    )


def _among(active: Iterable[UUID], asked: list[UUID] | None) -> list[UUID]:
    return [value for value in active if not asked or value in asked]
