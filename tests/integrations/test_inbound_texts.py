"""STOP and START by Twilio's signed webhook: heeded for every practice that knows the number, at once."""

from typing import Any

import pytest
from django.test import Client
from twilio.request_validator import RequestValidator

from integrations.models import BulkMessage, Message
from mybcat.tenancy import practice_scope
from patients import consent
from patients.models import Consent
from tests.api.rows import changes
from tests.callers import Caller
from tests.factories import Clinic, make_patient
from tests.integrations.booked import NOW, booked
from tests.integrations.bulk import jobs
from tests.standins.twilio import TOKEN

URL = "https://clinic.example/webhooks/twilio/messages"
PHONE = "+12125550177"


@pytest.fixture(autouse=True)
def _signing(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = TOKEN, "https://clinic.example"


def say(client: Client, text: str, *, phone: str = PHONE, url: str = URL, token: str = TOKEN, **changed: str) -> Any:
    """As Twilio says it, signed by its own SDK; `changed` after the signature."""
    form = {"MessageSid": "SM1", "From": phone, "To": "+15005550006", "Body": text, "NumMedia": "0"}
    signature = RequestValidator(token).compute_signature(url, form)
    return client.post("/webhooks/twilio/messages", {**form, **changed}, headers={"X-Twilio-Signature": signature})


def refused(clinic: Clinic, phone: str = PHONE) -> bool:
    with practice_scope(clinic.practice.id):
        return consent.refuses(phone)


@pytest.mark.parametrize("text", ["STOP", " stop ", "Stop.", "UNSUBSCRIBE", "alto", "PARAR"])
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


def test_start_gives_consent_back_to_who_said_stop(client: Client, clinic: Clinic) -> None:
    patient = make_patient(practice=clinic.practice, phone=PHONE)
    say(client, "STOP")
    say(client, "START")
    with practice_scope(clinic.practice.id):
        patient.refresh_from_db()
        assert (patient.sms_consent, consent.refuses(PHONE), Consent.objects.count()) == (True, False, 2)


@pytest.mark.parametrize("text", ["START", "YES", "HELP", "AYUDA", "please stop calling", ""])
def test_no_other_word_changes_anything(client: Client, clinic: Clinic, text: str) -> None:
    make_patient(practice=clinic.practice, phone=PHONE, sms_consent=False, sms_consent_at=None)
    with changes():
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
