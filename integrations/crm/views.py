"""Managers connect their practice to its CRM."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.crm import connections
from integrations.crm.connections import Terms
from integrations.crm.models import CrmConnection
from integrations.outbound_endpoint import OutboundEndpoint
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, Input, read_body
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission


class ShareInput(Input):
    """What the CRM may know of a patient."""

    name = FlagField()
    email = FlagField()
    phone = FlagField()


class CrmConnectionInput(Input):
    accessToken = serializers.RegexField(
        r"^[\x21-\x7e]{10,500}\Z",
        required=False,
        help_text="of a private app with read and write access to contacts; left out: the one there is",
        error_messages={"invalid": "10 to 500 printable ASCII characters"},
    )
    businessAssociateAgreement = FlagField(help_text="the practice has one with HubSpot")
    share = ShareInput()


class ShareOutput(serializers.Serializer[Any]):
    name = serializers.BooleanField()
    email = serializers.BooleanField()
    phone = serializers.BooleanField()


class CrmConnectionOutput(serializers.Serializer[Any]):
    vendor = serializers.CharField()
    businessAssociateAgreement = serializers.BooleanField()
    share = ShareOutput()
    checkedAt = serializers.DateTimeField(allow_null=True)
    lastError = serializers.CharField(help_text="a code; empty: the last exchange went well")


class CrmCheckOutput(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    error = serializers.CharField(help_text="a code; empty: all is well")


class HubSpotConnection(Endpoint):
    permissions = dict.fromkeys(("GET", "PUT", "DELETE"), Permission.PRACTICE_MANAGE)
    tiers = {"GET": Tier.T4, "PUT": Tier.T2, "DELETE": Tier.T2}

    @extend_schema(operation_id="getCrmConnection", responses=CrmConnectionOutput)
    def get(self, request: Request) -> Response:
        """The practice's connection; its token is never shown."""
        return Response(_shown(connections.current()))

    @extend_schema(operation_id="putCrmConnection", request=CrmConnectionInput, responses=CrmConnectionOutput)
    def put(self, request: Request) -> Response:
        """Connect the practice, or change what its CRM may know."""
        body = read_body(CrmConnectionInput, request)
        terms = Terms(
            access_token=body.get("accessToken"),
            business_associate_agreement=body["businessAssociateAgreement"],
            **{f"share_{name}": allowed for name, allowed in body["share"].items()},
        )
        return Response(_shown(connections.put(terms=terms, by=self.principal, now=self.now)))

    @extend_schema(operation_id="deleteCrmConnection", responses={204: None})
    def delete(self, request: Request) -> Response:
        """End the connection and forget its token. What is in the CRM stays there."""
        connections.remove(by=self.principal, now=self.now)
        return Response(status=204)


class HubSpotConnectionTest(OutboundEndpoint):
    permissions = {"POST": Permission.PRACTICE_MANAGE}
    tiers = {"POST": Tier.T2}

    @extend_schema(operation_id="testCrmConnection", request=None, responses=CrmCheckOutput)
    def post(self, request: Request) -> Response:
        """Ask HubSpot whether the token is good, and make there what we need."""
        token = connections.current().access_token
        practice_id = self.principal.practice_id

        def check() -> Response:
            code = connections.check(practice_id=practice_id, token=token, now=self.now)
            return Response({"ok": not code, "error": code})

        return self.afterwards(check)


def _shown(connection: CrmConnection) -> dict[str, Any]:
    return {
        "vendor": "hubspot",
        "businessAssociateAgreement": connection.business_associate_agreement,
        "share": {
            "name": connection.share_name,
            "email": connection.share_email,
            "phone": connection.share_phone,
        },
        "checkedAt": connection.checked_at,
        "lastError": connection.last_error,
    }
