"""E-mail in the place of texts: to whom it goes, once, with nothing in its subject and a way out that works."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.signing import dumps
from django.test import Client

from integrations.listeners import EMAILS, NOTIFICATIONS
from integrations.messaging.unsubscribing import address_for
from integrations.models import Message
from mybcat.ids import new_uuid, public_id
from mybcat.models import Delivery, Event
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient
from tests.integrations.booked import NOW, attempt, booked, cancelled, claimed
from tests.mybcat.engine import fresh
from tests.standins.smtp import Smtp

NIGHT = NOW + timedelta(hours=12)
BY_EMAIL = [
    {"preferred_channel": "email"},
    {"phone": ""},
    {"sms_consent": False, "sms_consent_at": None},
    {"sms_unreachable_at": NOW},
]
CHANGED = {"patients_patient": 0, "mybcat_event": 1, "mybcat_auditentry": 1}


@pytest.fixture
def smtp(settings: Any) -> Iterator[Smtp]:
    server = Smtp()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = server.host, server.port, 4
    settings.DEFAULT_FROM_EMAIL, settings.PUBLIC_URL = "MyBCAT <mail@mybcat.example>", "https://clinic.example"
    with server.running():
        yield server


def change_patient(clinic: Clinic, **values: Any) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(**values)


def mail(clinic: Clinic, *, now: Any = NOW) -> Delivery:
    """One attempt at the mail about a new booking."""
    delivery = claimed(booked(clinic)[1], EMAILS)
    attempt(delivery=delivery, listener=EMAILS, now=now)
    return fresh(delivery)


def messages(clinic: Clinic) -> list[tuple[str, str, str]]:
    with practice_scope(clinic.practice.id):
        return list(Message.objects.order_by("id").values_list("channel", "status", "reason"))


def owed(listener: str) -> int:
    with platform_scope(reason="test"):
        return Delivery.objects.filter(listener=listener).count()


@pytest.mark.parametrize("patient", BY_EMAIL)
def test_who_is_not_texted_gets_mail_and_no_text(clinic: Clinic, smtp: Smtp, patient: dict[str, Any]) -> None:
    change_patient(clinic, **patient)
    _, event = booked(clinic)
    for listener in (NOTIFICATIONS, EMAILS):
        attempt(delivery=claimed(event, listener), listener=listener, now=NOW)
    assert messages(clinic) == [("email", "sent", "")]
    (found,) = smtp.mails
    assert (found["To"], found["From"]) == ("ada@patients.example", "Bright Eyes Optometry <mail@mybcat.example>")


def test_the_mail_says_when_and_where_and_its_subject_only_who(clinic: Clinic, smtp: Smtp) -> None:
    change_patient(clinic, preferred_channel="email")
    mail(clinic)
    (found,) = smtp.mails
    assert found["Subject"] == "Bright Eyes Optometry: about your appointment"
    body = found.get_content()
    assert "booked for Tuesday, March 3 at 10:00 AM EST." in body
    for secret in ("Ada", "Okafor", "1984", "VSP", clinic.exam.name, clinic.patient.phone):
        assert secret not in body.replace("ada@", "")
    with practice_scope(clinic.practice.id):
        message = Message.objects.get()
    assert found["Message-ID"] == message.provider_reference == f"<{public_id('msg', message.id)}@mybcat.example>"


def test_it_is_in_the_patient_s_language(clinic: Clinic, smtp: Smtp) -> None:
    change_patient(clinic, preferred_channel="email", language="es")
    mail(clinic)
    (found,) = smtp.mails
    assert found["Subject"] == "Bright Eyes Optometry: sobre su cita"
    assert "Su cita es el martes 3 de marzo" in found.get_content()


def test_who_is_texted_gets_no_mail(clinic: Clinic, smtp: Smtp) -> None:
    assert mail(clinic).status == "delivered"
    assert (smtp.mails, messages(clinic)) == ([], [])


def test_who_has_no_address_is_texted_after_all(clinic: Clinic, smtp: Smtp) -> None:
    change_patient(clinic, preferred_channel="email", email="")
    _, event = booked(clinic)
    for listener in (NOTIFICATIONS, EMAILS):
        attempt(delivery=claimed(event, listener), listener=listener, now=NOW)
    assert (smtp.mails, messages(clinic)) == ([], [("sms", "sent", "")])


def test_the_relay_owes_mail_to_those_alone_who_may_need_it(clinic: Clinic) -> None:
    booked(clinic)
    relay_events(now=NOW)
    assert (owed("notifications"), owed("emails")) == (1, 0)
    for patient in ({"preferred_channel": "email"}, {"phone": ""}, {"phone": "", "email": ""}):
        booked(clinic, patient=make_patient(practice=clinic.practice, **patient), status="noshow")
    relay_events(now=NOW)
    assert (owed("notifications"), owed("emails")) == (4, 2)


def test_an_event_that_names_no_patient_does_not_stop_the_relay(clinic: Clinic) -> None:
    change_patient(clinic, preferred_channel="email")
    for _ in range(2):
        booked(clinic, status="noshow")
    with platform_scope(reason="test"):
        odd = Event.objects.order_by("id").first()
        Event.objects.filter(id=odd.id).update(data={"patientId": "nobody"})
    relay_events(now=NOW)
    assert (owed("notifications"), owed("emails")) == (2, 1)


def test_mail_knows_no_night(clinic: Clinic, smtp: Smtp) -> None:
    change_patient(clinic, preferred_channel="email")
    assert mail(clinic, now=NIGHT).status == "delivered"
    assert len(smtp.mails) == 1


def test_a_mail_that_no_longer_stands_is_not_sent(clinic: Clinic, smtp: Smtp) -> None:
    change_patient(clinic, preferred_channel="email")
    appointment, booking = booked(clinic)
    cancelled(clinic, appointment)
    attempt(delivery=claimed(booking, EMAILS), listener=EMAILS, now=NOW)
    assert (smtp.mails, messages(clinic)) == ([], [("email", "suppressed", "appointment_not_booked")])


def test_what_may_have_left_is_sent_again_as_the_same_mail(clinic: Clinic, smtp: Smtp) -> None:
    change_patient(clinic, preferred_channel="email")
    smtp.failing = [451]
    delivery = claimed(booked(clinic)[1], EMAILS)
    attempt(delivery=delivery, listener=EMAILS, now=NOW)
    assert messages(clinic) == [("email", "pending", "")]
    attempt(delivery=delivery, listener=EMAILS, now=NOW)
    with practice_scope(clinic.practice.id):
        Message.objects.update(status="sending")
    attempt(delivery=delivery, listener=EMAILS, now=NOW)
    assert len({found["Message-ID"] for found in smtp.mails}) == 1
    assert messages(clinic) == [("email", "sent", "")]


@pytest.mark.parametrize(
    ("refusing", "failing", "status", "code"),
    [
        ([550], [], "refused", "smtp_550"),
        ([450], [], "pending", ""),
        ([], [552], "refused", "smtp_552"),
        ([], [421], "pending", ""),
    ],
)
def test_for_good_or_for_now(
    clinic: Clinic, smtp: Smtp, refusing: list[int], failing: list[int], status: str, code: str
) -> None:
    change_patient(clinic, preferred_channel="email")
    smtp.refusing, smtp.failing = refusing, failing
    delivery = mail(clinic)
    assert messages(clinic) == [("email", status, code)]
    assert delivery.status == ("dead" if status == "refused" else "pending")


def test_a_server_that_is_not_there_is_tried_again(clinic: Clinic, smtp: Smtp, settings: Any) -> None:
    change_patient(clinic, preferred_channel="email")
    settings.EMAIL_PORT = 1
    assert mail(clinic).status == "pending"
    assert messages(clinic) == [("email", "pending", "")]


def test_the_button_of_mail_programs_ends_it(client: Client, clinic: Clinic, smtp: Smtp) -> None:
    change_patient(clinic, preferred_channel="email", phone="")
    mail(clinic)
    (found,) = smtp.mails
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = found["List-Unsubscribe"].strip().strip("<>")
    assert address in found.get_content()
    path = urlsplit(address).path
    with changes():
        assert client.get(path).status_code == 200
    with changes(patients_patient=0, mybcat_auditentry=1):
        assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    with changes():
        assert client.post(path).status_code == 200
    with platform_scope(reason="test"):
        Delivery.objects.all().delete()
    _, event = booked(clinic, slot=clinic.slots[1], status="noshow")
    attempt(delivery=claimed(event, EMAILS), listener=EMAILS, now=NOW)
    assert len(smtp.mails) == 1


@pytest.mark.parametrize("salt", ["unsubscribe", "another"])
def test_a_link_that_is_none_of_ours_does_nothing(client: Client, clinic: Clinic, salt: str) -> None:
    token = dumps([clinic.practice.id.hex, clinic.patient.id.hex], salt=salt)
    forged = token[:-1] + ("A" if token[-1] != "A" else "B") if salt == "unsubscribe" else token
    with changes():
        assert client.post(f"/unsubscribe/{forged}").status_code == 404
        nobody = address_for(practice_id=clinic.practice.id, patient_id=new_uuid())
        assert client.post(urlsplit(nobody).path).status_code == 200


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice)


@pytest.fixture
def path(clinic: Clinic) -> str:
    return f"/api/v2/patients/{public('pat', clinic.patient.id)}/communication"


def test_how_a_patient_is_reached(agent: Caller, clinic: Clinic, path: str) -> None:
    with changes(mybcat_auditentry=1):
        shown = agent.get(path).json()
    assert shown == {
        "patientId": public("pat", clinic.patient.id), "language": "en", "channel": "sms", "declined": [],
        "smsConsent": True, "smsUnreachableSince": None, "emailDeclined": False, "reachedBy": "sms", "reason": "",
    }  # fmt: skip
    with changes(**CHANGED):
        changed = agent.patch(path, {"language": "es", "channel": "email", "declined": ["moved", "booked", "moved"]})
    assert {**shown, "language": "es", "channel": "email", "declined": ["booked", "moved"], "reachedBy": "email"} == (
        changed.json()
    )
    left_alone = agent.patch(path, {"channel": "none"}).json()
    assert (left_alone["reachedBy"], left_alone["reason"], left_alone["language"]) == (None, "declined", "es")


def test_who_has_seen_older_wishes_changes_none(agent: Caller, path: str) -> None:
    def decline(kind: str, seen: str) -> Any:
        headers = {**agent.headers, "If-Match": seen}
        return agent.http.patch(path, {"declined": [kind]}, content_type="application/json", headers=headers)

    seen = agent.get(path).headers["ETag"]
    changed = decline("moved", seen)
    assert (changed.status_code, changed.headers["ETag"]) == (200, agent.get(path).headers["ETag"])
    with changes():
        stale = decline("booked", seen)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert decline("booked", changed.headers["ETag"]).json()["declined"] == ["booked"]


def test_who_has_unsubscribed_may_ask_again(agent: Caller, clinic: Clinic, path: str) -> None:
    change_patient(clinic, phone="")
    assert agent.patch(path, {"emailDeclined": True}).json()["reason"] == "no_phone"
    # Since when, stays; and who says what stands changes nothing.
    for same in ({"emailDeclined": True}, {"language": "en"}, {}):
        with changes(mybcat_auditentry=1):
            assert agent.patch(path, same).json()["reason"] == "no_phone"
    assert agent.patch(path, {"emailDeclined": False}).json()["reachedBy"] == "email"


@pytest.mark.parametrize(
    "body",
    [
        {"language": "fr"}, {"channel": "fax"}, {"declined": ["birthday"]}, {"declined": "booked"},
        {"emailDeclined": "no"}, {"smsConsent": True}, {"declined": ["booked"] * 8}, [],
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(agent: Caller, path: str, body: Any) -> None:
    with changes():
        assert agent.patch(path, body).status_code == 400
