"""Managers say whom the waitlist asks at once, and when; the desk sees it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.waitlist import services
from integrations.waitlist.models import LONGEST_LEAD, LONGEST_WAIT, MOST_AT_ONCE, SHORTEST_WAIT, WaitlistSettings
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input, read_body
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission


class WaitlistSettingsInput(Input):
    active = serializers.BooleanField(source="is_active", help_text="false: nobody is asked, the list is kept")
    batchSize = serializers.IntegerField(
        source="batch_size", min_value=1, max_value=MOST_AT_ONCE, help_text="patients who are asked at once"
    )
    answerMinutes = serializers.IntegerField(
        source="answer_minutes",
        min_value=SHORTEST_WAIT,
        max_value=LONGEST_WAIT,
        help_text="until the next ones are asked; whoever was asked may still say yes while the time is free",
    )
    leadHours = serializers.IntegerField(
        source="lead_hours",
        min_value=0,
        max_value=LONGEST_LEAD,
        help_text="nearer to its beginning, a time is offered to nobody",
    )


class WaitlistSettingsOutput(serializers.Serializer[Any]):
    active = serializers.BooleanField()
    batchSize = serializers.IntegerField()
    answerMinutes = serializers.IntegerField()
    leadHours = serializers.IntegerField()


class Settings(Endpoint):
    permissions = {"GET": Permission.APPOINTMENT_READ, "PUT": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "PUT": Tier.T3}

    @extend_schema(operation_id="getWaitlistSettings", responses=WaitlistSettingsOutput)
    def get(self, request: Request) -> Response:
        """How times that become free are offered to who waits."""
        return Response(_shown(services.waitlist_settings()))

    @extend_schema(operation_id="putWaitlistSettings", request=WaitlistSettingsInput, responses=WaitlistSettingsOutput)
    def put(self, request: Request) -> Response:
        """Say so anew, as a whole; what is on offer stays so."""
        body = read_body(WaitlistSettingsInput, request)
        return Response(_shown(services.write_settings(**body, by=self.principal, now=self.now)))


def _shown(row: WaitlistSettings) -> dict[str, Any]:
    return {
        "active": row.is_active,
        "batchSize": row.batch_size,
        "answerMinutes": row.answer_minutes,
        "leadHours": row.lead_hours,
    }
