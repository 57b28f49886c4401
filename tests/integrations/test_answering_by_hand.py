"""Somebody at the practice answers a patient's text: sent like any other, at night too, and never against a STOP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from integrations.listeners import EMAILS, NOTIFICATIONS
from integrations.models import Message
from mybcat.models import AuditEntry, Delivery, Event
from mybcat.principal import Role
from mybcat.relay import relay_events
from mybcat.tenancy import practice_scope
from patients import consent
from patients.models import Consent, Patient
from practices.models import Practice
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import REFUSED, REMEMBERED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, by_day, make_inbound_message, make_member, make_message, make_patient
from tests.integrations.waitlist.cascading import work
from tests.standins.twilio import ACCOUNT, SENDER, TOKEN, Twilio

SAID = "We have moved to the second floor."
REPLIED = {"integrations_message": 1, "mybcat_event": 1, "mybcat_auditentry": 1, "mybcat_idempotencykey": 1}


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice)


@pytest.fixture(autouse=True)
def _agreed(clinic: Clinic) -> None:
    by_day(clinic)
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(sms_consent=True, sms_consent_at=datetime.now(UTC))


@pytest.fixture
def path(clinic: Clinic) -> str:
    return address(clinic)


def address(clinic: Clinic, **fields: Any) -> str:
    return f"/api/v2/inbox/{public('imsg', make_inbound_message(clinic, **fields).id)}"


def answer(agent: Caller, path: str, *, key: str | None = None, **body: Any) -> Any:
    return agent.post(f"{path}/replies", {"text": SAID, **body}, key=key or str(uuid4()))


def deliver(*, now: datetime | None = None) -> None:
    relay_events(now=datetime.now(UTC))
    for listener in (NOTIFICATIONS, EMAILS):
        work(listener, now=now or datetime.now(UTC))


def sent(clinic: Clinic) -> list[tuple[str, str, str]]:
    with practice_scope(clinic.practice.id):
        return list(Message.objects.order_by("id").values_list("to", "status", "reason"))


def at_night(clinic: Clinic) -> None:
    """It is about midnight at the practice."""
    east = -datetime.now(UTC).hour
    with practice_scope(clinic.practice.id):
        Practice.objects.update(time_zone=f"Etc/GMT{-east:+d}" if east > -12 else f"Etc/GMT{-(east + 24):+d}")


def test_it_is_written_sent_and_shown_with_who_wrote_it(agent: Caller, clinic: Clinic, path: str) -> None:
    with changes(**REPLIED):
        told = answer(agent, path)
    assert told.status_code == 201, told.content
    shown = told.json()
    body = f"{clinic.practice.name}: {SAID}"
    assert (shown["direction"], shown["body"], shown["kind"], shown["status"]) == ("out", body, "reply", "pending")
    assert shown["by"] == clinic.agent.name
    deliver()
    assert sent(clinic) == [(clinic.patient.phone, "sent", "")]
    thread = agent.get(f"{path}/thread").json()["messages"]
    assert [(each["direction"], each["body"], each["status"], each["by"]) for each in thread] == [
        ("in", "running late", "open", None),
        ("out", body, "sent", clinic.agent.name),
    ]


def test_the_text_stands_in_the_message_alone(agent: Caller, clinic: Clinic, path: str) -> None:
    message = answer(agent, path).json()["id"]
    with practice_scope(clinic.practice.id):
        event, entry = Event.objects.get(), AuditEntry.objects.order_by("-id")[0]
    assert event.type == "message.replied"
    assert event.data == {
        "inboundMessageId": path.rpartition("/")[2],
        "messageId": message,
        "patientId": public("pat", clinic.patient.id),
    }
    assert (entry.action, entry.principal_id, entry.object_ids) == (
        "message.replied", clinic.agent.id, [str(clinic.patient.id)],
    )  # fmt: skip


def test_twice_with_one_key_is_once(agent: Caller, clinic: Clinic, path: str) -> None:
    answers = [answer(agent, path, key="once") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    deliver()
    deliver()
    assert sent(clinic) == [(clinic.patient.phone, "sent", "")]
    with changes():
        assert agent.post(f"{path}/replies", {"text": SAID}).status_code == 400


def test_an_answer_does_not_wait_for_the_morning(agent: Caller, clinic: Clinic, path: str) -> None:
    at_night(clinic)
    answer(agent, path)
    deliver()
    assert sent(clinic) == [(clinic.patient.phone, "sent", "")]


def test_a_day_after_they_wrote_it_does(agent: Caller, clinic: Clinic) -> None:
    at_night(clinic)
    answer(agent, address(clinic, received_at=datetime.now(UTC) - timedelta(hours=24, minutes=1)))
    deliver()
    assert sent(clinic) == [(clinic.patient.phone, "pending", "")]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sms_consent": False, "sms_consent_at": None}, "no_consent"),
        ({"preferred_channel": "none"}, "declined"),
        ({"sms_unreachable_at": datetime(2026, 1, 1, tzinfo=UTC)}, "unreachable"),
    ],
)
def test_whom_we_must_not_text_we_do_not(
    agent: Caller, clinic: Clinic, path: str, fields: dict[str, Any], reason: str
) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(**fields)
    with changes(**REMEMBERED):
        refused = answer(agent, path)
    assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (
        409, "patient_not_reachable", reason,
    )  # fmt: skip


def test_a_stop_that_comes_before_it_is_sent_holds(agent: Caller, clinic: Clinic, path: str) -> None:
    answer(agent, path)
    with practice_scope(clinic.practice.id):
        phone, source = clinic.patient.phone, Consent.Source.PROVIDER
        consent.decide_for_number(phone=phone, permit=False, source=source, now=datetime.now(UTC))
    deliver()
    assert sent(clinic) == [(clinic.patient.phone, "suppressed", "no_consent")]
    with changes(**REMEMBERED):
        assert answer(agent, path).json()["code"] == "patient_not_reachable"


def test_a_number_that_is_another_s_by_then_is_not_texted(agent: Caller, clinic: Clinic, path: str) -> None:
    before = clinic.patient.phone
    answer(agent, path)
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(phone="+12125550199")
    deliver()
    assert sent(clinic) == [(before, "suppressed", "number_changed")]


def test_of_several_with_the_number_one_is_named(agent: Caller, clinic: Clinic, path: str) -> None:
    other = make_patient(practice=clinic.practice, phone=clinic.patient.phone, sms_consent=True)
    stranger = make_patient(practice=clinic.practice)
    with changes():
        assert_invalid(answer(agent, path), patientId=["Say for whom: several patients have this number"])
    with changes():
        refused = answer(agent, path, patientId=public("pat", stranger.id))
        assert_invalid(refused, patientId=["No patient has this number now"])
    assert answer(agent, path, patientId=public("pat", other.id)).status_code == 201


@pytest.mark.parametrize("text", ["", "   ", "x" * 481, None, ["a"], "a\0b"])
def test_what_is_no_text_is_refused(agent: Caller, path: str, text: Any) -> None:
    with changes():
        assert answer(agent, path, text=text).status_code == 400


def test_who_may_not_write_or_names_nothing_is_refused(agent: Caller, clinic: Clinic, path: str) -> None:
    with changes():
        assert_not_found(answer(agent, f"/api/v2/inbox/{public('imsg', uuid4())}"))
    assert_not_found(agent.get(f"/api/v2/inbox/{public('imsg', uuid4())}/thread"))
    lee = Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)
    for attempt in (lambda: answer(lee, path), lambda: lee.get(f"{path}/thread")):
        with changes(**REFUSED):
            assert_forbidden(attempt())


def test_an_answer_that_may_have_left_is_not_sent_again(
    agent: Caller, clinic: Clinic, path: str, settings: Any
) -> None:
    twilio = Twilio()
    settings.MESSAGE_PROVIDER, settings.TWILIO_API_URL = "integrations.messaging.twilio.TwilioProvider", twilio.url
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = ACCOUNT, TOKEN, SENDER
    with twilio.running():
        answer(agent, path)
        twilio.drop_next = 1
        deliver()
        assert sent(clinic) == [(clinic.patient.phone, "unknown", "")]
        later = datetime.now(UTC) + timedelta(minutes=3)
        with practice_scope(clinic.practice.id):
            Delivery.objects.filter(status="pending").update(next_attempt_at=datetime.now(UTC))
        work(NOTIFICATIONS, now=later)
    assert sent(clinic) == [(clinic.patient.phone, "sent", "")]
    assert len(twilio.messages) == 1


def test_a_thread_is_of_one_number_and_on_record(agent: Caller, clinic: Clinic, path: str) -> None:
    other = make_patient(practice=clinic.practice)
    make_message(clinic, body="Reminder", created_at=datetime.now(UTC) - timedelta(hours=1), sent_at=None)
    make_message(clinic, body="Not theirs", to=other.phone)
    make_inbound_message(clinic, phone=other.phone, body="Somebody else")
    with changes(mybcat_auditentry=1):
        thread = agent.get(f"{path}/thread").json()["messages"]
    assert [each["body"] for each in thread] == ["Reminder", "running late"]
