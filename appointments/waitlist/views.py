"""The waitlist: who waits, and what has been offered to them."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.models import Slot
from appointments.waitlist import serializers as shapes
from appointments.waitlist import services
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer
from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission
from patients.models import Patient
from practices.models import Practitioner


class Waitlist(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ, "POST": Permission.APPOINTMENT_WRITE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    call_acts = {"POST": "waitlist.added:waitlistEntryId"}
    idempotent = {"POST": "accepted"}

    @listed("listWaitlist", v1=shapes.WaitlistEntryOutput, v2=shapes.WaitlistEntryOutput, query=shapes.WaitlistQuery)
    def get(self, request: Request) -> Response:
        """Who waits, the one that has waited longest first."""
        query = read_query(request, shapes.WaitlistQuery)
        wanted = [query["status"]] if "status" in query else WaitlistEntry.STANDING
        rows = WaitlistEntry.objects.filter(status__in=wanted).select_related("patient", "appointment_type")
        if patients := query.get("patient"):
            services.refuse_unknown("pat", patients, Patient)
            rows = rows.filter(patient_id__in=patients)
        return page_of(rows, request=request, query=query, order=("created_at", "id"), show_all=self._show_all)

    def _show_all(self, entries: Sequence[WaitlistEntry]) -> list[dict[str, Any]]:
        _record(self, "waitlist.list", entries)
        return [shapes.show_entry(entry) for entry in entries]

    @extend_schema(
        operation_id="addToWaitlist", request=shapes.WaitlistInput, responses={201: shapes.WaitlistEntryOutput}
    )
    def post(self, request: Request) -> Response:
        """Let a patient wait for a time that suits them better; whoever has one to give finds them in the list."""
        body = read_body(shapes.WaitlistInput, request)
        about = {name: body.pop(name) for name in ("patient_id", "type_code", "appointment_id") if name in body}
        wishes = services.WaitlistWishes(**body)
        shown = shapes.show_entry(services.add_entry(**about, wishes=wishes, by=self.principal, now=self.now))
        return Response(shown, status=201, headers={"Location": f"/api/v2/waitlist/{shown['waitlistEntryId']}"})


class WaitlistDetail(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getWaitlistEntry", responses=shapes.WaitlistEntryWithOffersOutput)
    def get(self, request: Request, waitlist_entry_id: str) -> Response:
        """Who waits for what, and what has been offered to them, the newest first."""
        entry = services.get_entry(entry_id=internal_id("wait", waitlist_entry_id), by=self.principal, now=self.now)
        offers = entry.offers.select_related("opening", "entry").order_by("-offered_at", "-id")
        return Response({**shapes.show_entry(entry), "offers": [shapes.show_offer(offer) for offer in offers]})


class WaitlistWithdrawal(Endpoint):
    permissions = {"POST": Permission.APPOINTMENT_WRITE}
    tiers = {"POST": Tier.T3}
    call_acts = {"POST": "waitlist.withdrawn:waitlistEntryId"}
    idempotent = {"POST": "accepted"}

    @extend_schema(operation_id="withdrawFromWaitlist", request=None, responses=shapes.WaitlistEntryOutput)
    def post(self, request: Request, waitlist_entry_id: str) -> Response:
        """The patient waits no more; what is on offer to them is not any more."""
        entry_id = internal_id("wait", waitlist_entry_id)
        withdrawn = services.withdraw_entry(entry_id=entry_id, by=self.principal, now=self.now)
        return Response(shapes.show_entry(withdrawn))


class WaitlistOffers(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}

    @listed(
        "listWaitlistOffers",
        v1=shapes.WaitlistOfferOutput,
        v2=shapes.WaitlistOfferOutput,
        query=shapes.WaitlistOffersQuery,
    )
    def get(self, request: Request) -> Response:
        """Who was asked about which time, in which batch, and what they answered; the newest first."""
        query = read_query(request, shapes.WaitlistOffersQuery)
        rows = WaitlistOffer.objects.select_related("opening", "entry")
        if slots := query.get("slot"):
            services.refuse_unknown("slot", slots, Slot)
            rows = rows.filter(opening__slot_id__in=slots)
        if practitioners := query.get("practitioner"):
            services.refuse_unknown("pract", practitioners, Practitioner)
            rows = rows.filter(opening__practitioner_id__in=practitioners)
        if status := query.get("opening_status"):
            rows = rows.filter(opening__status=status)
        order = ("-offered_at", "-id")
        return page_of(rows, request=request, query=query, order=order, show_all=self._show_all)

    def _show_all(self, offers: Sequence[WaitlistOffer]) -> list[dict[str, Any]]:
        _record(self, "waitlist.offers", [offer.entry for offer in offers])
        return [shapes.show_offer(offer) for offer in offers]


def _record(endpoint: Endpoint, action: str, entries: Sequence[WaitlistEntry]) -> None:
    patients = list(dict.fromkeys(entry.patient_id for entry in entries))
    audit.record(principal=endpoint.principal, action=action, object_kind="pat", object_ids=patients, now=endpoint.now)
