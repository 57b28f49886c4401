"""How a patient wants to be written to."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.messaging.channels import way_to
from integrations.messaging.defaults import Channel, Kind
from mybcat import audit
from mybcat.gateway.conditional import of_answer, refuse_stale, state_of_answer, tagged
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, Input, read_body
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from patients.models import Language, Patient
from patients.services import PatientFields, get_patient, update_patient

_NO_CHOICE: dict[str, Any] = {"invalid_choice": "No such choice"}


class CommunicationInput(Input):
    language = serializers.ChoiceField(choices=Language.choices, required=False, error_messages=_NO_CHOICE)
    channel = serializers.ChoiceField(
        choices=Patient.PreferredChannel.choices, required=False, error_messages=_NO_CHOICE
    )
    declined = serializers.ListField(
        child=serializers.ChoiceField(choices=Kind.choices, error_messages=_NO_CHOICE),
        required=False,
        max_length=len(Kind),
        help_text="kinds of messages that the patient does not want",
    )
    emailDeclined = FlagField(required=False, help_text="true once they have unsubscribed; false where they ask again")


class CommunicationOutput(serializers.Serializer[Any]):
    patientId = serializers.CharField()
    language = serializers.ChoiceField(choices=Language.choices)
    channel = serializers.ChoiceField(choices=Patient.PreferredChannel.choices)
    declined = serializers.ListField(child=serializers.CharField())
    smsConsent = serializers.BooleanField()
    smsUnreachableSince = serializers.DateTimeField(allow_null=True, help_text="carriers say that texts do not arrive")
    emailDeclined = serializers.BooleanField()
    reachedBy = serializers.ChoiceField(
        choices=Channel.choices, allow_null=True, help_text="how a reminder would go out now; null: not at all"
    )
    reason = serializers.CharField(allow_blank=True, help_text="why not at all")


class Communication(Endpoint):
    permissions = {"GET": Permission.PATIENT_READ, "PATCH": Permission.PATIENT_WRITE}
    tiers = {"GET": Tier.T4, "PATCH": Tier.T3}
    etag = of_answer

    @extend_schema(operation_id="getCommunication", responses=CommunicationOutput)
    def get(self, request: Request, patient_id: str) -> Response:
        """Language, channel and what is not wanted; and how the patient is reached now."""
        patient = get_patient(internal_id("pat", patient_id))
        audit.record(
            principal=self.principal, action="patient.read", object_kind="pat", object_ids=[patient.id], now=self.now
        )
        return Response(_shown(patient))

    @extend_schema(operation_id="changeCommunication", request=CommunicationInput, responses=CommunicationOutput)
    def patch(self, request: Request, patient_id: str) -> HttpResponse:
        """Change the members that the body names; with If-Match, only what was read is changed.

        Consent to texts stands with the patient's number.
        """
        wanted = internal_id("pat", patient_id)
        body = read_body(CommunicationInput, request, partial=True)
        refuse_stale(
            principal=self.principal,
            request=request,
            path=request.path,
            read=lambda: state_of_answer(_shown(get_patient(wanted, lock=True))),
        )
        fields: PatientFields = {}
        if "language" in body:
            fields["language"] = body["language"]
        if "channel" in body:
            fields["preferred_channel"] = body["channel"]
        if "declined" in body:
            fields["declined_kinds"] = sorted(set(body["declined"]))
        if "emailDeclined" in body:
            fields["email_declined_at"] = self.now if body["emailDeclined"] else None
        patient = update_patient(patient_id=wanted, fields=fields, by=self.principal, now=self.now)
        response = Response(_shown(patient))
        return tagged(response, principal=self.principal, path=request.path, state=state_of_answer(response.data))


def _shown(patient: Patient) -> dict[str, Any]:
    way = way_to(patient, kind=Kind.REMINDER)
    since = patient.sms_unreachable_at
    return {
        "patientId": public_id("pat", patient.id),
        "language": patient.language,
        "channel": patient.preferred_channel,
        "declined": patient.declined_kinds,
        "smsConsent": patient.sms_consent,
        "smsUnreachableSince": since.isoformat() if since else None,
        "emailDeclined": patient.email_declined_at is not None,
        "reachedBy": way.channel,
        "reason": way.reason,
    }
