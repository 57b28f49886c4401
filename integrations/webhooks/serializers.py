"""What goes in and out of the webhooks' routes."""

from typing import Any

from rest_framework import serializers

from integrations.webhooks.models import WebhookEndpoint
from integrations.webhooks.subscriptions import PATTERNS
from mybcat.gateway.inputs import IdListField, Input
from mybcat.ids import public_id
from mybcat.models import Delivery, DeliveryAttempt


class EndpointInput(Input):
    url = serializers.CharField(max_length=2048, help_text="https, a name in DNS, port 443 or 8443")
    enabledEvents = serializers.ListField(
        source="enabled_events",
        child=serializers.ChoiceField(choices=PATTERNS),
        min_length=1,
        max_length=50,
        help_text="types of events, `appointment.*`, or `*`",
    )
    description = serializers.CharField(max_length=200, allow_blank=True, default="")


class EndpointChange(EndpointInput):
    status = serializers.ChoiceField(choices=WebhookEndpoint.Status.choices)


class DeliveriesQuery(Input):
    endpointId = IdListField("whep", source="endpoint_ids", required=False, help_text="several: a comma between them")
    status = serializers.ChoiceField(choices=Delivery.Status.choices, required=False)
    order = serializers.ChoiceField(choices=("oldest", "newest"), default="oldest", help_text="which comes first")


class EndpointOutput(serializers.Serializer[Any]):
    webhookEndpointId = serializers.CharField()
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    enabledEvents = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=WebhookEndpoint.Status.choices)
    disabledBecause = serializers.ChoiceField(choices=WebhookEndpoint.DisabledBecause.choices, allow_null=True)
    failingSince = serializers.DateTimeField(allow_null=True)
    lastSuccessAt = serializers.DateTimeField(allow_null=True)
    createdAt = serializers.DateTimeField()


class EndpointWithSecretOutput(EndpointOutput):
    secret = serializers.CharField(help_text="shown this once")
    previousSecretUntil = serializers.DateTimeField(allow_null=True, help_text="until then the old one signs as well")


class TestEventOutput(serializers.Serializer[Any]):
    eventId = serializers.CharField(help_text="the `webhook-id` under which it will come")


class ReplayedOutput(serializers.Serializer[Any]):
    replayed = serializers.IntegerField()


class DeliveryOutput(serializers.Serializer[Any]):
    deliveryId = serializers.CharField()
    webhookEndpointId = serializers.CharField()
    eventId = serializers.CharField()
    eventType = serializers.CharField()
    status = serializers.ChoiceField(choices=Delivery.Status.choices)
    attempts = serializers.IntegerField()
    nextAttemptAt = serializers.DateTimeField(allow_null=True)
    lastError = serializers.CharField(allow_null=True)
    createdAt = serializers.DateTimeField()
    deliveredAt = serializers.DateTimeField(allow_null=True)


class AttemptOutput(serializers.Serializer[Any]):
    attempt = serializers.IntegerField()
    trigger = serializers.ChoiceField(choices=DeliveryAttempt.Trigger.choices)
    succeeded = serializers.BooleanField()
    error = serializers.CharField(allow_null=True)
    responseStatus = serializers.IntegerField(allow_null=True)
    responseExcerpt = serializers.CharField(allow_blank=True)
    startedAt = serializers.DateTimeField()
    durationMs = serializers.IntegerField()


def show_endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "webhookEndpointId": public_id("whep", endpoint.id),
        "url": endpoint.url,
        "description": endpoint.description,
        "enabledEvents": endpoint.enabled_events,
        "status": endpoint.status,
        "disabledBecause": endpoint.disabled_because or None,
        "failingSince": endpoint.failing_since,
        "lastSuccessAt": endpoint.last_success_at,
        "createdAt": endpoint.created_at,
    }


def show_with_secret(endpoint: WebhookEndpoint) -> dict[str, Any]:
    shown = show_endpoint(endpoint)
    return {**shown, "secret": endpoint.secret, "previousSecretUntil": endpoint.previous_secret_until}


def show_delivery(delivery: Delivery) -> dict[str, Any]:
    waits = delivery.status in (Delivery.Status.PENDING, Delivery.Status.LEASED)
    return {
        "deliveryId": public_id("whd", delivery.id),
        "webhookEndpointId": public_id("whep", delivery.target_id),
        "eventId": public_id("evt", delivery.event_id),
        "eventType": delivery.event.type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "nextAttemptAt": delivery.next_attempt_at if waits else None,
        "lastError": delivery.last_error or None,
        "createdAt": delivery.created_at,
        "deliveredAt": delivery.delivered_at,
    }


def show_attempt(attempt: DeliveryAttempt) -> dict[str, Any]:
    return {
        "attempt": attempt.attempt,
        "trigger": attempt.trigger,
        "succeeded": attempt.succeeded,
        "error": attempt.error or None,
        "responseStatus": attempt.response_status,
        "responseExcerpt": attempt.response_excerpt,
        "startedAt": attempt.started_at,
        "durationMs": attempt.duration_ms,
    }
