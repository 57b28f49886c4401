"""Those who call for a patient, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, Input, read_body
from mybcat.gateway.lists import each, listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.principal import Permission
from patients.models import RelatedPerson
from patients.related_persons import add_related_person, change_related_person, remove_related_person
from patients.services import get_patient


class RelatedPersonInput(Input):
    name = serializers.CharField(max_length=160)
    # DRF's own sentence repeats what was sent.
    relationship = serializers.ChoiceField(
        choices=RelatedPerson.Relationship.choices, error_messages={"invalid_choice": "No such relationship"}
    )
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True)
    maySchedule = FlagField(source="may_schedule", required=False)


class RelatedPersonOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    patientId = serializers.CharField()
    name = serializers.CharField()
    relationship = serializers.ChoiceField(choices=RelatedPerson.Relationship.choices)
    phone = serializers.CharField(allow_blank=True)
    maySchedule = serializers.BooleanField()


class RelatedPersons(Endpoint):
    permissions = {"GET": Permission.PATIENT_READ, "POST": Permission.PATIENT_WRITE}
    tiers = {"GET": Tier.T4, "POST": Tier.T3}
    idempotent = {"POST": "accepted"}

    @listed("listRelatedPersons", v1=RelatedPersonOutput, v2=RelatedPersonOutput)
    def get(self, request: Request, patient_id: str) -> Response:
        """Who calls for the patient."""
        patient = get_patient(internal_id("pat", patient_id))
        rows = RelatedPerson.objects.filter(patient_id=patient.id)
        audit.record(
            principal=self.principal,
            action="related_person.list",
            object_kind="pat",
            object_ids=[patient.id],
            now=self.now,
        )
        return page_of(rows, request=request, query=read_query(request), order=("name", "id"), show_all=each(_person))

    @extend_schema(operation_id="addRelatedPerson", request=RelatedPersonInput, responses={201: RelatedPersonOutput})
    def post(self, request: Request, patient_id: str) -> Response:
        """Add someone who calls for the patient."""
        person = add_related_person(
            patient_id=internal_id("pat", patient_id),
            fields=read_body(RelatedPersonInput, request),
            by=self.principal,
            now=self.now,
        )
        return Response(_person(person), status=201)


class RelatedPersonDetail(Endpoint):
    permissions = {"PATCH": Permission.PATIENT_WRITE, "DELETE": Permission.PATIENT_WRITE}
    tiers = {"PATCH": Tier.T3, "DELETE": Tier.T3}

    @extend_schema(operation_id="changeRelatedPerson", request=RelatedPersonInput, responses=RelatedPersonOutput)
    def patch(self, request: Request, related_person_id: str) -> Response:
        """Change the members that the body names, and no others."""
        person = change_related_person(
            person_id=internal_id("rel", related_person_id),
            fields=read_body(RelatedPersonInput, request, partial=True),
            by=self.principal,
            now=self.now,
        )
        return Response(_person(person))

    @extend_schema(operation_id="removeRelatedPerson", responses={204: None})
    def delete(self, request: Request, related_person_id: str) -> Response:
        """Remove someone who calls no more."""
        remove_related_person(person_id=internal_id("rel", related_person_id), by=self.principal, now=self.now)
        return Response(status=204)


def _person(person: RelatedPerson) -> dict[str, Any]:
    return {
        "id": public_id("rel", person.id),
        "patientId": public_id("pat", person.patient_id),
        "name": person.name,
        "relationship": person.relationship,
        "phone": person.phone,
        "maySchedule": person.may_schedule,
    }
