"""Managers look at what was delivered, attempt by attempt, and have it delivered again."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.webhooks.endpoints import get_endpoint
from integrations.webhooks.serializers import (
    AttemptOutput,
    DeliveriesQuery,
    DeliveryOutput,
    show_attempt,
    show_delivery,
)
from mybcat import deliveries
from mybcat.errors import UnknownId
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.models import Delivery, DeliveryAttempt
from mybcat.principal import Permission

LISTENER = "webhooks"


class WebhookDeliveries(Endpoint):
    permissions = {"GET": Permission.WEBHOOK_MANAGE}
    tiers = {"GET": Tier.T4}

    @listed("listWebhookDeliveries", v1=DeliveryOutput, v2=DeliveryOutput, query=DeliveriesQuery)
    def get(self, request: Request) -> Response:
        """Deliveries, the oldest first unless asked otherwise."""
        query = read_query(request, DeliveriesQuery)
        rows = Delivery.objects.filter(listener=LISTENER).select_related("event")
        if wanted := query.get("endpoint_ids"):
            rows = rows.filter(target_id__in=[get_endpoint(endpoint_id).id for endpoint_id in wanted])
        if "status" in query:
            rows = rows.filter(status=query["status"])
        order = ("-id",) if query["order"] == "newest" else ("id",)
        return page_of(rows, request=request, query=query, order=order, show_all=each(show_delivery))


class WebhookDeliveryDetail(Endpoint):
    permissions = {"GET": Permission.WEBHOOK_MANAGE}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getWebhookDelivery", responses=DeliveryOutput)
    def get(self, request: Request, delivery_id: str) -> Response:
        """One delivery."""
        return Response(show_delivery(_delivery(internal_id("whd", delivery_id))))


class WebhookDeliveryAttempts(Endpoint):
    permissions = {"GET": Permission.WEBHOOK_MANAGE}
    tiers = {"GET": Tier.T4}

    @listed("listWebhookDeliveryAttempts", v1=AttemptOutput, v2=AttemptOutput)
    def get(self, request: Request, delivery_id: str) -> Response:
        """Every attempt, the first first."""
        delivery = _delivery(internal_id("whd", delivery_id))
        rows = DeliveryAttempt.objects.filter(delivery_id=delivery.id)
        return page_of(rows, request=request, query=read_query(request), order=("id",), show_all=each(show_attempt))


class WebhookDeliveryReplay(Endpoint):
    permissions = {"POST": Permission.DELIVERY_MANAGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="replayWebhookDelivery", request=None, responses={202: DeliveryOutput})
    def post(self, request: Request, delivery_id: str) -> Response:
        """Deliver a dead one anew, under the same `webhook-id`."""
        delivery = _delivery(internal_id("whd", delivery_id))
        deliveries.replay(delivery=delivery, by=self.principal, now=self.now)
        return Response(show_delivery(_delivery(delivery.id)), status=202)


def _delivery(delivery_id: UUID) -> Delivery:
    rows = Delivery.objects.select_related("event").filter(id=delivery_id, listener=LISTENER)
    delivery: Delivery | None = rows.first()
    if delivery is None:
        raise UnknownId(prefix="whd", value=delivery_id)
    return delivery
