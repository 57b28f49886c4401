"""Holds: what a caller is thinking about is nobody else's to book for five minutes."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import serializers_v2 as v2
from appointments.asked import active_type
from appointments.blockers_v2 import BlockerOutput
from appointments.holds import MOST_TIMES, Placed, live_holds, place_hold, release_hold
from appointments.models import HeldTime, Hold
from appointments.serializers import MAX_CODE
from appointments.unavailable import Unavailable
from appointments.views import refuse_unknown
from appointments.why_not import why_not_slot
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import IdField, IdListField, Input, read_body
from mybcat.gateway.lists import listed, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from patients.services import get_patient
from practices.models import User


class HoldInput(Input):
    slotIds = serializers.ListField(
        child=IdField("slot"),
        source="slot_ids",
        min_length=1,
        max_length=MOST_TIMES,
        help_text="where each of the times on offer begins",
    )
    type = serializers.CharField(source="type_code", max_length=MAX_CODE, help_text="code of an appointment type")
    patientId = IdField(
        "pat", source="patient_id", required=False, help_text="for whom, where it is known: it is not kept"
    )


class HoldsQuery(Input):
    practitioner = IdListField("pract", required=False, help_text="ids, apart by commas")


class HolderOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["member", "client"])
    name = serializers.CharField(allow_null=True, help_text="of a member")


class HeldTimeOutput(serializers.Serializer[Any]):
    holdId = serializers.CharField()
    kind = serializers.ChoiceField(choices=Hold.Kind.choices)
    mine = serializers.BooleanField()
    holder = HolderOutput()
    expiresAt = serializers.DateTimeField()
    slotId = serializers.CharField()
    practitionerId = serializers.CharField()
    locationId = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class RefusedOutput(serializers.Serializer[Any]):
    slotId = serializers.CharField()
    code = serializers.CharField()
    sentence = serializers.CharField()
    blockers = BlockerOutput(many=True)
    nearest = v2.SlotOutput(many=True)


class PlacedOutput(serializers.Serializer[Any]):
    holdId = serializers.CharField()
    expiresAt = serializers.DateTimeField()
    times = HeldTimeOutput(many=True)
    refused = RefusedOutput(many=True)


class Holds(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ, "POST": Permission.APPOINTMENT_WRITE}
    tiers = {"GET": Tier.T4, "POST": Tier.BOOKING}
    call_acts = {"POST": "hold.placed:holdId"}
    idempotent = {"POST": "accepted"}

    @listed("listHolds", v1=HeldTimeOutput, v2=HeldTimeOutput, query=HoldsQuery, paged=False)
    def get(self, request: Request) -> Response:
        """What is held in the practice now, by whom and until when, in order of time."""
        query = read_query(request, HoldsQuery, paged=False)
        refuse_unknown(query)
        times = live_holds(practitioners=query.get("practitioner") or ())
        return Response({"data": self._shown(times), "nextCursor": None})

    @extend_schema(operation_id="placeHold", request=HoldInput, responses={201: PlacedOutput})
    def post(self, request: Request) -> Response:
        """Hold some times at once, until one of them is booked, they are released, or five minutes are over.

        What can be had is held; `refused` says of each other time why not. Booking or moving to one of them ends
        the whole hold. To its holder, held time counts as free.
        """
        wish = read_body(HoldInput, request)
        kind = active_type(wish["type_code"])
        whose = get_patient(wish["patient_id"]).id if "patient_id" in wish else None
        slot_ids = list(dict.fromkeys(wish["slot_ids"]))
        try:
            placed = place_hold(
                slot_ids=slot_ids, appointment_type=kind, patient_id=whose, by=self.principal, now=self.now
            )
        except Unavailable as refusal:
            refusal.members = self._why_not(slot_ids[0], kind.code, whose)
            raise
        return Response(self._placed(placed, kind.code, whose), status=201)

    def _placed(self, placed: Placed, code: str, patient_id: UUID | None) -> dict[str, Any]:
        return {
            "holdId": public_id("hold", placed.hold.id),
            "expiresAt": placed.hold.expires_at,
            "times": self._shown(placed.times),
            "refused": [
                {
                    "slotId": public_id("slot", slot_id),
                    "code": refusal.code,
                    "sentence": refusal.sentence,
                    **self._why_not(slot_id, code, patient_id),
                }
                for slot_id, refusal in placed.refused.items()
            ],
        }

    def _why_not(self, slot_id: UUID, code: str, patient_id: UUID | None) -> dict[str, Any]:
        asked: dict[str, Any] = {"patient_id": patient_id, "by": self.principal, "now": self.now}
        explained = why_not_slot(slot_id=slot_id, type_code=code, **asked)
        shown = v2.show_explained(explained, self.principal.time_zone)
        return {name: shown[name] for name in ("blockers", "nearest")}

    def _shown(self, times: list[HeldTime]) -> list[dict[str, Any]]:
        names = dict(User.objects.filter(id__in={time.hold.holder_id for time in times}).values_list("id", "name"))
        return [_show(time, mine=time.hold.holder_id == self.principal.id, names=names) for time in times]


class HoldDetail(Endpoint):
    permissions = {"DELETE": Permission.APPOINTMENT_WRITE}
    tiers = {"DELETE": Tier.T3}

    @extend_schema(operation_id="releaseHold", responses={204: None})
    def delete(self, request: Request, hold_id: str) -> Response:
        """Release all times of a hold: your own, or as a manager anybody's. One that is over is not found."""
        release_hold(hold_id=internal_id("hold", hold_id), by=self.principal, now=self.now)
        return Response(status=204)


def _show(time: HeldTime, *, mine: bool, names: dict[UUID, str]) -> dict[str, Any]:
    hold = time.hold
    return {
        "holdId": public_id("hold", hold.id),
        "kind": hold.kind,
        "mine": mine,
        "holder": {"kind": hold.holder_kind, "name": names.get(hold.holder_id)},
        "expiresAt": hold.expires_at,
        "slotId": public_id("slot", time.slot_id),
        "practitionerId": public_id("pract", time.practitioner_id),
        "locationId": public_id("loc", time.location_id),
        "start": time.starts_at,
        "end": time.ends_at,
    }
