"""Appointments that are booked together or not at all."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import serializers_v2 as v2
from appointments.asked import active_type
from appointments.blocks.rules import been_here
from appointments.groups.booking import GroupRefused, Nowhere, Wish, book_group
from appointments.groups.ending import cancel_group, get_group, undo_group
from appointments.groups.offers import Step, group_offers
from appointments.groups.serializers import (
    GroupInput,
    GroupOfferOutput,
    GroupOutput,
    GroupSearchInput,
    SeriesInput,
    show_group,
    show_offer,
)
from appointments.groups.series import series
from appointments.models import Appointment
from appointments.serializers import CancellationInput
from appointments.slot_views import asked_for
from appointments.views import one_patient
from appointments.why_not import why_not, why_not_slot
from mybcat import audit
from mybcat.errors import InvalidInput
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission

WEEK = timedelta(days=7)
FARTHEST = timedelta(days=31)


class OffersOutput(serializers.Serializer[Any]):
    """Named like a page, of which there is one."""

    offers = GroupOfferOutput(many=True)


class Booking(Endpoint):
    """What books a group."""

    permissions = {"POST": Permission.APPOINTMENT_WRITE}
    tiers = {"POST": Tier.BOOKING}
    idempotent = {"POST": "required"}
    call_acts = {"POST": "appointment_group.booked:id"}

    def booked(self, kind: str, wishes: Sequence[Wish]) -> Response:
        """The answer; a refusal says for each of the times that cannot be had what stands against it."""
        try:
            group = book_group(kind=kind, wishes=wishes, by=self.principal, now=self.now)
        except GroupRefused as refusal:
            if refusal.__cause__ is None:
                refusal.members = {"items": [self._why_not(n, wishes[n], refusal) for n in refusal.refused]}
            raise
        shown = show_group(group)
        return Response(shown, status=201, headers={"Location": f"/api/v2/appointment-groups/{shown['id']}"})

    def _why_not(self, number: int, wish: Wish, refusal: GroupRefused) -> dict[str, Any]:
        told = refusal.refused[number]
        asked: dict[str, Any] = {"patient_id": wish.patient_id, "by": self.principal, "now": self.now}
        if isinstance(wish.slot, Nowhere):
            where = {name: getattr(wish.slot, name) for name in ("practitioner", "location", "starts_at")}
            explained = why_not(appointment_type=active_type(wish.type_code), new_patient=None, **where, **asked)
        else:
            explained = why_not_slot(slot_id=wish.slot, type_code=wish.type_code, **asked)
        shown = v2.show_explained(explained, self.principal.time_zone)
        kept = {name: shown[name] for name in ("start", "blockers", "nearest")}
        return {"item": number, "code": told.code, "sentence": told.sentence, **kept}


class AppointmentGroups(Booking):
    @extend_schema(operation_id="bookAppointmentGroup", request=GroupInput, responses={201: GroupOutput})
    def post(self, request: Request) -> Response:
        """Book the steps of one visit (`chain`), or appointments of several patients (`family`): all or none.

        Where some cannot be had, `items` of the refusal says of each of them what stands against it.
        """
        body = read_body(GroupInput, request)
        return self.booked(
            body["kind"], [Wish(item["patient_id"], item["slot_id"], item["type_code"]) for item in body["items"]]
        )


class AppointmentSeries(Booking):
    @extend_schema(operation_id="bookAppointmentSeries", request=SeriesInput, responses={201: GroupOutput})
    def post(self, request: Request) -> Response:
        """Book the same visit every so many weeks, at the same time by the location's clock: all or none.

        Where some cannot be had, `items` of the refusal says of each of them what stands against it.
        """
        return self.booked("series", series(**read_body(SeriesInput, request)))


class AppointmentGroupOffers(Endpoint):
    permissions = {"POST": Permission.APPOINTMENT_READ}
    tiers = {"POST": Tier.T4}
    call_acts = {"POST": "slots.searched"}

    @extend_schema(operation_id="searchAppointmentGroups", request=GroupSearchInput, responses={200: OffersOutput})
    def post(self, request: Request) -> Response:
        """Times at which all of a visit's steps, or all of a family, can be seen at one location in one go."""
        body = read_body(GroupSearchInput, request)
        since = max(body.get("from") or self.now, self.now)
        until = body.get("until") or since + WEEK
        if not since < until <= since + FARTHEST:
            raise InvalidInput(fields={"until": ["After the beginning, and at most 31 days later"]})
        steps = [Step(*asked_for(item)[:3], been_here=been_here(one_patient(item))) for item in body["items"]]
        offers = group_offers(
            steps=steps,
            in_order=body["kind"] == "chain",
            longest_wait=timedelta(minutes=body["longest_wait"]),
            since=since,
            until=until,
            limit=body["count"],
        )
        codes = [step.kind.code for step in steps]
        return Response({"offers": [show_offer(offer, codes) for offer in offers]})


class Group(Endpoint):
    """One group, by its id."""

    def told(self, group_id: str) -> Response:
        group = get_group(internal_id("group", group_id))
        patients = Appointment.objects.filter(group=group).values_list("patient_id", flat=True)
        audit.record(
            principal=self.principal,
            action="appointment_group.read",
            object_kind="pat",
            object_ids=list(dict.fromkeys(patients)),
            now=self.now,
        )
        return Response(show_group(group))


class AppointmentGroupDetail(Group):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getAppointmentGroup", responses=GroupOutput)
    def get(self, request: Request, group_id: str) -> Response:
        """Appointments that were booked together, as they stand now."""
        return self.told(group_id)


class AppointmentGroupCancel(Group):
    permissions = {"POST": Permission.APPOINTMENT_WRITE}
    tiers = {"POST": Tier.BOOKING}
    idempotent = {"POST": "accepted"}
    call_acts = {"POST": "appointment_group.cancelled:id"}

    @extend_schema(operation_id="cancelAppointmentGroup", request=CancellationInput, responses=GroupOutput)
    def post(self, request: Request, group_id: str) -> Response:
        """Cancel all of the group that are still booked."""
        reason = read_body(CancellationInput, request)["reason"]
        cancel_group(group_id=internal_id("group", group_id), reason=reason, by=self.principal, now=self.now)
        return self.told(group_id)


class AppointmentGroupUndo(Group):
    permissions = {"POST": Permission.APPOINTMENT_WRITE}
    tiers = {"POST": Tier.BOOKING}
    idempotent = {"POST": "accepted"}
    call_acts = {"POST": "appointment_group.undone:id"}

    @extend_schema(operation_id="undoAppointmentGroup", request=None, responses=GroupOutput)
    def post(self, request: Request, group_id: str) -> Response:
        """Undo what you have just done to the whole group, its booking or its cancellation, for ten seconds."""
        undo_group(group_id=internal_id("group", group_id), by=self.principal, now=self.now)
        return self.told(group_id)
