"""Who may be calling: the practice's patients with the number, and whoever it is known to ring for."""

from dataclasses import dataclass
from datetime import datetime

from mybcat import audit
from mybcat.principal import Principal
from patients.models import Patient, RelatedPerson

# A number that more people share is a switchboard's.
MOST = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient, and who rings for them: None where the number is the patient's own."""

    patient: Patient
    caller: RelatedPerson | None = None


def candidates(*, number: str, by: Principal, now: datetime) -> list[Candidate]:
    """Patients whose number it is, then those for whom somebody with the number may call; each once, by name."""
    if not number:
        return []
    own = Patient.objects.filter(phone_reversed=number[::-1], merged_into=None)
    found = {row.id: Candidate(row) for row in own.order_by("last_name_key", "first_name_key", "id")[:MOST]}
    callers = RelatedPerson.objects.filter(phone=number, patient__merged_into=None).select_related("patient")
    for person in callers.order_by("patient__last_name_key", "patient__first_name_key", "id")[:MOST]:
        found.setdefault(person.patient_id, Candidate(person.patient, person))
    shown = list(found.values())[:MOST]
    audit.record(
        principal=by,
        action="call.candidates",
        object_kind="pat",
        object_ids=[each.patient.id for each in shown],
        now=now,
    )
    return shown
