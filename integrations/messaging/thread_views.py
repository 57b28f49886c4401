"""The conversation with one number over HTTP, and answering it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.messaging.answering import LONGEST, reply, thread_of
from integrations.messaging.inbox import get_message, patients_of
from integrations.messaging.message_views import ARRIVED_OR_NOT
from integrations.messaging.models import InboundMessage
from integrations.models import Message
from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import IdField, Input, read_body
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from practices.models import User


class ReplyInput(Input):
    text = serializers.CharField(max_length=LONGEST, help_text="sent behind the practice's name")
    patientId = IdField("pat", source="patient_id", required=False, help_text="for whom, where several have the number")


class SaidOutput(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="imsg_… of what came, msg_… of what went")
    direction = serializers.ChoiceField(choices=["in", "out"])
    at = serializers.DateTimeField()
    body = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True, help_text="what was said to it at once")
    kind = serializers.CharField(allow_blank=True, help_text="of what went: why; `reply`: written by hand")
    status = serializers.ChoiceField(
        choices=[*InboundMessage.Status.values, *Message.Status.values, *ARRIVED_OR_NOT],
        help_text="of what went: ours, until the carrier tells of its end",
    )
    code = serializers.CharField(allow_blank=True, help_text="why it was not sent or did not arrive")
    by = serializers.CharField(allow_null=True, help_text="the name of who wrote it by hand")


class ThreadOutput(serializers.Serializer[Any]):
    messages = SaidOutput(many=True)


class Thread(Endpoint):
    permissions = {"GET": Permission.MESSAGE_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getInboxThread", responses=ThreadOutput)
    def get(self, request: Request, inbound_message_id: str) -> Response:
        """What this number wrote and what was texted to it, the oldest first; the latest hundred of each."""
        message = get_message(internal_id("imsg", inbound_message_id))
        came, went = thread_of(message)
        holders = patients_of([message]).get(message.phone, [])
        ids = {patient.id for patient in holders} | {each.patient_id for each in went}
        audit.record(
            principal=self.principal, action="message.thread", object_kind="pat", object_ids=sorted(ids), now=self.now
        )
        names = names_of(*went)
        said = [*(_came(each) for each in came), *(show_sent(each, names) for each in went)]
        return Response({"messages": sorted(said, key=lambda each: each["at"])})


class Replies(Endpoint):
    permissions = {"POST": Permission.MESSAGE_WRITE}
    tiers = {"POST": Tier.T3}
    idempotent = {"POST": "required"}

    @extend_schema(operation_id="replyToInboundMessage", request=ReplyInput, responses={201: SaidOutput})
    def post(self, request: Request, inbound_message_id: str) -> Response:
        """Text the patient an answer. At night too, where they wrote within 24 hours; never against a STOP."""
        body = read_body(ReplyInput, request)
        message = reply(
            inbound_message_id=internal_id("imsg", inbound_message_id),
            patient_id=body.get("patient_id"),
            text=body["text"],
            by=self.principal,
            now=self.now,
        )
        return Response(show_sent(message, names_of(message)), status=201)


def names_of(*messages: Message) -> dict[UUID, str]:
    writers = {message.written_by for message in messages if message.written_by}
    return dict(User.objects.filter(id__in=writers).values_list("id", "name"))


def show_sent(message: Message, names: Mapping[UUID, str]) -> dict[str, Any]:
    """What went, as a part of the conversation."""
    return {
        "id": public_id("msg", message.id),
        "direction": "out",
        "at": (message.sent_at or message.created_at).isoformat(),
        "body": message.body,
        "answer": "",
        "kind": message.kind,
        "status": message.receipt if message.receipt in ARRIVED_OR_NOT else message.status,
        "code": message.error_code or message.reason,
        "by": names.get(message.written_by) if message.written_by else None,
    }


def _came(message: InboundMessage) -> dict[str, Any]:
    return {
        "id": public_id("imsg", message.id),
        "direction": "in",
        "at": message.received_at.isoformat(),
        "body": message.body,
        "answer": message.answer,
        "kind": "",
        "status": message.status,
        "code": "",
        "by": None,
    }
