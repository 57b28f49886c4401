"""Managers draft, check and publish their practice's protocol."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.gateway.conditional import State, of_state, refuse_stale, tagged, versions_of
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from practices.protocols import services
from practices.protocols.models import ProtocolVersion
from practices.protocols.serializers import (
    CheckOutput,
    DraftInput,
    DraftStartInput,
    ProtocolVersionOutput,
    PublicationInput,
    WholeProtocolVersionOutput,
    show_check,
    show_version,
    show_whole_version,
)


class ProtocolVersions(Endpoint):
    permissions = {"GET": Permission.PRACTICE_MANAGE, "POST": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}

    @listed("listProtocolVersions", v1=ProtocolVersionOutput, v2=ProtocolVersionOutput)
    def get(self, request: Request) -> Response:
        """All versions, the first made first."""
        rows = ProtocolVersion.objects.all()
        return page_of(rows, request=request, query=read_query(request), order=("number",), show_all=each(show_version))

    @extend_schema(operation_id="draftProtocol", request=DraftStartInput, responses={201: WholeProtocolVersionOutput})
    def post(self, request: Request) -> Response:
        """Start a draft from what is in force, or from the platform's protocol, with its examples."""
        origin = read_body(DraftStartInput, request).get("origin")
        started = services.start_draft(platform=origin == "platform", by=self.principal, now=self.now)
        return Response(show_whole_version(started), status=201)


class ProtocolVersionDetail(Endpoint):
    permissions = dict.fromkeys(("GET", "PUT", "DELETE"), Permission.PRACTICE_MANAGE)
    tiers = {"GET": Tier.T4, "PUT": Tier.T3, "DELETE": Tier.T3}
    etag = of_state(lambda endpoint, _: _state(internal_id("prot", endpoint.kwargs["protocol_id"])))

    @extend_schema(operation_id="getProtocolVersion", responses=WholeProtocolVersionOutput)
    def get(self, request: Request, protocol_id: str) -> Response:
        """One version with its definition and examples."""
        return Response(show_whole_version(services.get_version(internal_id("prot", protocol_id))))

    @extend_schema(operation_id="saveProtocol", request=DraftInput, responses=WholeProtocolVersionOutput)
    def put(self, request: Request, protocol_id: str) -> HttpResponse:
        """Replace a draft's definition and examples; with If-Match, only what was read is replaced."""
        version_id = internal_id("prot", protocol_id)
        body = read_body(DraftInput, request)
        _refuse_stale(self, request, version_id)
        saved = services.save_draft(version_id=version_id, **body, by=self.principal, now=self.now)
        response = Response(show_whole_version(saved))
        return tagged(response, principal=self.principal, path=request.path, state=_state(version_id))

    @extend_schema(operation_id="discardProtocol", responses={204: None})
    def delete(self, request: Request, protocol_id: str) -> Response:
        """Discard a draft."""
        version_id = internal_id("prot", protocol_id)
        _refuse_stale(self, request, version_id)
        services.discard_draft(version_id=version_id, by=self.principal, now=self.now)
        return Response(status=204)


class ProtocolCheck(Endpoint):
    permissions = {"POST": Permission.PRACTICE_MANAGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="checkProtocol", request=None, responses=CheckOutput)
    def post(self, request: Request, protocol_id: str) -> Response:
        """How each saved example comes out."""
        return Response(show_check(services.check(version=services.get_version(internal_id("prot", protocol_id)))))


class ProtocolPublish(Endpoint):
    permissions = {"POST": Permission.PRACTICE_MANAGE}
    tiers = {"POST": Tier.T3}
    idempotent = {"POST": "accepted"}

    @extend_schema(operation_id="publishProtocol", request=PublicationInput, responses=WholeProtocolVersionOutput)
    def post(self, request: Request, protocol_id: str) -> Response:
        """Put a draft in force. Its examples must all pass; it never changes again."""
        version_id = internal_id("prot", protocol_id)
        effective_from = read_body(PublicationInput, request).get("effective_from")
        _refuse_stale(self, request, version_id)
        published = services.publish(
            version_id=version_id, effective_from=effective_from, by=self.principal, now=self.now
        )
        return Response(show_whole_version(published))


def _refuse_stale(endpoint: Any, request: Request, version_id: UUID) -> None:
    """Of two managers with one draft, the second does not undo unawares what the first has written."""
    if "HTTP_IF_MATCH" in request.META:
        services.locked_draft(version_id)
        path = f"/api/{request.version}/protocol-versions/{public_id('prot', version_id)}"
        refuse_stale(principal=endpoint.principal, request=request, path=path, read=lambda: _state(version_id))


def _state(version_id: UUID) -> State | None:
    versions = versions_of(ProtocolVersion.objects.filter(id=version_id))
    return State(versions) if versions[0] else None
