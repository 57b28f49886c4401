"""STOP and START by Twilio's signed webhook: heeded for every practice that knows the number, at once."""

from typing import Any

import pytest
from django.test import Client

from integrations.models import BulkMessage, Message
from mybcat.tenancy import practice_scope
from patients import consent
from patients.models import Consent
from tests.api.rows import changes
from tests.callers import Caller
from tests.factories import Clinic, make_patient
from tests.integrations.booked import NOW, booked
from tests.integrations.bulk import jobs
from tests.integrations.replying import PHONE, received, say
from tests.standins.twilio import TOKEN

KEPT = {"integrations_inboundmessage": 1, "mybcat_event": 1}


@pytest.fixture(autouse=True)
def _signing(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = TOKEN, "https://clinic.example"


def refused(clinic: Clinic, phone: str = PHONE) -> bool:
    with practice_scope(clinic.practice.id):
        return consent.refuses(phone)


@pytest.mark.parametrize("text", ["STOP", " stop ", "Stop.", "stop all!", "UNSUBSCRIBE", "alto", "¡Parar!"])
def test_stop_ends_consent_for_every_patient_with_the_number(client: Client, clinic: Clinic, text: str) -> None:
    mother, child = (make_patient(practice=clinic.practice, phone=PHONE) for _ in range(2))
    answer = say(client, text)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml")
    with practice_scope(clinic.practice.id):
        for patient in (mother, child, clinic.patient):
            patient.refresh_from_db()
        assert (mother.sms_consent, child.sms_consent, clinic.patient.sms_consent) == (False, False, True)
        decision = Consent.objects.get()
        assert (decision.phone, decision.decision, decision.source, decision.patient) == (PHONE, "deny", "reply", None)
    assert [(message.meaning, message.status) for message in received()] == [("stop", "handled")]


def test_stop_to_the_shared_number_is_stop_to_all_who_know_it(
    client: Client, clinic: Clinic, other_clinic: Clinic
) -> None:
    make_patient(practice=clinic.practice, phone=PHONE)
    say(client, "STOP")
    assert (refused(clinic), refused(other_clinic)) == (True, False)
    make_patient(practice=other_clinic.practice, phone=PHONE)
    say(client, "STOP")
    assert refused(other_clinic)


def test_stop_drops_what_waits_in_the_same_breath(client: Client, clinic: Clinic) -> None:
    make_patient(practice=clinic.practice, phone=PHONE)
    caller = Caller(clinic.agent, clinic.practice)
    job_id = jobs.submitted(caller, [{"to": PHONE, "body": "open"}])
    job = jobs.the_job()
    _, event = booked(clinic)
    with practice_scope(clinic.practice.id):
        BulkMessage.objects.create(job=job, batch=0, to=PHONE, phone=PHONE, body="open", status="pending")
        for status in ("pending", "sent"):
            Message.objects.create(
                patient=clinic.patient, delivery_id=event.id if status == "sent" else job.id, to=PHONE,
                status=status, created_at=NOW,
            )  # fmt: skip
    say(client, "STOP")
    with practice_scope(clinic.practice.id):
        assert BulkMessage.objects.get().code == "opted_out"
        assert sorted(Message.objects.values_list("status", "reason")) == [("sent", ""), ("suppressed", "opted_out")]
    assert jobs.counts(caller, job_id) == ("COMPLETED", 1, 1, 1)


@pytest.mark.parametrize("word", ["START", "yes", "Sí.", "inicio"])
def test_start_gives_consent_back_to_who_said_stop(client: Client, clinic: Clinic, word: str) -> None:
    patient = make_patient(practice=clinic.practice, phone=PHONE)
    say(client, "STOP")
    say(client, word)
    with practice_scope(clinic.practice.id):
        patient.refresh_from_db()
        assert (patient.sms_consent, consent.refuses(PHONE), Consent.objects.count()) == (True, False, 2)


def test_a_stop_that_is_told_again_after_start_stops_nothing(client: Client, clinic: Clinic) -> None:
    patient = make_patient(practice=clinic.practice, phone=PHONE)
    say(client, "STOP", sid="SM1")
    say(client, "START", sid="SM2")
    with changes():
        assert say(client, "STOP", sid="SM1").status_code == 200
    with practice_scope(clinic.practice.id):
        patient.refresh_from_db()
        assert (patient.sms_consent, Consent.objects.count()) == (True, 2)


@pytest.mark.parametrize("text", ["START", "YES", "HELP", "AYUDA", "please stop calling", "", "\0"])
def test_no_other_word_changes_consent(client: Client, clinic: Clinic, text: str) -> None:
    make_patient(practice=clinic.practice, phone=PHONE, sms_consent=False, sms_consent_at=None)
    with changes(**KEPT):
        assert say(client, text).status_code == 200


@pytest.mark.parametrize(
    "forged", [{"token": "another"}, {"url": "https://elsewhere.example/"}, {"Body": "STOP"}, {"Extra": "x"}]
)
def test_what_twilio_did_not_sign_is_refused(client: Client, clinic: Clinic, forged: dict[str, str]) -> None:
    make_patient(practice=clinic.practice, phone=PHONE)
    with changes():
        assert say(client, "stop", **forged).status_code == 403
        assert client.post("/webhooks/twilio/messages", {"From": PHONE, "Body": "STOP"}).status_code == 403


def test_without_a_token_nothing_is_believed(client: Client, clinic: Clinic, settings: Any) -> None:
    make_patient(practice=clinic.practice, phone=PHONE)
    settings.TWILIO_AUTH_TOKEN = ""
    with changes():
        assert say(client, "STOP", token="").status_code == 403
