"""What goes in and out of patients' routes. Out is an allow-list: a new field of the model stays inside."""

from typing import Any

from rest_framework import serializers

from mybcat.gateway.inputs import DayField, FlagField, Input
from mybcat.ids import public_id
from patients.models import Patient
from patients.visits import Visits


class PatientInput(Input):
    firstName = serializers.CharField(source="first_name", max_length=80)
    lastName = serializers.CharField(source="last_name", max_length=80)
    dateOfBirth = DayField(source="date_of_birth")
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    insuranceProvider = serializers.CharField(
        source="insurance_provider", max_length=120, required=False, allow_blank=True
    )
    smsConsent = FlagField(source="sms_consent", required=False, help_text="the patient agreed to text messages")


class NewPatientInput(PatientInput):
    evenIfAlike = FlagField(
        source="even_if_alike", required=False, help_text="add the patient though somebody on record is much like them"
    )


class PatientSearch(Input):
    search = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=100,
        help_text="start of names, end of a phone number, a birth date, or several of them",
    )


class NextAppointmentV1Output(serializers.Serializer[Any]):
    appointmentId = serializers.CharField()
    date = serializers.DateField()
    time = serializers.CharField()


class NextAppointmentV2Output(serializers.Serializer[Any]):
    appointmentId = serializers.CharField()
    start = serializers.DateTimeField()


class PatientOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    firstName = serializers.CharField()
    lastName = serializers.CharField()
    dateOfBirth = serializers.DateField()
    phone = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    insuranceProvider = serializers.CharField(allow_blank=True)
    lastVisit = serializers.DateField(allow_null=True)


class PatientV1Output(PatientOutput):
    nextAppointment = NextAppointmentV1Output(allow_null=True)


class PatientV2Output(PatientOutput):
    nextAppointment = NextAppointmentV2Output(allow_null=True)


def show_patient(patient: Patient, visits: Visits, *, version: str) -> dict[str, Any]:
    """The members of contracts.md §6 and no others."""
    return {
        "id": public_id("pat", patient.id),
        "firstName": patient.first_name,
        "lastName": patient.last_name,
        "dateOfBirth": patient.date_of_birth.isoformat(),
        "phone": patient.phone,
        "email": patient.email,
        "insuranceProvider": patient.insurance_provider,
        "nextAppointment": _next(visits, version),
        "lastVisit": visits.last_on.isoformat() if visits.last_on else None,
    }


def _next(visits: Visits, version: str) -> dict[str, str] | None:
    if visits.next_id is None or visits.next_at is None:
        return None
    shown = {"appointmentId": public_id("appt", visits.next_id)}
    if version == "v1":
        return {**shown, "date": f"{visits.next_at:%Y-%m-%d}", "time": f"{visits.next_at:%H:%M}"}
    return {**shown, "start": visits.next_at.isoformat()}
