"""Practices' own words: by kind, channel and language, checked when they are kept, and what the platform says else."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from integrations.listeners import EMAILS, NOTIFICATIONS, SUBSCRIPTIONS
from integrations.messaging.defaults import Channel, Kind, default_of
from integrations.messaging.delivering import KINDS
from integrations.messaging.segments import length_of
from integrations.messaging.templates import NAMES, VARIABLES, Name, Wording, check, compose, fill, values_of
from integrations.models import Message
from mybcat.events import EventType
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Language, Patient
from practices.models import Location, Practice, Practitioner
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_template
from tests.integrations.booked import NOW, attempt, booked, claimed

PATH = "/api/v2/message-templates"
OWN = "{practice}: see you on {date} at {time}. Bring your card."
KEPT = {"integrations_messagetemplate": 1, "mybcat_auditentry": 1}
ENGLISH, SPANISH = Language.ENGLISH, Language.SPANISH


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def put(caller: Caller, name: str, **body: Any) -> Any:
    return caller.http.put(f"{PATH}/{name}", body, content_type="application/json", headers=caller.headers)


def delete(caller: Caller, name: str) -> Any:
    return caller.http.delete(f"{PATH}/{name}", headers=caller.headers)


def of(caller: Caller, name: str) -> Any:
    return next(row for row in caller.get(PATH).json()["data"] if row["name"] == name)


def values(
    starts_at: datetime = datetime(2026, 4, 24, 14, tzinfo=UTC), *, zone: str = "America/New_York", language: str = "en"
) -> dict[str, str]:
    return values_of(
        practice=Practice(name="Bright Eyes", phone="+12125550100"), location=Location(name="Downtown", time_zone=zone),
        practitioner=Practitioner(name="Dr Alice Lee"), starts_at=starts_at, language=language,
        link="https://clinic.example/a/x",
    )  # fmt: skip


def default(kind: Kind, language: Language, **when: Any) -> str:
    _, body = default_of(kind=kind, channel=Channel.SMS, language=language)
    return fill(Wording(subject="", body=body), values(language=language, **when)).body


def test_what_the_platform_says() -> None:
    assert default(Kind.BOOKED, ENGLISH) == (
        "Bright Eyes: your appointment is booked for Friday, April 24 at 10:00 AM EDT, Downtown. Reply STOP to opt out."
    )
    assert default(Kind.CANCELLED, SPANISH) == (
        "Bright Eyes: su cita del viernes 24 de abril, 10:00 AM EDT, Downtown, queda cancelada."
        " Responda ALTO para no recibir mensajes."
    )


@pytest.mark.parametrize(
    ("starts_at", "zone", "local", "en_la_pared"),
    [
        # The clocks go forward in New York on 8 March 2026 at 2:00, and back on 1 November.
        ((3, 8, 6, 30), "America/New_York", "Sunday, March 8 at 1:30 AM EST", "domingo 8 de marzo, 1:30 AM EST"),
        ((3, 8, 7, 30), "America/New_York", "Sunday, March 8 at 3:30 AM EDT", "domingo 8 de marzo, 3:30 AM EDT"),
        ((11, 1, 5, 30), "America/New_York", "Sunday, November 1 at 1:30 AM EDT", "1 de noviembre, 1:30 AM EDT"),
        ((11, 1, 6, 30), "America/New_York", "Sunday, November 1 at 1:30 AM EST", "1 de noviembre, 1:30 AM EST"),
        # Two zones, one instant, two days.
        ((4, 25, 3, 0), "America/Chicago", "Friday, April 24 at 10:00 PM CDT", "viernes 24 de abril, 10:00 PM CDT"),
        ((4, 25, 3, 0), "Europe/Berlin", "Saturday, April 25 at 5:00 AM CEST", "sábado 25 de abril, 5:00 AM CEST"),
        ((4, 24, 16, 0), "America/New_York", "Friday, April 24 at 12:00 PM EDT", "viernes 24 de abril, 12:00 PM EDT"),
        ((4, 24, 4, 0), "America/New_York", "Friday, April 24 at 12:00 AM EDT", "viernes 24 de abril, 12:00 AM EDT"),
    ],
)
def test_time_and_day_are_the_location_s(
    starts_at: tuple[int, int, int, int], zone: str, local: str, en_la_pared: str
) -> None:
    when = {"starts_at": datetime(2026, *starts_at, tzinfo=UTC), "zone": zone}
    assert local in default(Kind.BOOKED, ENGLISH, **when)
    assert en_la_pared in default(Kind.BOOKED, SPANISH, **when)


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_the_platform_keeps_its_own_rules(name: Name) -> None:
    subject, body = default_of(kind=name.kind, channel=name.channel, language=name.language)
    check(name, Wording(subject=subject, body=body))
    if name.channel == Channel.SMS:
        assert {Language.ENGLISH: "STOP", Language.SPANISH: "ALTO"}[name.language] in body
        # A weekday or a practice with an accent may cost more; our own words do not.
        assert length_of(body).encoding == "GSM-7"


def test_every_event_of_the_listener_has_its_kind() -> None:
    # An answer is written by hand.
    assert {*KINDS, EventType.MESSAGE_REPLIED} == SUBSCRIPTIONS[NOTIFICATIONS]
    assert set(KINDS) == SUBSCRIPTIONS[EMAILS]


def test_every_message_is_listed_with_the_platform_s_words(manager: Caller) -> None:
    with changes():
        rows = manager.get(PATH).json()["data"]
    assert len(rows) == len(Kind) * len(Channel) * len(Language)
    spanish = manager.get(PATH, language="es").json()["data"]
    assert spanish == [row for row in rows if row["language"] == "es"]
    assert manager.get(PATH, language="fr").status_code == 400
    assert rows[0] == {
        "name": "booked.sms.en", "kind": "booked", "channel": "sms", "language": "en", "subject": "",
        "body": default_of(kind="booked", channel="sms", language="en")[1], "isDefault": True,
        "variables": ["practice", "phone", "date", "time", "practitioner", "location", "location_phone", "link"],
        "changedAt": None,
    }  # fmt: skip


def test_own_words_are_kept_changed_and_given_up(manager: Caller, clinic: Clinic) -> None:
    with changes(**KEPT):
        made = put(manager, "booked.sms.en", body=OWN)
    assert (made.status_code, made.json()["body"], made.json()["isDefault"]) == (200, OWN, False)
    with changes(integrations_messagetemplate=0, mybcat_auditentry=1):
        put(manager, "booked.sms.en", body="{practice}: {date}")
    assert of(manager, "booked.sms.en")["body"] == "{practice}: {date}"
    assert of(manager, "booked.sms.es")["isDefault"] is True
    with changes(integrations_messagetemplate=-1, mybcat_auditentry=1):
        assert delete(manager, "booked.sms.en").status_code == 204
    with changes():
        assert delete(manager, "booked.sms.en").status_code == 204
    assert of(manager, "booked.sms.en")["isDefault"] is True
    with practice_scope(clinic.practice.id):
        actions = AuditEntry.objects.filter(object_kind="messagetemplate").order_by("id")
        assert list(actions.values_list("action", flat=True)) == [
            "message_template.changed", "message_template.changed", "message_template.removed"
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "body", "pointer", "said"),
    [
        ("booked.sms.en", {"body": "{practice}: {reason}"}, "body", "{reason} at character 13 is none of {practice}"),
        ("booked.sms.en", {"body": "{practice} {patient.first_name}"}, "body", "{patient.first_name} at character 12"),
        ("booked.sms.en", {"body": "{practice!r} {date:%d}"}, "body", "{practice!r} at character 1"),
        ("booked.sms.en", {"body": "{practice} {}"}, "body", "{} at character 12"),
        ("booked.sms.en", {"body": "{practice} {{date}}"}, "body", "{ at character 12"),
        ("booked.sms.en", {"body": "{practice} } and {"}, "body", "} at character 12"),
        ("booked.sms.en", {"body": "see you on {date}"}, "body", "Say who writes"),
        ("booked.sms.en", {"body": OWN, "subject": "Hello"}, "subject", "A text has no subject"),
        ("booked.sms.en", {"body": ""}, "body", ""),
        ("booked.sms.en", {"body": "{practice}" + "x" * 1500}, "body", ""),
        ("booked.sms.en", {"body": "{practice}\a"}, "body", "Control characters"),
        ("booked.sms.en", {}, "body", ""),
        ("booked.email.en", {"body": OWN}, "subject", "An e-mail needs a subject"),
        ("booked.email.en", {"body": OWN, "subject": "{practice}, {date}"}, "subject", "{date} at character 13"),
        ("booked.email.en", {"body": OWN, "subject": "Hello\r\nBcc: x@y.example"}, "subject", "Control characters"),
    ],
)
def test_what_cannot_be_said_is_refused_by_place(
    manager: Caller, name: str, body: dict[str, str], pointer: str, said: str
) -> None:
    with changes():
        answer = put(manager, name, **body)
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["pointer"] == f"#/{pointer}"
    assert said in error["detail"]


@pytest.mark.parametrize(
    "name", ["booked.sms.fr", "birthday.sms.en", "booked.fax.en", "booked", "booked.sms.en.x", "%20"]
)
def test_a_message_that_there_is_not(manager: Caller, name: str) -> None:
    with changes():
        answer = put(manager, quote(name, safe="%"), body=OWN)
    sentence = "There is no such template: give kind.channel.language, such as booked.sms.en"
    assert_refused(answer, status=404, code="unknown_template", sentence=sentence)


def test_a_preview_shows_the_appointment_and_keeps_nothing(manager: Caller, clinic: Clinic) -> None:
    appointment, _ = booked(clinic)
    asked = {"body": "{practice} {practitioner}: {date}, {time}", "appointmentId": public("appt", appointment.id)}
    with changes():
        shown = manager.post(f"{PATH}/booked.sms.es/preview", asked).json()
    body = f"Bright Eyes Optometry {clinic.practitioner.name}: martes 3 de marzo, 10:00 AM EST"
    assert shown == {"subject": "", "body": body, "encoding": "GSM-7", "length": len(body), "segments": 1}
    with changes():
        assert manager.post(f"{PATH}/booked.sms.es/preview", {"body": "{name}"}).status_code == 400


def test_a_preview_needs_neither_words_nor_appointment(manager: Caller) -> None:
    shown = manager.post(f"{PATH}/reminder.email.en/preview", {}).json()
    assert shown["subject"] == "Bright Eyes Optometry: about your appointment"
    assert "at 10:00 AM E" in shown["body"]


def sent(clinic: Clinic, *, language: str = "en") -> Message:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(language=language)
    _, event = booked(clinic)
    attempt(delivery=claimed(event, NOTIFICATIONS), listener=NOTIFICATIONS, now=NOW)
    with practice_scope(clinic.practice.id):
        message: Message = Message.objects.get()
        return message


def test_what_is_sent_is_in_the_practice_s_words(clinic: Clinic) -> None:
    make_template(practice=clinic.practice, body=OWN)
    message = sent(clinic)
    assert (message.kind, message.body) == (
        "booked", "Bright Eyes Optometry: see you on Tuesday, March 3 at 10:00 AM EST. Bring your card."
    )  # fmt: skip


def test_a_language_that_the_practice_has_no_words_in_is_the_platform_s(clinic: Clinic) -> None:
    make_template(practice=clinic.practice, body=OWN)
    assert sent(clinic, language="es").body.startswith("Bright Eyes Optometry: su cita es el martes 3 de marzo,")


def test_another_practice_s_words_are_its_own(clinic: Clinic, other_clinic: Clinic) -> None:
    make_template(practice=other_clinic.practice, body=OWN)
    assert "Bring your card" not in sent(clinic).body


@pytest.mark.parametrize(
    ("number", "said"), [("+13125550177", "(312) 555-0177"), ("", "(212) 555-0100"), ("+9991234567", "+9991234567")]
)
def test_the_number_of_the_place_is_told_else_the_practices(clinic: Clinic, number: str, said: str) -> None:
    """One that nobody has is told as it was typed."""
    make_template(practice=clinic.practice, body="{practice}: please call {location_phone}.")
    with practice_scope(clinic.practice.id):
        Practice.objects.update(phone="+12125550100")
        Location.objects.update(phone=number)
    assert sent(clinic).body == f"Bright Eyes Optometry: please call {said}."


def test_what_is_filled_in_is_not_filled_again(clinic: Clinic) -> None:
    name = Name(kind=Kind.BOOKED, channel=Channel.SMS, language=ENGLISH)
    with practice_scope(clinic.practice.id):
        said = compose(name, {**dict.fromkeys(VARIABLES, "-"), "practice": "{phone}"})
    assert said.body.startswith("{phone}: your appointment")


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("ñ¿é€", "GSM-7", 5, 1),
        ("á" * 70, "UCS-2", 70, 1),
        ("á" * 71, "UCS-2", 71, 2),
        ("a" * 134 + "á", "UCS-2", 135, 3),
        ("👍", "UCS-2", 2, 1),
    ],
)
def test_how_many_messages_a_text_is(text: str, encoding: str, units: int, segments: int) -> None:
    length = length_of(text)
    assert (length.encoding, length.units, length.segments) == (encoding, units, segments)
