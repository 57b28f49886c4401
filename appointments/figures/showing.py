"""Lines of the reports as the wire shows them; the spreadsheets have the same members as columns."""

from typing import Any

from rest_framework.request import Request

from appointments.figures.call_bookings import CallDay, call_days
from appointments.figures.filling import Filled, filled
from appointments.figures.lead_times import Lead, LeadBy, leads
from appointments.figures.serializers import FigureDaysQuery, LeadTimesQuery
from appointments.figures.third_next import ThirdNext, third_next
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import read_query
from mybcat.ids import public_id


def fill_rates(request: Request, endpoint: Endpoint) -> list[dict[str, Any]]:
    query = read_query(request, FigureDaysQuery, paged=False)
    found = filled(since=query["from"], until=query["to"], time_zone=endpoint.principal.time_zone)
    return [_fill_rate(line) for line in found]


def lead_times(request: Request, endpoint: Endpoint) -> list[dict[str, Any]]:
    query = read_query(request, LeadTimesQuery, paged=False)
    by = LeadBy(query.get("by", LeadBy.TYPE))
    found = leads(since=query["from"], until=query["to"], by=by, time_zone=endpoint.principal.time_zone)
    return [_lead_time(line) for line in found]


def thirds(request: Request, endpoint: Endpoint) -> list[dict[str, Any]]:
    read_query(request, paged=False)
    return [_third(line) for line in third_next(now=endpoint.now, time_zone=endpoint.principal.time_zone)]


def call_bookings(request: Request, endpoint: Endpoint) -> list[dict[str, Any]]:
    query = read_query(request, FigureDaysQuery, paged=False)
    found = call_days(since=query["from"], until=query["to"], time_zone=endpoint.principal.time_zone)
    return [_call_day(line) for line in found]


def _fill_rate(line: Filled) -> dict[str, Any]:
    return {
        "date": line.date.isoformat(),
        "practitionerId": public_id("pract", line.practitioner_id),
        "practitioner": line.name,
        "bookableMinutes": line.bookable_minutes,
        "bookedMinutes": line.booked_minutes,
        "rate": line.rate,
    }


def _lead_time(line: Lead) -> dict[str, Any]:
    return {
        "group": line.group,
        "name": line.name,
        "appointments": line.appointments,
        "medianDays": line.median_days,
        "p90Days": line.p90_days,
    }


def _third(line: ThirdNext) -> dict[str, Any]:
    return {
        "type": line.type_code,
        "typeName": line.type_name,
        "practitionerId": public_id("pract", line.practitioner_id),
        "practitioner": line.practitioner_name,
        "thirdNextAt": line.starts_at,
        "days": line.days,
    }


def _call_day(line: CallDay) -> dict[str, Any]:
    return {
        "date": line.date.isoformat(),
        "agentId": public_id("user", line.agent_id) if line.name is not None else None,
        "agentName": line.name,
        "calls": line.calls,
        "booked": line.booked,
        "notBooked": line.not_booked,
        "rate": line.rate,
        "reasons": line.reasons,
    }
