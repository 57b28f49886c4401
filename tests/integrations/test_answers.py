"""C confirms and X cancels: what a patient meant is done, and told; where it is not clear, nothing is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from appointments.models import Appointment, Slot
from integrations.listeners import NOTIFICATIONS
from integrations.models import InboundMessage, Message, ReminderSettings
from mybcat.ids import public_id
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Location, Practice
from tests.api.rows import changes
from tests.callers import Caller
from tests.factories import Clinic, make_patient
from tests.integrations.booked import attempt, booked, claimed
from tests.integrations.replying import PHONE, say, told
from tests.mybcat.engine import fresh
from tests.standins.twilio import TOKEN

KEPT = {"integrations_inboundmessage": 1}
CONFIRMED = {**KEPT, "appointments_appointment": 0, "mybcat_event": 2, "mybcat_auditentry": 1}
CANCELLED = {**CONFIRMED, "appointments_slot": 0}
NOTHING = {**KEPT, "mybcat_event": 1}
# 10:00 in New York.
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
STARTS_AT = datetime(2026, 3, 3, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _answering(settings: Any) -> Iterator[None]:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = TOKEN, "https://clinic.example"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    with practice_scope(clinic.practice.id):
        Practice.objects.update(phone="+12125550100")
    return make_patient(practice=clinic.practice, phone=PHONE)


def of(clinic: Clinic, patient: Patient, *, starts_at: datetime = STARTS_AT, **fields: Any) -> Appointment:
    """Booked on slots of its own."""
    with practice_scope(clinic.practice.id):
        slot, _ = Slot.objects.get_or_create(
            practitioner=clinic.practitioner,
            starts_at=starts_at,
            defaults={"location": clinic.location, "ends_at": starts_at + timedelta(minutes=30)},
        )
    appointment = booked(clinic, starts_at=starts_at, patient=patient, slot=slot, **fields)[0]
    with practice_scope(clinic.practice.id):
        Slot.objects.filter(id=slot.id).update(status="busy", appointment=appointment)
    return appointment


def fresh_row(appointment: Appointment) -> Appointment:
    with practice_scope(appointment.practice_id):
        found: Appointment = Appointment.objects.get(id=appointment.id)
        return found


def latest(clinic: Clinic) -> InboundMessage:
    with practice_scope(clinic.practice.id):
        found: InboundMessage = InboundMessage.objects.order_by("-received_at", "-id")[0]
        return found


@pytest.mark.parametrize("text", ["C", "c.", " Confirm ", "CONFIRMED!", "confirmar"])
def test_c_confirms(clinic: Clinic, client: Client, patient: Patient, text: str) -> None:
    appointment = of(clinic, patient)
    with changes(**CONFIRMED):
        answer = say(client, text)
    assert told(answer) == (
        "Bright Eyes Optometry: thank you, confirmed for Tuesday, March 3 at 10:00 AM EST, Downtown."
    )
    assert fresh_row(appointment).confirmed_at == NOW
    assert (latest(clinic).meaning, latest(clinic).status) == ("confirm", "handled")


def test_the_desk_sees_it_and_an_event_tells_who(clinic: Clinic, client: Client, patient: Patient) -> None:
    appointment = of(clinic, patient)
    say(client, "C")
    agent = Caller(clinic.agent, clinic.practice)
    identifier = public_id("appt", appointment.id)
    shown = agent.get(f"/api/v2/appointments/{identifier}").json()
    listed = agent.get("/api/v2/appointments", **{"from": "2026-03-03"}).json()["data"]
    assert shown["confirmedAt"] == "2026-03-02T15:00:00+00:00" == listed[0]["confirmedAt"]
    assert "confirmedAt" not in agent.get(f"/api/v1/appointments/{identifier}").json()
    with practice_scope(clinic.practice.id):
        event = Event.objects.get(type="appointment.confirmed")
        entry = AuditEntry.objects.get(action="appointment.confirmed")
    assert (event.subject_id, event.principal_kind, event.principal_id) == (appointment.id, "patient", patient.id)
    assert (entry.principal_kind, entry.object_ids) == ("patient", [str(patient.id)])


def test_confirmed_again_it_stays_as_it_is(clinic: Clinic, client: Client, patient: Patient) -> None:
    appointment = of(clinic, patient)
    first = told(say(client, "C"))
    with time_machine.travel(NOW + timedelta(hours=1), tick=False), changes(**NOTHING):
        assert told(say(client, "C")) == first
    assert fresh_row(appointment).confirmed_at == NOW


def test_a_text_that_is_told_twice_is_acted_on_once(clinic: Clinic, client: Client, patient: Patient) -> None:
    of(clinic, patient)
    first = told(say(client, "X", sid="SM" + "7" * 32))
    with changes():
        assert told(say(client, "X", sid="SM" + "7" * 32)) == first


def test_a_move_takes_the_confirmation_back(clinic: Clinic, client: Client, patient: Patient) -> None:
    with time_machine.travel(clinic.slots[0].starts_at - timedelta(hours=4), tick=False):
        agent = Caller(clinic.agent, clinic.practice)
        made = agent.book(clinic, patientId=public_id("pat", patient.id), version="v2").json()["appointmentId"]
        assert "confirmed" in (told(say(client, "C")) or "")
        moved = agent.post(f"/api/v2/appointments/{made}/move", {"slotId": public_id("slot", clinic.slots[4].id)})
    assert (moved.status_code, moved.json()["confirmedAt"]) == (200, None)


def test_x_cancels_and_frees_the_time(clinic: Clinic, client: Client, patient: Patient) -> None:
    appointment = of(clinic, patient)
    with changes(**CANCELLED):
        answer = say(client, "x")
    assert told(answer) == (
        "Bright Eyes Optometry: your appointment on Tuesday, March 3 at 10:00 AM EST is cancelled."
        " Please call (212) 555-0100."
    )
    row = fresh_row(appointment)
    assert (row.status, row.cancellation_reason, row.cancelled_by) == ("cancelled", "patient_request", patient.id)
    with practice_scope(clinic.practice.id):
        assert not Slot.objects.filter(appointment_id=appointment.id).exists()


def test_who_has_an_answer_gets_no_second_text(clinic: Clinic, client: Client, patient: Patient) -> None:
    of(clinic, patient)
    say(client, "X")
    with practice_scope(clinic.practice.id):
        event = Event.objects.get(type="appointment.cancelled")
    delivery = claimed(event, NOTIFICATIONS)
    attempt(delivery=delivery, listener=NOTIFICATIONS, now=NOW)
    assert fresh(delivery).status == "delivered"
    with practice_scope(clinic.practice.id):
        assert list(Message.objects.values_list("status", "reason")) == [("suppressed", "answered")]


@pytest.mark.parametrize(("minutes", "cancelled"), [(119, False), (120, True)])
def test_x_comes_too_late_behind_the_cutoff(
    clinic: Clinic, client: Client, patient: Patient, minutes: int, cancelled: bool
) -> None:
    appointment = of(clinic, patient, starts_at=NOW + timedelta(minutes=minutes))
    with changes(**(CANCELLED if cancelled else NOTHING)):
        answer = told(say(client, "X"))
    assert fresh_row(appointment).status == ("cancelled" if cancelled else "booked")
    if not cancelled:
        assert answer == (
            "Bright Eyes Optometry: it is too late to cancel Monday, March 2 at 11:59 AM EST by text."
            " Please call (212) 555-0100."
        )


def test_who_is_to_call_is_told_the_number_of_the_place(clinic: Clinic, client: Client, patient: Patient) -> None:
    of(clinic, patient, starts_at=NOW + timedelta(minutes=30))
    with practice_scope(clinic.practice.id):
        Location.objects.update(phone="+13125550177")
    assert told(say(client, "X")).endswith(" Please call (312) 555-0177.")


def test_the_cutoff_is_the_practices(clinic: Clinic, client: Client, patient: Patient) -> None:
    with practice_scope(clinic.practice.id):
        ReminderSettings.objects.create(cutoff_minutes=2880, swept_until=NOW)
        Practice.objects.update(phone="")
    appointment = of(clinic, patient)
    assert (told(say(client, "X")) or "").endswith(" by text. Please call us.")
    assert fresh_row(appointment).status == "booked"


def test_a_family_of_one_day_is_confirmed_together_and_cancelled_by_telephone(
    clinic: Clinic, client: Client, patient: Patient
) -> None:
    sister = make_patient(practice=clinic.practice, phone=PHONE, first_name="Ife")
    first, second = of(clinic, patient), of(clinic, sister, starts_at=STARTS_AT + timedelta(minutes=30))
    next_week = of(clinic, patient, starts_at=STARTS_AT + timedelta(days=7))
    with changes(**NOTHING):
        answer = say(client, "X")
    assert told(answer) == (
        "Bright Eyes Optometry: you have more than one appointment on Tuesday, March 3, nothing is cancelled."
        " Please call (212) 555-0100."
    )
    assert "10:00 AM EST, 10:30 AM EST, Downtown" in (told(say(client, "C")) or "")
    assert [fresh_row(each).confirmed_at for each in (first, second, next_week)] == [NOW, NOW, None]


def test_the_answer_is_in_the_patients_language(clinic: Clinic, client: Client, patient: Patient) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=patient.id).update(language="es")
    of(clinic, patient)
    assert told(say(client, "confirmar")) == (
        "Bright Eyes Optometry: gracias, queda confirmado el martes 3 de marzo, 10:00 AM EST, Downtown."
    )
    assert "queda cancelada. Por favor llame al (212) 555-0100." in (told(say(client, "cancelar")) or "")


def test_nothing_of_person_or_visit_is_in_an_answer(clinic: Clinic, client: Client, patient: Patient) -> None:
    of(clinic, patient)
    for text in ("C", "X"):
        answer = told(say(client, text)) or ""
        for secret in (patient.first_name, patient.last_name, clinic.exam.name, clinic.practitioner.name, PHONE):
            assert secret not in answer


@pytest.mark.parametrize("text", ["C", "X"])
@pytest.mark.parametrize("state", ["none", "past", "cancelled", "another's"])
def test_where_nothing_is_meant_people_read_it(
    clinic: Clinic, client: Client, patient: Patient, text: str, state: str
) -> None:
    if state == "past":
        of(clinic, patient, starts_at=NOW - timedelta(minutes=5))
    elif state == "cancelled":
        of(clinic, patient, status="cancelled", cancelled_at=NOW, cancelled_by=clinic.agent.id,
           cancellation_reason="other")  # fmt: skip
    elif state == "another's":
        of(clinic, clinic.patient)
    with changes(**NOTHING):
        say(client, text)
    assert (latest(clinic).meaning, latest(clinic).status) == ("", "open")
