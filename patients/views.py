"""Patients: search, create, read, change. Every answer leaves an audit row."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat import audit
from mybcat.gateway.conditional import State, of_answer, refuse_stale, state_of_answer, tagged
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import read_body
from mybcat.gateway.lists import listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id
from mybcat.principal import Permission
from patients import services
from patients.models import Patient
from patients.serializers import (
    NewPatientInput,
    PatientInput,
    PatientSearch,
    PatientV1Output,
    PatientV2Output,
    show_patient,
)
from patients.visits import Visits, VisitsOf

ONE = {"v1": PatientV1Output, "v2": PatientV2Output}


class PatientEndpoint(Endpoint):
    """Shows patients with their visits, which `visits_of` knows."""

    visits_of: VisitsOf | None = None

    def shown(self, patients: Sequence[Patient]) -> list[dict[str, Any]]:
        """As the version shows them."""
        version = self.request.version or "v2"
        visits = self.visits_of([patient.id for patient in patients], self.now) if self.visits_of else {}
        return [show_patient(patient, visits.get(patient.id, Visits()), version=version) for patient in patients]


class Patients(PatientEndpoint):
    permissions = {"GET": Permission.PATIENT_READ, "POST": Permission.PATIENT_WRITE}
    call_acts = {"GET": "patients.searched", "POST": "patient.created:id"}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}

    @listed("searchPatients", v1=PatientV1Output, v2=PatientV2Output, query=PatientSearch)
    def get(self, request: Request) -> Response:
        """Patients by names, the end of a phone number and the birth date, in any order; v2 forgives spelling."""
        query = read_query(request, PatientSearch)
        text = query.get("search")
        rows = Patient.objects.matching(text) if text else Patient.objects.standing()
        response = self._page(rows, query)
        if text and request.version != "v1" and not _rows(response) and not rows.exists():
            # Misheard or mistyped: better somebody alike than nobody.
            response = self._page(Patient.objects.sounding(text), query)
        self._audit("patient.search", [internal_id("pat", row["id"]) for row in _rows(response)])
        return response

    @extend_schema(
        operation_id="createPatient", versions=["v1"], request=PatientInput, responses={201: PatientV1Output}
    )
    @extend_schema(
        operation_id="createPatient", versions=["v2"], request=NewPatientInput, responses={201: PatientV2Output}
    )
    def post(self, request: Request) -> Response:
        """Add a patient to the practice; v2 refuses one who is much like somebody on record, unless told to."""
        first_version = request.version == "v1"
        fields = read_body(PatientInput if first_version else NewPatientInput, request)
        patient = services.create_patient(
            even_if_alike=fields.pop("even_if_alike", first_version), fields=fields, by=self.principal, now=self.now
        )
        return Response(self.shown([patient])[0], status=201)

    def _page(self, rows: QuerySet[Patient], query: dict[str, Any]) -> Response:
        order = ("last_name_key", "first_name_key", "id")
        return page_of(rows, request=self.request, query=query, order=order, show_all=self.shown)

    def _audit(self, action: str, ids: list[UUID]) -> None:
        audit.record(principal=self.principal, action=action, object_kind="pat", object_ids=ids, now=self.now)


class PatientDetail(PatientEndpoint):
    permissions = {"GET": Permission.PATIENT_READ, "PATCH": Permission.PATIENT_WRITE}
    tiers = {"GET": Tier.T4, "PATCH": Tier.T3}
    etag = of_answer

    @extend_schema(operation_id="getPatient", versions=["v1"], responses=PatientV1Output)
    @extend_schema(operation_id="getPatient", versions=["v2"], responses=PatientV2Output)
    def get(self, request: Request, patient_id: str) -> Response:
        """One patient."""
        patient = services.get_patient(internal_id("pat", patient_id))
        audit.record(
            principal=self.principal, action="patient.read", object_kind="pat", object_ids=[patient.id], now=self.now
        )
        return Response(self.shown([patient])[0])

    @extend_schema(operation_id="updatePatient", versions=["v1"], request=PatientInput, responses=PatientV1Output)
    @extend_schema(operation_id="updatePatient", versions=["v2"], request=PatientInput, responses=PatientV2Output)
    def patch(self, request: Request, patient_id: str) -> HttpResponse:
        """Change the members that the body names, and no others; with If-Match, only what was read is changed."""
        wanted, fields = internal_id("pat", patient_id), read_body(PatientInput, request, partial=True)
        refuse_stale(principal=self.principal, request=request, path=request.path, read=partial(self._locked, wanted))
        patient = services.update_patient(patient_id=wanted, fields=fields, by=self.principal, now=self.now)
        response = Response(self.shown([patient])[0])
        return tagged(response, principal=self.principal, path=request.path, state=state_of_answer(response.data))

    def _locked(self, patient_id: UUID) -> State:
        """What GET would tell, and nobody changes before we have."""
        return state_of_answer(self.shown([services.get_patient(patient_id, lock=True)])[0])


def _rows(response: Response) -> list[dict[str, Any]]:
    return response.data.get("results", response.data.get("data"))
