"""What a patient was sent, and whether it arrived."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.messaging.defaults import Channel
from integrations.models import Message
from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from patients.services import get_patient

ARRIVED_OR_NOT = (Message.Receipt.DELIVERED, Message.Receipt.UNDELIVERED, Message.Receipt.FAILED)


class MessageOutput(serializers.Serializer[Any]):
    messageId = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    kind = serializers.CharField(allow_blank=True)
    body = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(
        choices=[*Message.Status.values, *ARRIVED_OR_NOT], help_text="ours, until the carrier tells of its end"
    )
    code = serializers.CharField(allow_blank=True, help_text="why it was not sent or did not arrive")
    createdAt = serializers.DateTimeField()
    sentAt = serializers.DateTimeField(allow_null=True)
    receiptAt = serializers.DateTimeField(allow_null=True)


class PatientMessages(Endpoint):
    permissions = {"GET": Permission.MESSAGE_READ}
    tiers = {"GET": Tier.T4}

    @listed("listPatientMessages", v1=MessageOutput, v2=MessageOutput)
    def get(self, request: Request, patient_id: str) -> Response:
        """What the patient was sent and what was held back, the newest first."""
        patient = get_patient(internal_id("pat", patient_id))
        rows = Message.objects.filter(patient_id=patient.id)
        audit.record(
            principal=self.principal, action="message.list", object_kind="pat", object_ids=[patient.id], now=self.now
        )
        return page_of(rows, request=request, query=read_query(request), order=("-id",), show_all=each(_shown))


def _shown(message: Message) -> dict[str, Any]:
    return {
        "messageId": public_id("msg", message.id),
        "channel": message.channel,
        "kind": message.kind,
        "body": message.body,
        "status": message.receipt if message.receipt in ARRIVED_OR_NOT else message.status,
        "code": message.error_code or message.reason,
        "createdAt": message.created_at.isoformat(),
        "sentAt": message.sent_at.isoformat() if message.sent_at else None,
        "receiptAt": message.receipt_at.isoformat() if message.receipt_at else None,
    }
