"""Managers see what of their plan is used, read where the limiter counts it."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.outbound_endpoint import OutboundEndpoint
from mybcat.gateway.counting import used
from mybcat.gateway.limits import Limit, daily_limit
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from mybcat.volatile import Away, volatile
from practices.models import Practice


class RequestsOutput(serializers.Serializer[Any]):
    limit = serializers.IntegerField(help_text="of all API clients of the practice together")
    used = serializers.IntegerField(allow_null=True, help_text="null: unknown for now, and nothing is refused for it")
    refillsAt = serializers.DateTimeField(help_text="when the day ends, by UTC")


class UsageOutput(serializers.Serializer[Any]):
    plan = serializers.CharField()
    requestsToday = RequestsOutput()


class BillingUsage(OutboundEndpoint):
    permissions = {"GET": Permission.BILLING_MANAGE}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="getUsage", responses=UsageOutput)
    def get(self, request: Request) -> Response:
        """What the practice's API clients have used of its plan today. People who sign in count against no plan."""
        practice = Practice.objects.get()
        daily = daily_limit(practice_id=practice.id, plan=practice.plan)
        return self.afterwards(partial(_shown, practice.plan, daily, self.now))


def _shown(plan: str, daily: Limit, now: datetime) -> Response:
    today = {"limit": daily.quota, "used": _count(daily), "refillsAt": _end_of_day(now)}
    return Response({"plan": plan, "requestsToday": today})


def _count(daily: Limit) -> int | None:
    """None while Redis is away: nobody knows whether it is 0."""
    try:
        return used(limit=daily, store=volatile())
    except Away:
        return None


def _end_of_day(now: datetime) -> datetime:
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC)
