"""Managers keep their practice's endpoints."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.webhooks import endpoints
from integrations.webhooks.models import WebhookEndpoint
from integrations.webhooks.serializers import (
    EndpointChange,
    EndpointInput,
    EndpointOutput,
    EndpointWithSecretOutput,
    ReplayedOutput,
    TestEventOutput,
    show_endpoint,
    show_with_secret,
)
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission


class WebhookEndpoints(Endpoint):
    permissions = dict.fromkeys(("GET", "POST"), Permission.WEBHOOK_MANAGE)
    tiers = {"GET": Tier.T4, "POST": Tier.T3}

    @listed("listWebhookEndpoints", v1=EndpointOutput, v2=EndpointOutput)
    def get(self, request: Request) -> Response:
        """All endpoints, the first made first."""
        rows = WebhookEndpoint.objects.all()
        return page_of(rows, request=request, query=read_query(request), order=("id",), show_all=each(show_endpoint))

    @extend_schema(
        operation_id="createWebhookEndpoint", request=EndpointInput, responses={201: EndpointWithSecretOutput}
    )
    def post(self, request: Request) -> Response:
        """Register an address; the answer alone holds the secret."""
        made = endpoints.create_endpoint(**read_body(EndpointInput, request), by=self.principal, now=self.now)
        shown = show_with_secret(made)
        return Response(
            shown, status=201, headers={"Location": f"/api/v2/webhook-endpoints/{shown['webhookEndpointId']}"}
        )


class WebhookEndpointDetail(Endpoint):
    permissions = dict.fromkeys(("GET", "PATCH", "DELETE"), Permission.WEBHOOK_MANAGE)
    tiers = {"GET": Tier.T4, "PATCH": Tier.T3, "DELETE": Tier.T3}

    @extend_schema(operation_id="getWebhookEndpoint", responses=EndpointOutput)
    def get(self, request: Request, webhook_endpoint_id: str) -> Response:
        """One endpoint, without its secret."""
        return Response(show_endpoint(endpoints.get_endpoint(internal_id("whep", webhook_endpoint_id))))

    @extend_schema(operation_id="changeWebhookEndpoint", request=EndpointChange, responses=EndpointOutput)
    def patch(self, request: Request, webhook_endpoint_id: str) -> Response:
        """Change what is named; `status` enables and disables."""
        changed = endpoints.change_endpoint(
            endpoint_id=internal_id("whep", webhook_endpoint_id),
            changes=read_body(EndpointChange, request, partial=True),
            by=self.principal,
            now=self.now,
        )
        return Response(show_endpoint(changed))

    @extend_schema(operation_id="deleteWebhookEndpoint", responses={204: None})
    def delete(self, request: Request, webhook_endpoint_id: str) -> Response:
        """Forget the endpoint; what has not arrived is discarded, and the log of deliveries stays for its time."""
        endpoint_id = internal_id("whep", webhook_endpoint_id)
        endpoints.delete_endpoint(endpoint_id=endpoint_id, by=self.principal, now=self.now)
        return Response(status=204)


class WebhookEndpointRotate(Endpoint):
    permissions = {"POST": Permission.WEBHOOK_MANAGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="rotateWebhookSecret", request=None, responses=EndpointWithSecretOutput)
    def post(self, request: Request, webhook_endpoint_id: str) -> Response:
        """A new secret; the old one signs as well for 24 hours."""
        endpoint_id = internal_id("whep", webhook_endpoint_id)
        rotated = endpoints.rotate_secret(endpoint_id=endpoint_id, by=self.principal, now=self.now)
        return Response(show_with_secret(rotated))


class WebhookEndpointTest(Endpoint):
    permissions = {"POST": Permission.WEBHOOK_MANAGE}
    tiers = {"POST": Tier.T2}

    @extend_schema(operation_id="sendTestEvent", request=None, responses={202: TestEventOutput})
    def post(self, request: Request, webhook_endpoint_id: str) -> Response:
        """Send `webhook_endpoint.test` to this endpoint alone."""
        endpoint_id = internal_id("whep", webhook_endpoint_id)
        event = endpoints.send_test_event(endpoint_id=endpoint_id, by=self.principal, now=self.now)
        return Response({"eventId": public_id("evt", event.id)}, status=202)


class WebhookEndpointReplay(Endpoint):
    permissions = {"POST": Permission.DELIVERY_MANAGE}
    tiers = {"POST": Tier.T2}

    @extend_schema(operation_id="replayWebhookEndpoint", request=None, responses={202: ReplayedOutput})
    def post(self, request: Request, webhook_endpoint_id: str) -> Response:
        """Replay the endpoint's dead deliveries, at most 1 000 at once, the oldest first."""
        endpoint_id = internal_id("whep", webhook_endpoint_id)
        count = endpoints.replay_dead(endpoint_id=endpoint_id, by=self.principal, now=self.now)
        return Response({"replayed": count}, status=202)
