"""Calls: opened when the phone is answered, ended when it is put down."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.calls import services
from appointments.calls.candidates import Candidate, candidates
from appointments.calls.models import Call
from appointments.days import day_range, today
from mybcat.errors import InvalidInput
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import DayField, Input, read_body
from mybcat.gateway.lists import listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from patients.models import RelatedPerson
from patients.services import e164_of_practice
from practices.models import User


class CallInput(Input):
    callerNumber = serializers.CharField(
        source="caller_number", max_length=30, required=False, allow_blank=True, help_text="none: it was withheld"
    )


class CallEndInput(Input):
    outcome = serializers.ChoiceField(choices=Call.Outcome.choices)
    reason = serializers.ChoiceField(
        choices=Call.Reason.choices,
        required=False,
        help_text="why nothing was booked: with `not_booked` alone",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unbooked = attrs["outcome"] == Call.Outcome.NOT_BOOKED
        if unbooked and "reason" not in attrs:
            raise serializers.ValidationError({"reason": ["Say why nothing was booked"]})
        if "reason" in attrs and not unbooked:
            raise serializers.ValidationError({"reason": ["A reason belongs to not_booked alone; leave it out"]})
        return attrs


class CallsQuery(Input):
    """Days on the practice's clock, both included; today by default."""

    to = DayField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no Python name.
        return {"from": DayField(required=False), **super().get_fields()}


class CallActOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    act = serializers.CharField(help_text="a code such as `appointment.booked`")
    objectId = serializers.CharField(allow_null=True)


class CallOutput(serializers.Serializer[Any]):
    callId = serializers.CharField()
    mine = serializers.BooleanField()
    agentName = serializers.CharField(allow_null=True, help_text="null: a program")
    callerNumber = serializers.CharField(allow_null=True)
    openedAt = serializers.DateTimeField()
    endedAt = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(choices=Call.Outcome.choices, allow_null=True)
    reason = serializers.ChoiceField(choices=Call.Reason.choices, allow_null=True)


class CallWithActsOutput(CallOutput):
    acts = CallActOutput(many=True)


class CallCandidateCallerOutput(serializers.Serializer[Any]):
    relatedPersonId = serializers.CharField()
    name = serializers.CharField()
    relationship = serializers.ChoiceField(choices=RelatedPerson.Relationship.choices)
    maySchedule = serializers.BooleanField()


class CallCandidateOutput(serializers.Serializer[Any]):
    patientId = serializers.CharField()
    firstName = serializers.CharField()
    lastName = serializers.CharField()
    dateOfBirth = serializers.DateField()
    caller = CallCandidateCallerOutput(
        allow_null=True, help_text="who rings for them; null: the number is the patient's own"
    )


class OpenedCallOutput(CallOutput):
    candidates = CallCandidateOutput(many=True)


class CallFiguresOutput(serializers.Serializer[Any]):
    agentName = serializers.CharField(allow_null=True, help_text="null: a program")
    outcome = serializers.ChoiceField(choices=Call.Outcome.choices, allow_null=True, help_text="null: still open")
    reason = serializers.ChoiceField(choices=Call.Reason.choices, allow_null=True)
    count = serializers.IntegerField()


class CallsReportOutput(serializers.Serializer[Any]):
    timeZone = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field]:
        # `data` is a serializer's own name.
        return {**super().get_fields(), "data": CallFiguresOutput(many=True)}


class Calls(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ, "POST": Permission.APPOINTMENT_WRITE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}

    @listed("listCalls", v1=CallOutput, v2=CallOutput, query=CallsQuery)
    def get(self, request: Request) -> Response:
        """Your calls of some days, in order of time; a manager sees everybody's."""
        query = read_query(request, CallsQuery)
        since, until = _days(query, self)
        rows = services.visible_calls(by=self.principal).filter(opened_at__gte=since, opened_at__lt=until)
        return page_of(rows, request=request, query=query, order=("opened_at", "id"), show_all=self._show_all)

    def _show_all(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        names = _names({call.agent_id for call in calls})
        return [_show(call, self.principal.id, names) for call in calls]

    @extend_schema(operation_id="openCall", request=CallInput, responses={201: OpenedCallOutput})
    def post(self, request: Request) -> Response:
        """Open a call, and learn whose number it is. Name it as `X-Call-Id` in what you do for the caller."""
        number = _number(read_body(CallInput, request).get("caller_number", ""))
        call = services.open_call(caller_number=number, by=self.principal, now=self.now)
        found = candidates(number=number, by=self.principal, now=self.now)
        shown = {**_show(call, self.principal.id), "candidates": [_show_candidate(each) for each in found]}
        return Response(shown, status=201, headers={"Location": f"/api/v2/calls/{shown['callId']}"})


class CallDetail(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getCall", responses=CallWithActsOutput)
    def get(self, request: Request, call_id: str) -> Response:
        """A call of yours, as a manager anybody's, and what was done during it."""
        call = services.get_call(call_id=internal_id("call", call_id), by=self.principal, now=self.now)
        acts = [
            {"at": act.at, "act": act.act, "objectId": act.object_id or None} for act in call.acts.order_by("at", "id")
        ]
        return Response({**_show(call, self.principal.id), "acts": acts})


class CallEnd(Endpoint):
    permissions = {"POST": Permission.APPOINTMENT_WRITE}
    tiers = {"POST": Tier.T3}
    idempotent = {"POST": "accepted"}

    @extend_schema(operation_id="endCall", request=CallEndInput, responses=CallOutput)
    def post(self, request: Request, call_id: str) -> Response:
        """Say how it ended; what was held during it and not booked is free again."""
        body = read_body(CallEndInput, request)
        ended = services.end_call(
            call_id=internal_id("call", call_id),
            outcome=body["outcome"],
            reason=body.get("reason", ""),
            by=self.principal,
            now=self.now,
        )
        return Response(_show(ended, self.principal.id))


class CallsReport(Endpoint):
    permissions = {"GET": Permission.ANALYTICS_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="reportCalls", parameters=[CallsQuery], responses=CallsReportOutput)
    def get(self, request: Request) -> Response:
        """How calls ended, and why nothing was booked, by agent."""
        since, until = _days(read_query(request, CallsQuery, paged=False), self)
        counted = services.count_outcomes(since=since, until=until)
        names = _names({row["agent_id"] for row in counted})
        lines = [
            {
                "agentName": names.get(row["agent_id"]),
                "outcome": row["outcome"] or None,
                "reason": row["reason"] or None,
                "count": row["count"],
            }
            for row in counted
        ]
        return Response({"timeZone": self.principal.time_zone, "data": lines})


def _days(query: dict[str, Any], endpoint: Endpoint) -> tuple[Any, Any]:
    zone = endpoint.principal.time_zone
    first = query.get("from") or query.get("to") or today(now=endpoint.now, time_zone=zone)
    return day_range(first=first, last=query.get("to") or first, time_zone=zone)


def _number(text: str) -> str:
    if not text:
        return ""
    try:
        return e164_of_practice(text)
    except InvalidInput as refused:
        raise InvalidInput(fields={"callerNumber": next(iter(refused.fields.values()))}) from None


def _names(agents: set[UUID]) -> dict[UUID, str]:
    return dict(User.objects.filter(id__in=agents).values_list("id", "name"))


def _show(call: Call, asking: UUID, names: dict[UUID, str] | None = None) -> dict[str, Any]:
    names = _names({call.agent_id}) if names is None else names
    return {
        "callId": public_id("call", call.id),
        "mine": call.agent_id == asking,
        "agentName": names.get(call.agent_id),
        "callerNumber": call.caller_number or None,
        "openedAt": call.opened_at,
        "endedAt": call.ended_at,
        "outcome": call.outcome or None,
        "reason": call.reason or None,
    }


def _show_candidate(candidate: Candidate) -> dict[str, Any]:
    patient, caller = candidate.patient, candidate.caller
    return {
        "patientId": public_id("pat", patient.id),
        "firstName": patient.first_name,
        "lastName": patient.last_name,
        "dateOfBirth": patient.date_of_birth.isoformat(),
        "caller": caller
        and {
            "relatedPersonId": public_id("rel", caller.id),
            "name": caller.name,
            "relationship": caller.relationship,
            "maySchedule": caller.may_schedule,
        },
    }
