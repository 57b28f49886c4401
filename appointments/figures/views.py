"""Managers read how their practice's time is used, on the screen or in a spreadsheet."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.calls.models import Call
from appointments.days import zone
from appointments.figures import showing
from appointments.figures.serializers import (
    CallBookingsOutput,
    FigureDaysQuery,
    FillRateOutput,
    LeadTimesOutput,
    LeadTimesQuery,
    ThirdNextOutput,
)
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission
from mybcat.spreadsheets import spreadsheet

_SHEET = {(200, "text/csv"): OpenApiTypes.STR}


class _Figures(Endpoint):
    permissions = {"GET": Permission.ANALYTICS_READ}
    tiers = {"GET": Tier.T4}

    def answer(self, lines: list[dict[str, Any]]) -> Response:
        return Response({"timeZone": self.principal.time_zone, "data": lines})


class _Sheet(Endpoint):
    permissions = {"GET": Permission.ANALYTICS_READ}
    tiers = {"GET": Tier.T2}


class FillRate(_Figures):
    @extend_schema(operation_id="reportFillRate", parameters=[FigureDaysQuery], responses=FillRateOutput)
    def get(self, request: Request) -> Response:
        """Booked minutes of bookable minutes, by day and practitioner."""
        return self.answer(showing.fill_rates(request, self))


class FillRateCSV(_Sheet):
    @extend_schema(operation_id="exportFillRate", parameters=[FigureDaysQuery], responses=_SHEET)
    def get(self, request: Request) -> HttpResponse:
        """The same as a spreadsheet."""
        head = ("date", "practitionerId", "practitioner", "bookableMinutes", "bookedMinutes", "rate")
        return _sheet("fill-rate.csv", head, showing.fill_rates(request, self))


class LeadTimes(_Figures):
    @extend_schema(operation_id="reportLeadTimes", parameters=[LeadTimesQuery], responses=LeadTimesOutput)
    def get(self, request: Request) -> Response:
        """Days from booking to start of the appointments that begin on these days, by type or by day."""
        return self.answer(showing.lead_times(request, self))


class LeadTimesCSV(_Sheet):
    @extend_schema(operation_id="exportLeadTimes", parameters=[LeadTimesQuery], responses=_SHEET)
    def get(self, request: Request) -> HttpResponse:
        """The same as a spreadsheet."""
        head = ("group", "name", "appointments", "medianDays", "p90Days")
        return _sheet("lead-times.csv", head, showing.lead_times(request, self))


class ThirdNextAvailable(_Figures):
    tiers = {"GET": Tier.T3}

    @extend_schema(operation_id="reportThirdNextAvailable", responses=ThirdNextOutput)
    def get(self, request: Request) -> Response:
        """Days from today until the third appointment that is free, by type and practitioner, as of now."""
        return self.answer(showing.thirds(request, self))


class ThirdNextAvailableCSV(_Sheet):
    @extend_schema(operation_id="exportThirdNextAvailable", responses=_SHEET)
    def get(self, request: Request) -> HttpResponse:
        """The same as a spreadsheet."""
        head = ("type", "typeName", "practitionerId", "practitioner", "thirdNextAt", "days")
        clock = zone(self.principal.time_zone)
        lines = [
            {**line, "thirdNextAt": at.astimezone(clock).isoformat() if (at := line["thirdNextAt"]) else None}
            for line in showing.thirds(request, self)
        ]
        return _sheet("third-next-available.csv", head, lines)


class CallBookings(_Figures):
    @extend_schema(operation_id="reportCallBookings", parameters=[FigureDaysQuery], responses=CallBookingsOutput)
    def get(self, request: Request) -> Response:
        """How many calls were booked and why the others were not, by day and agent."""
        return self.answer(showing.call_bookings(request, self))


class CallBookingsCSV(_Sheet):
    @extend_schema(operation_id="exportCallBookings", parameters=[FigureDaysQuery], responses=_SHEET)
    def get(self, request: Request) -> HttpResponse:
        """The same as a spreadsheet."""
        head = ("date", "agentId", "agentName", "calls", "booked", "notBooked", "rate", *Call.Reason.values)
        lines = [{**line, **line["reasons"]} for line in showing.call_bookings(request, self)]
        return _sheet("call-bookings.csv", head, lines)


def _sheet(name: str, head: tuple[str, ...], lines: list[dict[str, Any]]) -> HttpResponse:
    return spreadsheet(name=name, head=head, rows=([line[column] for column in head] for line in lines))
