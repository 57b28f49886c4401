"""Who saw and changed a patient's data, for the practice's managers."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.models import AuditEntry
from mybcat.principal import Permission
from patients.merging import copies_of
from patients.services import get_patient
from practices.acts import ActOutput, ActsQuery, show_acts, span_of

# `data` is a property of the serializer's class, so this cannot be written as one.
TrailList = type(
    "PatientAuditList",
    (serializers.Serializer,),
    {"data": ActOutput(many=True), "nextCursor": serializers.CharField(allow_null=True)},
)


class PatientTrail(Endpoint):
    permissions = {"GET": Permission.AUDIT_READ}
    tiers = {"GET": Tier.T2}

    @extend_schema(operation_id="listPatientAudit", parameters=[ActsQuery], responses=TrailList)
    def get(self, request: Request, patient_id: str) -> Response:
        """Every act on the patient's data, on those of merged records too, in order. Asking is such an act itself."""
        query = read_query(request, ActsQuery, paged=False)
        since, until = span_of(query, now=self.now)
        patient = get_patient(internal_id("pat", patient_id))
        # Entries never change: what was done before a merge names the record that it was done to.
        records = [str(each) for each in (patient.id, *copies_of(patient.id))]
        rows = AuditEntry.objects.filter(
            at__gte=since, at__lt=until, object_kind="pat", object_ids__has_any_keys=records
        )
        response = page_of(rows, request=request, query=query, order=("at", "id"), show_all=show_acts)
        audit.record(
            principal=self.principal, action="patient.audit", object_kind="pat", object_ids=[patient.id], now=self.now
        )
        return response
