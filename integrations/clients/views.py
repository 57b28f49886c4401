"""Managers create, look at, change and end their practice's API clients.

No idempotency key is taken: the stored answer would be a secret in clear.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.clients import services
from integrations.clients.models import ApiClient
from integrations.clients.serializers import (
    CertificateInput,
    ClientInput,
    ClientOutput,
    ClientWithSecretOutput,
    RotationInput,
    ThumbprintInput,
    overlap,
    show_client,
)
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission


class ClientEndpoint(Endpoint):
    """Shows API clients; makes each change as the caller."""

    changes_access = True
    permissions = {"POST": Permission.CLIENT_MANAGE}
    tiers = {"POST": Tier.T3}

    @property
    def acting(self) -> dict[str, Any]:
        return {"by": self.principal, "now": self.now}

    def shown(self, client: ApiClient) -> dict[str, Any]:
        return show_client(client, now=self.now)

    def with_secret(self, made: tuple[ApiClient, str | None], *, status: int) -> Response:
        client, secret = made
        return Response({**self.shown(client), "secret": secret}, status=status)


class Clients(ClientEndpoint):
    permissions = {"GET": Permission.CLIENT_MANAGE, "POST": Permission.CLIENT_MANAGE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}

    @listed("listApiClients", v1=ClientOutput, v2=ClientOutput)
    def get(self, request: Request) -> Response:
        """The practice's API clients, the revoked ones too."""
        rows = ApiClient.objects.prefetch_related("secrets", "certificates")
        query = read_query(request)
        return page_of(rows, request=request, query=query, order=("name", "id"), show_all=each(self.shown))

    @extend_schema(operation_id="createApiClient", request=ClientInput, responses={201: ClientWithSecretOutput})
    def post(self, request: Request) -> Response:
        """Create a client. Its secret is in this answer and nowhere else."""
        made = services.create_client(fields=read_body(ClientInput, request), **self.acting)
        return self.with_secret(made, status=201)


class ClientDetail(ClientEndpoint):
    permissions = {"GET": Permission.CLIENT_MANAGE, "PATCH": Permission.CLIENT_MANAGE}
    tiers = {"GET": Tier.T4, "PATCH": Tier.T3}

    @extend_schema(operation_id="getApiClient", responses=ClientOutput)
    def get(self, request: Request, client_id: str) -> Response:
        """One client."""
        return Response(self.shown(services.get_client(internal_id("appc", client_id))))

    @extend_schema(operation_id="updateApiClient", request=ClientInput, responses=ClientOutput)
    def patch(self, request: Request, client_id: str) -> Response:
        """Change the members that the body names. Tokens lose a scope that is taken away at once."""
        fields = read_body(ClientInput, request, partial=True)
        changed = services.update_client(client_id=internal_id("appc", client_id), fields=fields, **self.acting)
        return Response(self.shown(changed))


class SecretRotation(ClientEndpoint):
    @extend_schema(operation_id="rotateApiClientSecret", request=RotationInput, responses=ClientWithSecretOutput)
    def post(self, request: Request, client_id: str) -> Response:
        """A new secret, in this answer and nowhere else; the last one stays good for a while."""
        keep = overlap(read_body(RotationInput, request))
        made = services.rotate_secret(client_id=internal_id("appc", client_id), overlap=keep, **self.acting)
        return self.with_secret(made, status=200)


class ClientRevocation(ClientEndpoint):
    @extend_schema(operation_id="revokeApiClient", request=None, responses=ClientOutput)
    def post(self, request: Request, client_id: str) -> Response:
        """End the client and all its tokens, at once and for ever."""
        return Response(self.shown(services.revoke_client(client_id=internal_id("appc", client_id), **self.acting)))


class Certificates(ClientEndpoint):
    @extend_schema(operation_id="addApiClientCertificate", request=CertificateInput, responses={201: ClientOutput})
    def post(self, request: Request, client_id: str) -> Response:
        """Bind the client to a certificate: from now on it must come with one of its certificates."""
        pem = read_body(CertificateInput, request)["certificate"]
        bound = services.add_certificate(client_id=internal_id("appc", client_id), pem=pem, **self.acting)
        return Response(self.shown(bound), status=201)


class CertificateRevocation(ClientEndpoint):
    @extend_schema(operation_id="revokeApiClientCertificate", request=ThumbprintInput, responses=ClientOutput)
    def post(self, request: Request, client_id: str) -> Response:
        """Shut one certificate out at once. The client stays bound to certificates."""
        given = read_body(ThumbprintInput, request)["thumbprint"]
        left = services.revoke_certificate(client_id=internal_id("appc", client_id), thumbprint=given, **self.acting)
        return Response(self.shown(left))
