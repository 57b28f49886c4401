"""The practice's inbox over HTTP."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.messaging import inbox
from integrations.messaging.models import InboundMessage
from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, Input, read_body
from mybcat.gateway.lists import listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from practices.models import User

NO_STATUS: dict[str, Any] = {"invalid_choice": "open or handled"}


class InboxQuery(Input):
    status = serializers.ChoiceField(
        choices=InboundMessage.Status.choices, default=InboundMessage.Status.OPEN, error_messages=NO_STATUS
    )


class InboxChange(Input):
    status = serializers.ChoiceField(choices=InboundMessage.Status.choices, required=False, error_messages=NO_STATUS)
    assignedToMe = FlagField(required=False, help_text="true takes it, false gives it back")


class InboxPatientOutput(serializers.Serializer[Any]):
    patientId = serializers.CharField()
    name = serializers.CharField(allow_null=True, help_text="null without the right to read patients")


class InboundMessageOutput(serializers.Serializer[Any]):
    inboundMessageId = serializers.CharField()
    phone = serializers.CharField()
    body = serializers.CharField(allow_blank=True)
    mediaCount = serializers.IntegerField(help_text="pictures and the like, which stay with the provider")
    receivedAt = serializers.DateTimeField()
    meaning = serializers.CharField(allow_blank=True, help_text="stop, start, help, or the code of a reply")
    answer = serializers.CharField(allow_blank=True, help_text="what was said in turn, at once")
    status = serializers.ChoiceField(choices=InboundMessage.Status.choices)
    patients = InboxPatientOutput(many=True, help_text="who has this number now")
    assignedTo = serializers.CharField(allow_null=True, help_text="a name")
    assignedToMe = serializers.BooleanField()
    handledAt = serializers.DateTimeField(allow_null=True)
    handledBy = serializers.CharField(allow_null=True, help_text="a name; null: handled by itself")


class InboxEndpoint(Endpoint):
    """Shows messages with whose number it is and who sees to them; whose data was seen is on record."""

    def shown(self, messages: Sequence[InboundMessage], *, action: str) -> list[dict[str, Any]]:
        patients, readable = inbox.patients_of(messages), self.principal.may(Permission.PATIENT_READ)
        ids = [patient.id for holders in patients.values() for patient in holders]
        audit.record(principal=self.principal, action=action, object_kind="pat", object_ids=ids, now=self.now)
        people = {each for message in messages for each in (message.assigned_to, message.handled_by) if each}
        names: dict[UUID | None, str] = dict(User.objects.filter(id__in=people).values_list("id", "name"))
        return [
            {
                "inboundMessageId": public_id("imsg", message.id),
                "phone": message.phone,
                "body": message.body,
                "mediaCount": message.media_count,
                "receivedAt": message.received_at.isoformat(),
                "meaning": message.meaning,
                "answer": message.answer,
                "status": message.status,
                "patients": [
                    {
                        "patientId": public_id("pat", patient.id),
                        "name": f"{patient.first_name} {patient.last_name}" if readable else None,
                    }
                    for patient in patients.get(message.phone, ())
                ],
                "assignedTo": names.get(message.assigned_to),
                "assignedToMe": message.assigned_to == self.principal.id,
                "handledAt": message.handled_at.isoformat() if message.handled_at else None,
                "handledBy": names.get(message.handled_by),
            }
            for message in messages
        ]


class Inbox(InboxEndpoint):
    permissions = {"GET": Permission.MESSAGE_READ}
    tiers = {"GET": Tier.T4}

    @listed("listInbox", v1=InboundMessageOutput, v2=InboundMessageOutput, query=InboxQuery)
    def get(self, request: Request) -> Response:
        """What patients texted and nobody has seen to yet, or what was handled; the newest first."""
        query = read_query(request, InboxQuery)
        rows = InboundMessage.objects.filter(status=query["status"])
        show_all = partial(self.shown, action="message.list")
        return page_of(rows, request=request, query=query, order=("-received_at", "-id"), show_all=show_all)


class InboxMessage(InboxEndpoint):
    permissions = {"GET": Permission.MESSAGE_READ, "PATCH": Permission.MESSAGE_WRITE}
    tiers = {"GET": Tier.T4, "PATCH": Tier.T3}

    @extend_schema(operation_id="getInboundMessage", responses=InboundMessageOutput)
    def get(self, request: Request, inbound_message_id: str) -> Response:
        """One message."""
        message = inbox.get_message(internal_id("imsg", inbound_message_id))
        return Response(self.shown([message], action="message.read")[0])

    @extend_schema(operation_id="changeInboundMessage", request=InboxChange, responses=InboundMessageOutput)
    def patch(self, request: Request, inbound_message_id: str) -> Response:
        """Take it or give it back; say that it is handled, or open it again."""
        body = read_body(InboxChange, request, partial=True)
        status = body.get("status")
        message = inbox.change_message(
            message_id=internal_id("imsg", inbound_message_id),
            handled=None if status is None else status == InboundMessage.Status.HANDLED,
            mine=body.get("assignedToMe"),
            by=self.principal,
            now=self.now,
        )
        return Response(self.shown([message], action="message.changed")[0])
