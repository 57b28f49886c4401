"""All patients of the practice as a spreadsheet, for those who may take them out of the product."""

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
from patients.models import Patient

# Members of the API by the model's fields: an allow-list.
_COLUMNS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "dateOfBirth": "date_of_birth",
    "phone": "phone",
    "email": "email",
    "insuranceProvider": "insurance_provider",
    "smsConsent": "sms_consent",
}
# Patients whom one audit row names: 80 kB of ids.
AUDITED_TOGETHER = 2000


class PatientsCSV(Endpoint):
    permissions = {"GET": Permission.PATIENT_EXPORT}
    tiers = {"GET": Tier.T2}

    @extend_schema(operation_id="exportPatients", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> HttpResponse:
        """Every patient on record but second copies; each one's audit trail tells of it."""
        read_query(request, Input, paged=False)
        found = Patient.objects.standing().order_by("last_name_key", "first_name_key", "id")
        rows = list(found.values_list("id", *_COLUMNS.values()))
        for first in range(0, len(rows), AUDITED_TOGETHER):
            audit.record(
                principal=self.principal,
                action="patient.export",
                object_kind="pat",
                object_ids=[row[0] for row in rows[first : first + AUDITED_TOGETHER]],
                now=self.now,
            )
        return spreadsheet(
            name="patients.csv",
            head=("id", *_COLUMNS),
            rows=((public_id("pat", value), *map(_shown, fields)) for value, *fields in rows),
        )


def _shown(value: object) -> object:
    """Flags as the API writes them."""
    return str(value).lower() if isinstance(value, bool) else value
