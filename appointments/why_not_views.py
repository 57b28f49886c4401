"""Why not then? Told in full, with what can be offered instead."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.asked import type_and_practitioner
from appointments.searching import Search
from appointments.serializers import WhyNotQuery
from appointments.serializers_v2 import ExplainedOutput, show_explained
from appointments.views import one_patient, refuse_unknown
from appointments.why_not import why_not
from mybcat.gateway.lists import read_query
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission


class WhyNot(Search):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    call_acts = {"GET": "slots.explained"}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="whyNot", parameters=[WhyNotQuery], responses=ExplainedOutput)
    def get(self, request: Request) -> Response:
        """Everything that stands against an appointment at a time, and the nearest times that work."""
        query = read_query(request, WhyNotQuery, paged=False)
        refuse_unknown({"patient": query.get("patient")})
        kind, practitioner, location = type_and_practitioner(
            code=query["type"],
            practitioner_id=query["practitioner"][0],
            location_id=next(iter(query.get("location") or ()), None),
        )
        explained = why_not(
            appointment_type=kind,
            practitioner=practitioner,
            location=location,
            starts_at=query["start"],
            new_patient={"true": True, "false": False}.get(query.get("newPatient", "")),
            patient_id=one_patient(query),
            by=self.principal,
            now=self.now,
        )
        return Response(show_explained(explained, self.principal.time_zone))
