"""Writes of patients' records."""

import re
from datetime import date, datetime
from typing import Any, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import ValidationResult

from mybcat import audit, events
from mybcat.errors import DomainError, InvalidInput, UnknownId
from mybcat.ids import public_id
from mybcat.principal import Principal
from patients.consent import decide_for_patient
from patients.matching import Person, refuse_duplicates
from patients.models import Patient
from practices.models import Practice

# As the table's constraint has it; some countries' numbers are "possible" beyond the standard's 15 digits.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


class PatientMerged(DomainError):
    """The record was a second copy of another, which `members` names."""

    code = "patient_merged"
    status = 409
    sentence = "This record was merged into another one: use that one"

    def __init__(self, standing: Patient) -> None:
        super().__init__()
        self.members = {"patientId": public_id("pat", standing.id)}


class PatientFields(TypedDict, total=False):
    """What a caller may set."""

    first_name: str
    last_name: str
    date_of_birth: date
    phone: str
    email: str
    insurance_provider: str
    sms_consent: bool
    language: str
    preferred_channel: str
    declined_kinds: list[str]
    email_declined_at: datetime | None


def create_patient(*, fields: PatientFields, by: Principal, now: datetime, even_if_alike: bool) -> Patient:
    """A new patient of the practice in scope.

    Raises InvalidInput; PossibleDuplicate where somebody alike is on record, unless `even_if_alike`.
    """
    patient = Patient()
    _assign(patient, fields, by=by, now=now)
    if not even_if_alike:
        refuse_duplicates(person=Person(patient.first_name, patient.last_name, patient.date_of_birth, patient.phone))
    patient.save(force_insert=True)
    if patient.sms_consent:
        decide_for_patient(patient=patient, by=by, now=now)
    _tell(patient, "patient.created", by=by, now=now)
    return patient


def update_patient(*, patient_id: UUID, fields: PatientFields, by: Principal, now: datetime) -> Patient:
    """Change the given fields and no others; to leave all as they are is to read them.

    Raises UnknownId, PatientMerged, InvalidInput.
    """
    patient = get_patient(patient_id, lock=True)
    before, agreed = _values(patient), patient.sms_consent
    _assign(patient, fields, by=by, now=now)
    if _values(patient) == before:
        # An event would send what has not changed to the CRM, to webhooks and to every screen.
        audit.record(principal=by, action="patient.read", object_kind="pat", object_ids=[patient.id], now=now)
        return patient
    patient.save()
    if patient.sms_consent != agreed:
        decide_for_patient(patient=patient, by=by, now=now)
    _tell(patient, "patient.updated", by=by, now=now)
    return patient


def get_patient(patient_id: UUID, *, lock: bool = False) -> Patient:
    """The patient of the practice in scope; who reads a merged record gets the one that stands for it.

    `lock` is for those who write: to them it raises PatientMerged. Raises UnknownId.
    """
    rows = Patient.objects.select_for_update(no_key=True) if lock else Patient.objects
    patient = rows.filter(id=patient_id).first()
    if patient is None:
        raise UnknownId(prefix="pat", value=patient_id)
    if patient.merged_into_id is None:
        return patient
    standing = get_patient(patient.merged_into_id)
    if lock:
        raise PatientMerged(standing)
    return standing


def e164_of_practice(text: str) -> str:
    """`text` as E.164, read as the country of the practice in scope dials. Raises InvalidInput."""
    return e164(text, country=Practice.objects.values_list("country", flat=True).get())


def e164(text: str, *, country: str) -> str:
    """A phone number as E.164; without a country code, one of `country` (ISO 3166-1). Raises InvalidInput."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and _dialable(number, international=text.lstrip().startswith("+")):
        formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if _E164.fullmatch(formatted):
            return formatted
    raise InvalidInput(fields={"phone": ["Give a phone number such as +12125550123"]})


def _dialable(number: phonenumbers.PhoneNumber, *, international: bool) -> bool:
    """A national number must be one of that country's, or a stranger elsewhere would be texted.

    With its country code it need only be possible: new area codes appear before any list of them is
    updated. Possible for neighbours alone, without an area code, is not enough: it cannot be texted.
    """
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return possible and (international or phonenumbers.is_valid_number(number))


def _assign(patient: Patient, fields: PatientFields, *, by: Principal, now: datetime) -> None:
    values: dict[str, Any] = dict(fields)
    if values.get("phone"):
        values["phone"] = e164_of_practice(values["phone"])
    if values.get("phone", patient.phone) != patient.phone:
        patient.sms_unreachable_at = None
    today = now.astimezone(ZoneInfo(by.time_zone)).date()
    if values.get("date_of_birth") and values["date_of_birth"] > today:
        raise InvalidInput(fields={"dateOfBirth": ["A birth date is not in the future"]})
    if "sms_consent" in values and values["sms_consent"] != patient.sms_consent:
        patient.sms_consent_at = now if values["sms_consent"] else None
    if values.get("email_declined_at") and patient.email_declined_at:
        # They said so before: it holds from then on.
        del values["email_declined_at"]
    for name, value in values.items():
        setattr(patient, name, value)


def _values(patient: Patient) -> dict[str, Any]:
    return {field.attname: getattr(patient, field.attname) for field in Patient._meta.concrete_fields}


def _tell(patient: Patient, event_type: str, *, by: Principal, now: datetime) -> None:
    data = {"patientId": public_id("pat", patient.id)}
    events.publish(type=event_type, subject_id=patient.id, data=data, by=by, now=now)
    audit.record(principal=by, action=event_type, object_kind="pat", object_ids=[patient.id], now=now)
