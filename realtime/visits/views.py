"""Visits over HTTP: plan one, take its steps, give the patient a link."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import IdField, Input, read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from realtime.models import Visit, VisitPolicy
from realtime.visits import services
from realtime.visits.arrival import Point
from realtime.visits.links import make_link


class PointInput(Input):
    lat = serializers.FloatField(min_value=-90, max_value=90)
    lng = serializers.FloatField(min_value=-180, max_value=180)


class VisitInput(Input):
    appointmentId = IdField("appt")
    destination = PointInput(required=False, help_text="where the patient is; without it nobody knows when to arrive")


class StepInput(Input):
    status = serializers.ChoiceField(choices=[status for status in Visit.Status.values if status != "planned"])


class VisitOutput(serializers.Serializer[Any]):
    visitId = serializers.CharField()
    appointmentId = serializers.CharField()
    practitionerId = serializers.CharField()
    status = serializers.ChoiceField(choices=Visit.Status.choices)
    plannedAt = serializers.DateTimeField()
    startedAt = serializers.DateTimeField(allow_null=True)
    arrivedAt = serializers.DateTimeField(allow_null=True)
    endedAt = serializers.DateTimeField(allow_null=True)


class LinkOutput(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="the patient's page; whoever has it may see it")
    expiresAt = serializers.DateTimeField()


class PolicyInput(Input):
    trailDays = serializers.IntegerField(source="trail_days", min_value=0, max_value=365)


class PolicyOutput(serializers.Serializer[Any]):
    trailDays = serializers.IntegerField(help_text="how long it is kept where clinicians have been")


def show_visit(visit: Visit) -> dict[str, Any]:
    return {
        "visitId": public_id("visit", visit.id),
        "appointmentId": public_id("appt", visit.appointment_id),
        "practitionerId": public_id("pract", services.practitioner_of(visit)),
        "status": visit.status,
        "plannedAt": visit.planned_at,
        "startedAt": visit.started_at,
        "arrivedAt": visit.arrived_at,
        "endedAt": visit.ended_at,
    }


class Visits(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ, "POST": Permission.APPOINTMENT_WRITE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}

    @listed("listVisits", v1=VisitOutput, v2=VisitOutput)
    def get(self, request: Request) -> Response:
        """Visits under way, and those to come whose appointments stand, in the order of their planning."""
        rows = services.coming_visits()
        return page_of(rows, request=request, query=read_query(request), order=("id",), show_all=each(show_visit))

    @extend_schema(operation_id="planVisit", request=VisitInput, responses={201: VisitOutput})
    def post(self, request: Request) -> Response:
        """Make a visit of an appointment: its practitioner goes to the patient."""
        wish = read_body(VisitInput, request)
        place = wish.get("destination")
        visit = services.plan_visit(
            appointment_id=wish["appointmentId"],
            destination=Point(place["lat"], place["lng"]) if place else None,
            by=self.principal,
            now=self.now,
        )
        return Response(show_visit(visit), status=201)


class VisitDetail(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getVisit", responses=VisitOutput)
    def get(self, request: Request, visit_id: str) -> Response:
        """One visit; where its clinician is, the socket tells."""
        return Response(show_visit(services.get_visit(internal_id("visit", visit_id))))


class VisitStatus(Endpoint):
    permissions = {"POST": Permission.VISIT_CONDUCT}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="moveVisitOn", request=StepInput, responses=VisitOutput)
    def post(self, request: Request, visit_id: str) -> Response:
        """Say that the clinician sets out, has arrived, or is done."""
        status = read_body(StepInput, request)["status"]
        visit = services.move_on(
            visit_id=internal_id("visit", visit_id), status=status, by=self.principal, now=self.now
        )
        return Response(show_visit(visit))


class VisitLink(Endpoint):
    permissions = {"POST": Permission.APPOINTMENT_WRITE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="createVisitLink", request=None, responses={201: LinkOutput})
    def post(self, request: Request, visit_id: str) -> Response:
        """The patient's link, for a message to them."""
        url, expires_at = make_link(services.get_visit(internal_id("visit", visit_id)))
        return Response({"url": url, "expiresAt": expires_at}, status=201)


class VisitPolicies(Endpoint):
    permissions = {"GET": Permission.PRACTICE_MANAGE, "PUT": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "PUT": Tier.T3}

    @extend_schema(operation_id="getVisitPolicy", responses=PolicyOutput)
    def get(self, request: Request) -> Response:
        """What the practice has decided about visits."""
        policy = VisitPolicy.objects.first() or VisitPolicy()
        return Response({"trailDays": policy.trail_days})

    @extend_schema(operation_id="putVisitPolicy", request=PolicyInput, responses=PolicyOutput)
    def put(self, request: Request) -> Response:
        """Decide how long it is kept where clinicians have been; 0 forgets it with the next hour."""
        policy, _ = VisitPolicy.objects.update_or_create(
            practice_id=self.principal.practice_id, defaults=read_body(PolicyInput, request)
        )
        return Response({"trailDays": policy.trail_days})
