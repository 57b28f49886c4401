"""Why not then? Told in full, with what can be offered instead."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.availability import active_type
from appointments.blockers import Blocker, Code
from appointments.serializers import WhyNotQuery
from appointments.serializers_v2 import SlotOutput, show_slot
from appointments.views import refuse_unknown
from appointments.why_not import Explained, why_not
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import read_query
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from practices.models import Location, Practitioner


class BlockerOutput(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[code.value for code in Code])
    sentence = serializers.CharField()
    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)


class ExplainedOutput(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    possible = serializers.BooleanField()
    blockers = BlockerOutput(many=True)
    nearest = SlotOutput(many=True)


class WhyNot(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="whyNot", parameters=[WhyNotQuery], responses=ExplainedOutput)
    def get(self, request: Request) -> Response:
        """Everything that stands against an appointment at a time, and the nearest times that work."""
        query = read_query(request, WhyNotQuery, paged=False)
        refuse_unknown(query)
        explained = why_not(
            appointment_type=active_type(query["type"]),
            practitioner=Practitioner.objects.select_related("practice").get(id=query["practitioner"][0]),
            location=Location.objects.get(id=query["location"][0]) if query.get("location") else None,
            starts_at=query["start"],
            new_patient={"true": True, "false": False}.get(query.get("newPatient", "")),
            now=self.now,
        )
        return Response(_explained(explained, self.principal.time_zone))


def show_blocker(blocker: Blocker) -> dict[str, Any]:
    return {
        "code": blocker.code.value,
        "sentence": blocker.sentence,
        "start": blocker.since,
        "end": blocker.until,
    }


def _explained(explained: Explained, time_zone: str) -> dict[str, Any]:
    return {
        "start": explained.starts_at,
        "end": explained.ends_at,
        "possible": not explained.blockers,
        "blockers": [show_blocker(blocker) for blocker in explained.blockers],
        "nearest": [show_slot(start, time_zone) for start in explained.nearest],
    }
