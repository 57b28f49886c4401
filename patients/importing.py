"""Many new patients at once, each with its event, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from mybcat import audit, events
from mybcat.ids import public_id
from mybcat.principal import Principal
from patients.export import AUDITED_TOGETHER
from patients.models import Consent, Patient

# Rows of one statement, which has 5 s.
TOGETHER = 500


def create_patients(*, patients: Sequence[Patient], by: Principal, now: datetime) -> None:
    """Add these, who were checked and matched before, to the practice in scope."""
    for patient in patients:
        patient.fold_names()
        patient.sms_consent_at = now if patient.sms_consent else None
    Patient.objects.bulk_create(patients, batch_size=TOGETHER)
    Consent.objects.bulk_create(
        [
            Consent(
                phone=patient.phone,
                decision=Consent.Decision.PERMIT,
                source=Consent.Source.STAFF,
                patient=patient,
                principal_kind=by.kind,
                principal_id=by.id,
                at=now,
            )
            for patient in patients
            if patient.sms_consent and patient.phone
        ],
        batch_size=TOGETHER,
    )
    for patient in patients:
        data = {"patientId": public_id("pat", patient.id)}
        events.publish(type="patient.created", subject_id=patient.id, data=data, by=by, now=now)
    for first in range(0, len(patients), AUDITED_TOGETHER):
        ids = [patient.id for patient in patients[first : first + AUDITED_TOGETHER]]
        audit.record(principal=by, action="patient.imported", object_kind="pat", object_ids=ids, now=now)
