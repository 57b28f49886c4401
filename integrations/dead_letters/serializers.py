"""What goes in and out of the dead letters' routes."""

from typing import Any

from rest_framework import serializers

from mybcat.gateway.inputs import IdField, Input
from mybcat.ids import public_id
from mybcat.models import Delivery


class DeadLettersQuery(Input):
    listener = serializers.CharField(max_length=40, required=False, help_text="such as notifications or webhooks")


class DeadLettersInput(Input):
    deliveryIds = serializers.ListField(source="delivery_ids", child=IdField("whd"), min_length=1, max_length=500)


class DiscardInput(DeadLettersInput):
    reason = serializers.CharField(source="because", max_length=200, help_text="for colleagues; no patient's data")


class DeadLetterOutput(serializers.Serializer[Any]):
    deliveryId = serializers.CharField()
    listener = serializers.CharField()
    eventId = serializers.CharField()
    eventType = serializers.CharField()
    eventAt = serializers.DateTimeField()
    about = serializers.DictField(child=serializers.CharField(), help_text="ids of what the event is about")
    attempts = serializers.IntegerField()
    firstAttemptAt = serializers.DateTimeField(allow_null=True)
    lastError = serializers.CharField()


class HandledOutput(serializers.Serializer[Any]):
    count = serializers.IntegerField()


def show_dead_letter(delivery: Delivery) -> dict[str, Any]:
    return {
        "deliveryId": public_id("whd", delivery.id),
        "listener": delivery.listener,
        "eventId": public_id("evt", delivery.event_id),
        "eventType": delivery.event.type,
        "eventAt": delivery.event.occurred_at,
        "about": delivery.event.data,
        "attempts": delivery.attempts,
        "firstAttemptAt": delivery.first_attempt_at,
        "lastError": delivery.last_error,
    }
