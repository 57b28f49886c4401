"""Managers let their practice send from a number of its own."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.messaging import connections
from integrations.messaging.models import MessagingConnection
from integrations.messaging.twilio import check_account
from integrations.outbound_endpoint import OutboundEndpoint
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input, read_body
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission


class MessagingConnectionInput(Input):
    accountSid = serializers.RegexField(
        r"^AC[0-9a-f]{32}\Z", error_messages={"invalid": "AC and 32 hexadecimal digits, as Twilio shows it"}
    )
    authToken = serializers.RegexField(
        r"^[\x21-\x7e]{10,100}\Z",
        required=False,
        help_text="left out: the one there is",
        error_messages={"invalid": "10 to 100 printable ASCII characters"},
    )
    number = serializers.RegexField(
        r"^\+[1-9][0-9]{6,14}\Z", error_messages={"invalid": "A number such as +12125550123"}
    )


class MessagingConnectionOutput(serializers.Serializer[Any]):
    vendor = serializers.CharField()
    accountSid = serializers.CharField()
    number = serializers.CharField()
    checkedAt = serializers.DateTimeField(allow_null=True)
    lastError = serializers.CharField(allow_blank=True, help_text="a code; empty: all was well, or nobody asked")


class MessagingCheckOutput(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    error = serializers.CharField(allow_blank=True)


class Connection(Endpoint):
    permissions = dict.fromkeys(("GET", "PUT", "DELETE"), Permission.MESSAGE_MANAGE)
    tiers = {"GET": Tier.T4, "PUT": Tier.T2, "DELETE": Tier.T2}

    @extend_schema(operation_id="getMessagingConnection", responses=MessagingConnectionOutput)
    def get(self, request: Request) -> Response:
        """The practice's own account and number, without the token."""
        return Response(_shown(connections.current()))

    @extend_schema(
        operation_id="putMessagingConnection", request=MessagingConnectionInput, responses=MessagingConnectionOutput
    )
    def put(self, request: Request) -> Response:
        """Send from the practice's own number. Point its webhook for messages to where the platform's points."""
        body = read_body(MessagingConnectionInput, request)
        connection = connections.put(
            account_sid=body["accountSid"],
            auth_token=body.get("authToken"),
            number=body["number"],
            by=self.principal,
            now=self.now,
        )
        return Response(_shown(connection))

    @extend_schema(operation_id="deleteMessagingConnection", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Forget the token; the platform's number serves again."""
        connections.remove(by=self.principal, now=self.now)
        return Response(status=204)


class ConnectionTest(OutboundEndpoint):
    permissions = {"POST": Permission.MESSAGE_MANAGE}
    tiers = {"POST": Tier.T2}

    @extend_schema(operation_id="testMessagingConnection", request=None, responses=MessagingCheckOutput)
    def post(self, request: Request) -> Response:
        """Ask Twilio whether the token is good and the number is the account's. Sends nothing."""
        connections.current()
        practice_id = self.principal.practice_id

        def check() -> Response:
            code = check_account(connections.account_of(practice_id))
            connections.note(practice_id=practice_id, code=code, now=self.now)
            return Response({"ok": not code, "error": code})

        return self.afterwards(check)


def _shown(connection: MessagingConnection) -> dict[str, Any]:
    return {
        "vendor": "twilio",
        "accountSid": connection.account_sid,
        "number": connection.number,
        "checkedAt": connection.checked_at.isoformat() if connection.checked_at else None,
        "lastError": connection.last_error,
    }
