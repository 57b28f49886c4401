"""Is somebody on record already? Looking, and making one of two records."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import DayField, IdField, Input, read_body
from mybcat.gateway.lists import listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from patients.matching import Person, candidates
from patients.merging import merge_patients, undo_merge
from patients.models import PatientMerge
from patients.serializers import PatientV2Output
from patients.services import e164_of_practice
from patients.views import PatientEndpoint


class MatchInput(Input):
    """What is known of the caller; two of the four at least, or anybody might be meant."""

    firstName = serializers.CharField(source="first_name", max_length=80, required=False)
    lastName = serializers.CharField(source="last_name", max_length=80, required=False)
    dateOfBirth = DayField(source="date_of_birth", required=False)
    phone = serializers.CharField(max_length=30, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) < 2:
            raise serializers.ValidationError({"body": ["Give two of firstName, lastName, dateOfBirth and phone"]})
        return attrs


class CandidateOutput(serializers.Serializer[Any]):
    patient = PatientV2Output()
    score = serializers.IntegerField(min_value=0, max_value=100)
    because = serializers.ListField(child=serializers.ChoiceField(choices=["name", "dateOfBirth", "phone"]))


CandidatesOutput = type("CandidatesOutput", (serializers.Serializer,), {"data": CandidateOutput(many=True)})


class MergeInput(Input):
    mergedPatientId = IdField("pat", source="merged_id", help_text="the second copy, which will be found no more")


class PatientMergeOutput(serializers.Serializer[Any]):
    mergeId = serializers.CharField()
    patientId = serializers.CharField(help_text="the record that stands")
    mergedPatientId = serializers.CharField()
    mergedAt = serializers.DateTimeField()
    undoneAt = serializers.DateTimeField(allow_null=True)


class PatientMatches(PatientEndpoint):
    # POST, though it only reads: what it is asked for must not stand in a URL.
    permissions = {"POST": Permission.PATIENT_READ}
    tiers = {"POST": Tier.T4}

    @extend_schema(operation_id="matchPatients", request=MatchInput, responses={200: CandidatesOutput})
    def post(self, request: Request) -> Response:
        """Patients who may be the person described, the likeliest first, with what agrees."""
        body = read_body(MatchInput, request)
        if "phone" in body:
            body["phone"] = e164_of_practice(body["phone"])
        found = candidates(person=Person(**body))
        shown = self.shown([candidate.patient for candidate in found])
        ids = [candidate.patient.id for candidate in found]
        audit.record(principal=self.principal, action="patient.match", object_kind="pat", object_ids=ids, now=self.now)
        return Response(
            {
                "data": [
                    {"patient": patient, "score": candidate.score, "because": list(candidate.because)}
                    for candidate, patient in zip(found, shown, strict=True)
                ]
            }
        )


class PatientMerges(Endpoint):
    permissions = {"GET": Permission.PATIENT_MERGE}
    tiers = {"GET": Tier.T4}

    @listed("listPatientMerges", v1=PatientMergeOutput, v2=PatientMergeOutput)
    def get(self, request: Request) -> Response:
        """Records that were merged, and those whose merge was taken back, in order of time."""

        def shown(page: Sequence[PatientMerge]) -> list[dict[str, Any]]:
            audit.record(
                principal=self.principal,
                action="patient_merge.list",
                object_kind="pat",
                object_ids=sorted({value for merge in page for value in (merge.kept_id, merge.merged_id)}),
                now=self.now,
            )
            return [_merge(merge) for merge in page]

        rows, order = PatientMerge.objects.all(), ("merged_at", "id")
        return page_of(rows, request=request, query=read_query(request), order=order, show_all=shown)


class PatientMergeInto(Endpoint):
    permissions = {"POST": Permission.PATIENT_MERGE}
    tiers = {"POST": Tier.T3}
    idempotent = {"POST": "accepted"}

    @extend_schema(operation_id="mergePatients", request=MergeInput, responses={201: PatientMergeOutput})
    def post(self, request: Request, patient_id: str) -> Response:
        """Make a second copy part of this record: its appointments, messages and so on move over."""
        merge = merge_patients(
            kept_id=internal_id("pat", patient_id),
            merged_id=read_body(MergeInput, request)["merged_id"],
            by=self.principal,
            now=self.now,
        )
        return Response(_merge(merge), status=201)


class PatientMergeUndo(Endpoint):
    permissions = {"POST": Permission.PATIENT_MERGE}
    tiers = {"POST": Tier.T3}

    @extend_schema(operation_id="undoPatientMerge", request=None, responses={200: PatientMergeOutput})
    def post(self, request: Request, merge_id: str) -> Response:
        """Take a merge back: what had moved returns."""
        return Response(_merge(undo_merge(merge_id=internal_id("merge", merge_id), by=self.principal, now=self.now)))


def _merge(merge: PatientMerge) -> dict[str, Any]:
    return {
        "mergeId": public_id("merge", merge.id),
        "patientId": public_id("pat", merge.kept_id),
        "mergedPatientId": public_id("pat", merge.merged_id),
        "mergedAt": merge.merged_at,
        "undoneAt": merge.undone_at,
    }
