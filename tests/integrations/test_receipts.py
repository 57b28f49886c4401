"""What carriers say of our texts: by Twilio's signed callback, in any order, and more than once."""

import itertools
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from twilio.request_validator import RequestValidator

from integrations.listeners import NOTIFICATIONS
from integrations.models import Message
from mybcat.ids import new_uuid
from mybcat.tenancy import practice_scope
from patients import consent
from patients.models import Patient
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_message, make_patient
from tests.integrations.booked import NOW, attempt, booked, claimed
from tests.standins.twilio import TOKEN

SID = "SM" + "7" * 32
NOTED = {"integrations_message": 0}


@pytest.fixture(autouse=True)
def _signing(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = TOKEN, "https://clinic.example"


@pytest.fixture
def message(clinic: Clinic) -> Message:
    return make_message(clinic, provider_reference=SID)


def report(client: Client, message_id: UUID | str, status: str, *, token: str = TOKEN, **form: str) -> Any:
    """As Twilio says it, signed by its own SDK."""
    name = message_id if isinstance(message_id, str) else public("msg", message_id)
    path = f"/webhooks/twilio/status?message={name}"
    told = {"MessageSid": SID, "MessageStatus": status, "AccountSid": "AC" + "0" * 32, **form}
    signature = RequestValidator(token).compute_signature(f"https://clinic.example{path}", told)
    return client.post(path, told, headers={"X-Twilio-Signature": signature})


def now_of(message: Message) -> Message:
    with practice_scope(message.practice_id):
        found: Message = Message.objects.get(id=message.id)
        return found


@pytest.mark.parametrize("order", [*itertools.permutations(["queued", "sent", "delivered"])])
def test_the_furthest_word_stands_whatever_the_order(client: Client, message: Message, order: tuple[str, ...]) -> None:
    for status in (*order, *order):
        assert report(client, message.id, status).status_code == 204
    assert now_of(message).receipt == "delivered"


def test_what_is_told_again_changes_nothing(client: Client, message: Message) -> None:
    with changes(**NOTED):
        report(client, message.id, "undelivered", ErrorCode="30008")
    first = now_of(message)
    with changes():
        report(client, message.id, "undelivered", ErrorCode="30008")
        report(client, message.id, "delivered")
    assert (first.receipt, first.error_code, first.status) == ("undelivered", "30008", "sent")


def test_the_end_is_seen_with_the_patient_s_messages(client: Client, clinic: Clinic, message: Message) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    path = f"/api/v2/patients/{public('pat', clinic.patient.id)}/messages"
    assert [(row["status"], row["code"]) for row in agent.get(path).json()["data"]] == [("sent", "")]
    report(client, message.id, "sent")
    assert [row["status"] for row in agent.get(path).json()["data"]] == ["sent"]
    report(client, message.id, "failed", ErrorCode="30003")
    make_message(clinic, status="suppressed", reason="opted_out", to="", body="", sent_at=None)
    with changes(mybcat_auditentry=1):
        rows = agent.get(path).json()["data"]
    assert [(row["status"], row["code"], row["kind"]) for row in rows] == [
        ("suppressed", "opted_out", "booked"), ("failed", "30003", "booked")
    ]  # fmt: skip


@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_a_text_that_may_have_left_has_left(client: Client, clinic: Clinic, status: str) -> None:
    message = make_message(clinic, status=status, provider_reference="", sent_at=None)
    report(client, message.id, "queued")
    found = now_of(message)
    assert (found.status, found.provider_reference, found.receipt) == ("sent", SID, "queued")


def test_another_attempt_s_text_says_nothing_of_this_one(client: Client, clinic: Clinic) -> None:
    message = make_message(clinic, provider_reference="SM" + "8" * 32)
    with changes():
        report(client, message.id, "failed", ErrorCode="30008")


def test_unsubscribed_at_the_carrier_is_stop(client: Client, clinic: Clinic, message: Message) -> None:
    report(client, message.id, "failed", ErrorCode="21610")
    with practice_scope(clinic.practice.id):
        assert consent.refuses(clinic.patient.phone)
        assert Patient.objects.get(id=clinic.patient.id).sms_consent is False


@pytest.mark.parametrize("code", ["30005", "30006"])
def test_a_number_that_nobody_has_is_texted_no_more(
    client: Client, clinic: Clinic, message: Message, code: str
) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.update(email="")
    report(client, message.id, "undelivered", ErrorCode=code)
    _, event = booked(clinic)
    attempt(delivery=claimed(event, NOTIFICATIONS), listener=NOTIFICATIONS, now=NOW)
    with practice_scope(clinic.practice.id):
        latest = Message.objects.order_by("-id").first()
    assert (latest.status, latest.reason) == ("suppressed", "unreachable")


def unreachable(patient: Patient) -> bool:
    with practice_scope(patient.practice_id):
        return Patient.objects.get(id=patient.id).sms_unreachable_at is not None


def test_until_one_arrives_or_it_is_another_number(client: Client, clinic: Clinic, message: Message) -> None:
    report(client, message.id, "undelivered", ErrorCode="30005")
    assert unreachable(clinic.patient)
    report(client, make_message(clinic, provider_reference=SID).id, "delivered")
    assert not unreachable(clinic.patient)
    report(client, make_message(clinic, provider_reference=SID).id, "undelivered", ErrorCode="30005")
    agent, path = Caller(clinic.agent, clinic.practice), f"/api/v2/patients/{public('pat', clinic.patient.id)}"
    assert agent.patch(path, {"phone": clinic.patient.phone}).status_code == 200
    assert unreachable(clinic.patient)
    assert agent.patch(path, {"phone": "+16465550111"}).status_code == 200
    assert not unreachable(clinic.patient)


def test_other_patients_numbers_are_not_touched(client: Client, clinic: Clinic, message: Message) -> None:
    other = make_patient(practice=clinic.practice, phone="+16465550112")
    report(client, message.id, "undelivered", ErrorCode="30005")
    assert not unreachable(other)


@pytest.mark.parametrize("status", ["", "lost", "DELIVERED"])
def test_a_word_that_twilio_does_not_say_changes_nothing(client: Client, message: Message, status: str) -> None:
    with changes():
        assert report(client, message.id, status).status_code == 204


def test_what_nobody_signed_or_sent_changes_nothing(client: Client, message: Message) -> None:
    with changes():
        assert report(client, message.id, "failed", token="another").status_code == 403
        assert report(client, new_uuid(), "failed").status_code == 204
        assert report(client, "msg_none", "failed").status_code == 404
