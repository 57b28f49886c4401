"""Operators hear of the first event at once and of what follows in one; never twice, and nothing is forgotten."""

import hmac
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from django.conf import settings as django_settings

from integrations.alarms import collecting
from integrations.alarms.collecting import COLLECTED_FOR, collect
from integrations.alarms.models import Alarm
from integrations.alarms.raising import LEASE, WAITS, Alarms, claim, tell
from mybcat.ids import new_uuid, public_id
from mybcat.models import SecurityEvent
from mybcat.tenancy import platform_scope, practice_scope
from tests.callers import Caller, public, together
from tests.factories import Clinic

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """A real HTTP server; answers what it is told to."""

    url: str = ""
    status: int = 200
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(state.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/alarms"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def mailbox(tmp_path: Path, settings: Any, receiver: Receiver) -> Path:
    """Django's own file backend: what is in the folder was sent."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.ALARM_RECIPIENTS = ["ops@mybcat.example", "second@mybcat.example"]
    settings.ALARM_WEBHOOK_URL, settings.ALARM_WEBHOOK_SECRET = receiver.url, SECRET
    return tmp_path / "mail"


def mails(folder: Path) -> list[Any]:
    texts = [
        text for path in sorted(folder.glob("*.log")) for text in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n")
    ]
    return [message_from_bytes(text, policy=policy.default) for text in texts if text.strip()]


def happen(clinic: Clinic, *, kind: str = "cross_practice_access", at: datetime = NOW, count: int = 1) -> None:
    with practice_scope(clinic.practice.id):
        for _ in range(count):
            SecurityEvent.objects.create(
                kind=kind, at=at, principal_kind="member", principal_id=clinic.agent.id, correlation_id="a-test"
            )


def told(receiver: Receiver) -> list[tuple[str, str, int]]:
    found = [orjson.loads(body)["data"] for _, body in receiver.received]
    return [(each["kind"], each["severity"], each["events"]) for each in found]


def test_the_first_event_is_told_at_once_by_both_channels(clinic: Clinic, mailbox: Path, receiver: Receiver) -> None:
    happen(clinic)
    Alarms()(now=NOW)
    (mail,) = mails(mailbox)
    assert mail["Subject"] == "[MyBCAT] warning: cross practice access (1)"
    assert mail["To"] == "ops@mybcat.example, second@mybcat.example"
    ((headers, body),) = receiver.received
    sent = orjson.loads(body)
    with platform_scope(reason="test"):
        alarm, event = Alarm.objects.get(), SecurityEvent.objects.get()
    assert event.alarm_id == alarm.id
    assert mail["Message-ID"] == f"<{alarm.id}@alarms.mybcat>"
    assert sent == {
        "type": "security.alarm",
        "timestamp": "2026-04-01T12:00:00+00:00",
        "data": {
            "id": str(alarm.id),
            "kind": "cross_practice_access",
            "severity": "warning",
            "practiceId": public_id("prac", clinic.practice.id),
            "events": 1,
            "firstEventId": str(event.id),
            "firstAt": "2026-04-01T12:00:00+00:00",
            "lastAt": "2026-04-01T12:00:00+00:00",
        },
    }
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(b64decode(SECRET.removeprefix("whsec_")), signed, "sha256")
    assert headers["webhook-signature"] == "v1," + b64encode(digest).decode()
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_what_follows_within_five_minutes_is_told_together(clinic: Clinic, receiver: Receiver, mailbox: Path) -> None:
    alarms = Alarms()
    happen(clinic)
    alarms(now=NOW)
    for second in (1, 60, 299):
        happen(clinic, at=NOW + timedelta(seconds=second))
        alarms(now=NOW + timedelta(seconds=second))
    assert told(receiver) == [("cross_practice_access", "warning", 1)]
    alarms(now=NOW + COLLECTED_FOR)
    assert told(receiver)[1:] == [("cross_practice_access", "warning", 3)]
    # Five minutes after that one, and only if there is something to tell.
    happen(clinic, at=NOW + timedelta(seconds=301))
    alarms(now=NOW + 2 * COLLECTED_FOR - timedelta(seconds=1))
    assert len(receiver.received) == 2
    alarms(now=NOW + 2 * COLLECTED_FOR)
    alarms(now=NOW + 4 * COLLECTED_FOR)
    assert told(receiver)[2:] == [("cross_practice_access", "warning", 1)]
    # After quiet, the next is a first one.
    happen(clinic, at=NOW + 5 * COLLECTED_FOR)
    alarms(now=NOW + 5 * COLLECTED_FOR)
    assert len(receiver.received) == len(mails(mailbox)) == 4


def test_kinds_and_practices_do_not_wait_for_each_other(
    clinic: Clinic, other_clinic: Clinic, receiver: Receiver
) -> None:
    alarms = Alarms()
    happen(clinic)
    alarms(now=NOW)
    happen(clinic, kind="prevented_leak")
    happen(other_clinic)
    happen(clinic)
    alarms(now=NOW + timedelta(seconds=1))
    assert sorted(told(receiver)[1:]) == [
        ("cross_practice_access", "warning", 1),
        ("prevented_leak", "critical", 1),
    ]


def test_an_attempt_over_http_makes_an_alarm_without_patient_data(
    clinic: Clinic, other_clinic: Clinic, receiver: Receiver, mailbox: Path
) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    assert agent.get(f"/api/v1/patients/{public('pat', other_clinic.patient.id)}").status_code == 403
    Alarms()(now=datetime.now(UTC))
    everything = receiver.received[0][1].decode() + mails(mailbox)[0].as_string()
    for patient in (clinic.patient, other_clinic.patient):
        for value in (patient.last_name, patient.phone, patient.email, public("pat", patient.id)):
            assert value not in everything


def test_several_relays_tell_each_alarm_once(
    clinic: Clinic, other_clinic: Clinic, receiver: Receiver, mailbox: Path
) -> None:
    for each in (clinic, other_clinic):
        happen(each, count=10)
        happen(each, kind="prevented_leak", count=10)

    def rounds(_: int) -> None:
        for _ in range(5):
            Alarms()(now=NOW)

    together(4, rounds)
    assert sorted(told(receiver)) == [
        *[("cross_practice_access", "warning", 10)] * 2,
        *[("prevented_leak", "critical", 10)] * 2,
    ]
    assert len(mails(mailbox)) == 4


def test_events_that_come_while_an_alarm_is_told_are_in_the_next(clinic: Clinic, receiver: Receiver) -> None:
    happen(clinic)
    collect(now=NOW)
    alarm = claim(now=NOW)
    happen(clinic)
    collect(now=NOW)
    assert alarm is not None
    tell(alarm=alarm, now=NOW)
    assert told(receiver) == [("cross_practice_access", "warning", 1)]
    Alarms()(now=NOW + COLLECTED_FOR)
    assert len(receiver.received) == 2


def test_a_process_that_died_while_telling_is_replaced(clinic: Clinic, receiver: Receiver, mailbox: Path) -> None:
    happen(clinic)
    collect(now=NOW)
    assert claim(now=NOW) is not None
    Alarms()(now=NOW + LEASE - timedelta(seconds=1))
    assert receiver.received == []
    Alarms()(now=NOW + LEASE)
    assert len(receiver.received) == len(mails(mailbox)) == 1


def test_a_process_that_died_while_collecting_forgets_nothing(
    clinic: Clinic, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(clinic, count=3)

    def dying(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as first:
        first.setattr(collecting, "severity", dying)
        with pytest.raises(RuntimeError):
            Alarms()(now=NOW)
    Alarms()(now=NOW)
    assert told(receiver) == [("cross_practice_access", "warning", 3)]


def test_a_channel_that_fails_is_asked_again_and_the_other_is_not(
    clinic: Clinic, receiver: Receiver, mailbox: Path
) -> None:
    receiver.status = 400
    happen(clinic)
    alarms, at = Alarms(), NOW
    for wait in (*WAITS, WAITS[-1]):
        alarms(now=at)
        alarms(now=at + wait - timedelta(milliseconds=1))
        at += wait
    assert len(receiver.received) == len(WAITS) + 1
    receiver.status = 200
    alarms(now=at)
    alarms(now=at + timedelta(hours=1))
    assert len(receiver.received) == len(WAITS) + 2
    assert len(mails(mailbox)) == 1
    # The same alarm to whoever receives it, however often.
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len({body for _, body in receiver.received}) == 1


def test_mail_that_cannot_be_sent_does_not_hold_up_the_webhook(
    clinic: Clinic, receiver: Receiver, settings: Any
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        1,
    )
    happen(clinic)
    Alarms()(now=NOW)
    assert len(receiver.received) == 1
    with platform_scope(reason="test"):
        alarm = Alarm.objects.get()
    assert (alarm.mailed_at, alarm.posted_at, alarm.told_at) == (None, NOW, None)


def test_without_channels_alarms_are_kept_and_nothing_fails(clinic: Clinic, settings: Any) -> None:
    settings.ALARM_RECIPIENTS, settings.ALARM_WEBHOOK_URL = [], ""
    happen(clinic)
    Alarms()(now=NOW)
    with platform_scope(reason="test"):
        assert Alarm.objects.get().told_at == NOW


def refused(statement: str, role: str) -> bool:
    scope = "SET LOCAL ROLE mybcat_platform" if role == "platform" else "SELECT 1"
    with psycopg.connect(django_settings.ENVIRONMENT.database_url) as served:
        served.execute(scope)
        try:
            served.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


def test_an_event_is_given_an_alarm_once_and_is_else_unchangeable(clinic: Clinic) -> None:
    happen(clinic)
    assert refused("UPDATE mybcat_securityevent SET kind = 'x'", "platform")
    assert refused(f"UPDATE mybcat_securityevent SET alarm_id = '{new_uuid()}'", "app")
    Alarms()(now=NOW)
    assert refused(f"UPDATE mybcat_securityevent SET alarm_id = '{new_uuid()}'", "platform")
    assert refused("UPDATE mybcat_securityevent SET alarm_id = NULL", "platform")
    assert refused("DELETE FROM mybcat_securityevent", "platform")
