"""Who may be texted: each decision is a row, and the newest one is in force."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from mybcat import audit
from mybcat.principal import Actor
from mybcat.tenancy import current_scope
from patients.models import Consent, Patient

# The practice stands in the query itself, so that the index serves whatever the planner thinks of the fence.
_NEWEST = """
    SELECT DISTINCT ON (phone) phone, decision FROM patients_consent
    WHERE practice_id = %(practice)s AND phone = ANY(%(phones)s) {}
    ORDER BY phone, at DESC, id DESC
"""
_OF_ANYONE, _OF_HOLDERS = _NEWEST.format(""), _NEWEST.format("AND patient_id IS NULL")


def opted_out(phones: Collection[str]) -> set[str]:
    """Those of `phones` about which the practice in scope was last told no, by whomever."""
    return _denied(_OF_ANYONE, phones)


def refuses(phone: str) -> bool:
    """Whether the holder of the number said STOP, whatever each patient with it has agreed to."""
    return bool(_denied(_OF_HOLDERS, [phone]))


def refusing(phones: Collection[str]) -> set[str]:
    """Those of `phones` whose holders said STOP, as `refuses` has it."""
    return _denied(_OF_HOLDERS, phones)


def decide_for_patient(*, patient: Patient, by: Actor, now: datetime) -> None:
    """Keep what staff have just noted in `patient.sms_consent`. A yes also ends an earlier STOP of the number."""
    if not patient.phone:
        return
    lifted = patient.sms_consent and refuses(patient.phone)
    for of in (patient, None) if lifted else (patient,):
        _keep(patient.phone, permit=patient.sms_consent, source=Consent.Source.STAFF, patient=of, by=by, now=now)


def decide_for_number(*, phone: str, permit: bool, source: Consent.Source, now: datetime) -> None:
    """Keep the decision of whoever holds the number, for each patient of the practice in scope who has it."""
    patients: QuerySet[Patient] = Patient.objects.filter(phone_reversed=phone[::-1])
    ids = list(patients.order_by("id").select_for_update(no_key=True).values_list("id", flat=True))
    Patient.objects.filter(id__in=ids).update(sms_consent=permit, sms_consent_at=now if permit else None)
    _keep(phone, permit=permit, source=source, patient=None, by=None, now=now)
    action = "consent.permitted" if permit else "consent.denied"
    audit.record(principal=None, action=action, object_kind="pat", object_ids=ids, now=now)


def _keep(
    phone: str, *, permit: bool, source: Consent.Source, patient: Patient | None, by: Actor | None, now: datetime
) -> None:
    Consent.objects.create(
        phone=phone,
        decision=Consent.Decision.PERMIT if permit else Consent.Decision.DENY,
        source=source,
        patient=patient,
        principal_kind=by.kind if by else "platform",
        principal_id=by.id if by else None,
        at=now,
    )


def _denied(query: str, phones: Collection[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"practice": current_scope().practice_id, "phones": list(phones)})
        return {phone for phone, decision in cursor.fetchall() if decision == Consent.Decision.DENY}
