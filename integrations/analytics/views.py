"""Managers read their practice's figures, on the screen or in a spreadsheet."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.analytics.counting import COUNTERS
from integrations.analytics.reports import By, Line, daily
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import DayField, Input
from mybcat.gateway.lists import read_query
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from mybcat.spreadsheets import spreadsheet

MAX_DAYS = 366


class DailyQuery(Input):
    """Days on the practice's clock, both included."""

    to = DayField()
    by = serializers.ChoiceField(
        choices=[(by.value, by.value) for by in By],
        required=False,
        help_text="a line for each of these of which something happened on the day; default: one for each day",
        error_messages={"invalid_choice": f"One of {', '.join(By)}"},
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is no Python name.
        return {"from": DayField(), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not 0 <= (attrs["to"] - attrs["from"]).days < MAX_DAYS:
            raise serializers.ValidationError({"to": [f"At most {MAX_DAYS} days, and not before `from`"]})
        return attrs


class CountsOutput(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, serializers.Field]:
        return {counter: serializers.IntegerField() for counter in COUNTERS.values()}


class DailyLineOutput(serializers.Serializer[Any]):
    date = serializers.DateField()
    group = serializers.CharField(help_text="a code or id of what `by` named; empty without it")
    name = serializers.CharField()
    counts = CountsOutput()


class DailyOutput(serializers.Serializer[Any]):
    timeZone = serializers.CharField(help_text="whose days these are")

    def get_fields(self) -> dict[str, serializers.Field]:
        # `data` is a serializer's own name.
        return {**super().get_fields(), "data": DailyLineOutput(many=True)}


class DailyAnalytics(Endpoint):
    permissions = {"GET": Permission.ANALYTICS_READ}
    tiers = {"GET": Tier.T4}

    @extend_schema(operation_id="dailyAnalytics", parameters=[DailyQuery], responses=DailyOutput)
    def get(self, request: Request) -> Response:
        """How often appointments were booked, cancelled and so on, by the day on which that happened."""
        lines = [
            {"date": line.date.isoformat(), "group": line.group, "name": line.name, "counts": line.counts}
            for line in _lines(request)
        ]
        return Response({"timeZone": self.principal.time_zone, "data": lines})


class DailyAnalyticsCSV(Endpoint):
    permissions = {"GET": Permission.ANALYTICS_READ}
    tiers = {"GET": Tier.T2}

    @extend_schema(
        operation_id="exportDailyAnalytics",
        parameters=[DailyQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        """The same as a spreadsheet."""
        return spreadsheet(
            name="daily.csv",
            head=("date", "group", "name", *COUNTERS.values()),
            rows=((line.date, line.group, line.name, *line.counts.values()) for line in _lines(request)),
        )


def _lines(request: Request) -> list[Line]:
    query = read_query(request, DailyQuery, paged=False)
    by = By(query["by"]) if "by" in query else None
    return daily(since=query["from"], until=query["to"], by=by)
