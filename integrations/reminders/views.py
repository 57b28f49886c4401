"""Managers say when their patients are reminded, and until when those may change an appointment by themselves."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.reminders import services
from integrations.reminders.models import LONGEST_CUTOFF, ReminderSettings
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input, read_body
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission

# Two weeks; nearer than a quarter of an hour, patients are on their way.
_EARLIEST, _LATEST = 14 * 1440, 15


class ReminderSettingsInput(Input):
    offsetsMinutes = serializers.ListField(
        source="offsets_minutes",
        child=serializers.IntegerField(min_value=_LATEST, max_value=_EARLIEST),
        max_length=5,
        help_text="before the appointment; none: no reminders",
    )
    cutoffMinutes = serializers.IntegerField(
        source="cutoff_minutes",
        min_value=0,
        max_value=LONGEST_CUTOFF,
        help_text="nearer to it than this, patients can neither cancel nor move it by themselves",
    )


class ReminderSettingsOutput(serializers.Serializer[Any]):
    offsetsMinutes = serializers.ListField(child=serializers.IntegerField())
    cutoffMinutes = serializers.IntegerField()


class Reminders(Endpoint):
    permissions = {"GET": Permission.PRACTICE_MANAGE, "PUT": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T4, "PUT": Tier.T3}

    @extend_schema(operation_id="getReminderSettings", responses=ReminderSettingsOutput)
    def get(self, request: Request) -> Response:
        """How long before an appointment its patient is reminded."""
        return Response(_shown(services.reminder_settings()))

    @extend_schema(operation_id="putReminderSettings", request=ReminderSettingsInput, responses=ReminderSettingsOutput)
    def put(self, request: Request) -> Response:
        """Say so anew, as a whole; what the new offsets would have brought before now is not made up for."""
        body = read_body(ReminderSettingsInput, request)
        return Response(_shown(services.write_settings(**body, by=self.principal, now=self.now)))


def _shown(row: ReminderSettings) -> dict[str, Any]:
    return {"offsetsMinutes": row.offsets_minutes, "cutoffMinutes": row.cutoff_minutes}
