"""Those who call for a patient."""

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from mybcat import audit
from mybcat.errors import UnknownId
from mybcat.principal import Principal
from patients.models import RelatedPerson
from patients.services import e164_of_practice, get_patient


class RelatedPersonFields(TypedDict, total=False):
    """What a caller may set."""

    name: str
    relationship: str
    phone: str
    may_schedule: bool


def add_related_person(*, patient_id: UUID, fields: RelatedPersonFields, by: Principal, now: datetime) -> RelatedPerson:
    """Someone who calls for the patient. Raises UnknownId, PatientMerged, InvalidInput."""
    patient = get_patient(patient_id, lock=True)
    person = RelatedPerson(patient=patient, **_values(fields))
    person.save(force_insert=True)
    _tell("related_person.added", person, by=by, now=now)
    return person


def change_related_person(
    *, person_id: UUID, fields: RelatedPersonFields, by: Principal, now: datetime
) -> RelatedPerson:
    """Change the given fields and no others. Raises UnknownId, InvalidInput."""
    person = _locked(person_id)
    for name, value in _values(fields).items():
        setattr(person, name, value)
    person.save()
    _tell("related_person.changed", person, by=by, now=now)
    return person


def remove_related_person(*, person_id: UUID, by: Principal, now: datetime) -> None:
    """Raises UnknownId."""
    person = _locked(person_id)
    _tell("related_person.removed", person, by=by, now=now)
    person.delete()


def _values(fields: RelatedPersonFields) -> dict[str, Any]:
    values: dict[str, Any] = dict(fields)
    if values.get("phone"):
        values["phone"] = e164_of_practice(values["phone"])
    return values


def _locked(person_id: UUID) -> RelatedPerson:
    person = RelatedPerson.objects.select_for_update(no_key=True).filter(id=person_id).first()
    if person is None:
        raise UnknownId(prefix="rel", value=person_id)
    found: RelatedPerson = person
    return found


def _tell(action: str, person: RelatedPerson, *, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="pat", object_ids=[person.patient_id], now=now)
