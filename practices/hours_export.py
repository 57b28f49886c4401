"""Everybody's working hours as a spreadsheet, in the form in which imports take them."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import Input
from mybcat.gateway.lists import read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import public_id
from mybcat.principal import Permission
from mybcat.spreadsheets import spreadsheet
from practices.models import WorkingHours

HEAD = ("practitioner", "location", "weekday", "starts", "ends", "validFrom", "validUntil")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class WorkingHoursCSV(Endpoint):
    permissions = {"GET": Permission.PRACTICE_MANAGE}
    tiers = {"GET": Tier.T2}

    @extend_schema(operation_id="exportWorkingHours", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        """The weekly periods of all who see patients, on each location's clock."""
        read_query(request, Input, paged=False)
        rows = WorkingHours.objects.filter(practitioner__is_active=True, location__is_active=True)
        rows = rows.order_by("practitioner_id", "weekday", "starts", "id")
        who = list(rows.order_by("practitioner_id").values_list("practitioner_id", flat=True).distinct())
        audit.record(
            principal=self.principal, action="working_hours.export", object_kind="pract", object_ids=who, now=self.now
        )
        return spreadsheet(name="working-hours.csv", head=HEAD, rows=map(_cells, rows))


def _cells(row: WorkingHours) -> tuple[object, ...]:
    return (
        public_id("pract", row.practitioner_id),
        public_id("loc", row.location_id),
        _WEEKDAYS[row.weekday],
        f"{row.starts:%H:%M}",
        f"{row.ends:%H:%M}",
        row.valid_from.isoformat(),
        row.valid_until.isoformat() if row.valid_until else "",
    )
