"""Answers of patients: each is kept once, acted on where somebody knows how, and else read by people."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from integrations.messaging import replies, words
from integrations.messaging.replies import Reply
from integrations.models import InboundMessage, Message
from mybcat.errors import DomainError
from mybcat.ids import new_uuid, public_id
from mybcat.models import Event
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from practices.models import Practice
from tests.api.rows import changes
from tests.callers import together
from tests.factories import Clinic, make_patient
from tests.integrations.replying import PHONE, received, say, told
from tests.standins.twilio import TOKEN

KEPT = {"integrations_inboundmessage": 1, "mybcat_event": 1}
RECEIVED = (
    "Bright Eyes Optometry: thank you, we will read your message in office hours. If it is urgent, call (212) 555-0100."
)


class Acting:
    """A handler that remembers its calls, and writes a row."""

    def __init__(self) -> None:
        self.calls: list[tuple[UUID, list[UUID], str]] = []
        self.answer: str | None = "See you on Monday."
        self.raises: Exception | None = None

    def __call__(self, practice_id: UUID, patient_ids: Any, message: InboundMessage, now: Any) -> str | None:
        self.calls.append((practice_id, list(patient_ids), message.body))
        Patient.objects.filter(id__in=patient_ids).update(insurance_provider="acted on")
        if self.raises:
            raise self.raises
        return self.answer


@pytest.fixture(autouse=True)
def _signing(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = TOKEN, "https://clinic.example"


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    with practice_scope(clinic.practice.id):
        Practice.objects.update(phone="+12125550100")
    return make_patient(practice=clinic.practice, phone=PHONE)


@pytest.fixture
def acting() -> Iterator[Acting]:
    handler = Acting()
    reply = Reply(code="test_word", words=("Confirmo", "OK"), handler=handler)
    replies.register(reply)
    yield handler
    replies.forget(reply)


def texted(clinic: Clinic, patient: Patient, *, ago: timedelta = timedelta(hours=1)) -> None:
    with practice_scope(clinic.practice.id):
        Message.objects.create(
            patient=patient, delivery_id=new_uuid(), to=patient.phone, status="sent", created_at=timezone.now() - ago,
            attempted_at=timezone.now() - ago,
        )  # fmt: skip


def insurance(patient: Patient) -> str:
    with practice_scope(patient.practice_id):
        patient.refresh_from_db()
    return patient.insurance_provider


@pytest.mark.parametrize("text", ["CONFIRMO", " confirmo. ", "¡Confirmó!", "con firmo", "ok", "O.K."])
def test_a_word_is_acted_on_however_it_is_written(client: Client, patient: Patient, acting: Acting, text: str) -> None:
    assert told(say(client, text)) == "See you on Monday."
    assert acting.calls == [(patient.practice_id, [patient.id], text)]
    (message,) = received()
    assert (message.meaning, message.status, message.answer) == ("test_word", "handled", "See you on Monday.")
    assert insurance(patient) == "acted on"


def test_a_family_answers_with_one_number(client: Client, clinic: Clinic, patient: Patient, acting: Acting) -> None:
    child = make_patient(practice=clinic.practice, phone=PHONE)
    say(client, "OK")
    assert acting.calls == [(clinic.practice.id, [patient.id, child.id], "OK")]


def test_what_is_told_twice_is_done_once_and_answered_alike(client: Client, patient: Patient, acting: Acting) -> None:
    first = say(client, "OK", sid="SM1")
    with changes():
        again = say(client, "OK", sid="SM1")
    assert told(first) == told(again) == "See you on Monday."
    assert len(acting.calls) == 1


def test_what_is_told_twice_at_once_is_done_once(patient: Patient, acting: Acting) -> None:
    answers = together(4, lambda _: told(say(Client(), "OK", sid="SM1")))
    assert answers == ["See you on Monday."] * 4
    assert (len(acting.calls), len(received())) == (1, 1)


def test_a_handler_that_finds_nothing_leaves_the_text_to_people(
    client: Client, patient: Patient, acting: Acting
) -> None:
    acting.answer = None
    assert told(say(client, "OK")) == RECEIVED
    assert [(message.meaning, message.status) for message in received()] == [("", "open")]


@pytest.mark.parametrize("error", [DomainError(), RuntimeError("of ours")])
def test_a_handler_that_fails_loses_no_text_and_leaves_nothing_half_done(
    client: Client, patient: Patient, acting: Acting, error: Exception
) -> None:
    acting.raises = error
    with changes(**KEPT):
        assert told(say(client, "OK")) == RECEIVED
    assert [(message.body, message.status) for message in received()] == [("OK", "open")]
    assert insurance(patient) == "VSP"


def test_what_nobody_understands_is_acknowledged_once_a_day(client: Client, patient: Patient) -> None:
    assert told(say(client, "I am running late <&>")) == RECEIVED
    assert told(say(client, "ten minutes")) is None
    with platform_scope(reason="test"):
        InboundMessage.objects.update(received_at=timezone.now() - timedelta(days=1, minutes=1))
    assert told(say(client, "me again")) == RECEIVED
    assert [message.status for message in received()] == ["open"] * 3


def test_it_is_acknowledged_in_the_patient_s_language(client: Client, clinic: Clinic, patient: Patient) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=patient.id).update(language="es")
    assert told(say(client, "llego tarde")) == (
        "Bright Eyes Optometry: gracias, leeremos su mensaje en horas de oficina."
        " Si es urgente, llame al (212) 555-0100."
    )


def test_who_said_stop_is_not_written_to(client: Client, patient: Patient, acting: Acting) -> None:
    say(client, "STOP")
    assert told(say(client, "and another thing")) is None
    assert [(message.meaning, message.status) for message in received()] == [("stop", "handled"), ("", "open")]


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("HELP", "texts about your appointments. Questions? Call (212) 555-0100. Reply STOP to opt out."),
        ("info", "texts about your appointments. Questions? Call (212) 555-0100. Reply STOP to opt out."),
        ("Ayuda", "mensajes sobre sus citas. ¿Preguntas? Llame al (212) 555-0100. Responda ALTO para no recibirlos."),
    ],
)
def test_help_says_who_writes_and_where_to_ask(client: Client, patient: Patient, word: str, answer: str) -> None:
    assert told(say(client, word)) == f"Bright Eyes Optometry: {answer}"
    assert [(message.meaning, message.status) for message in received()] == [("help", "handled")]


def test_help_that_twilio_has_given_is_not_given_again(client: Client, patient: Patient) -> None:
    assert told(say(client, "HELP", besides={"OptOutType": "HELP"})) is None
    assert [(message.meaning, message.status) for message in received()] == [("help", "handled")]


def test_a_picture_is_counted_and_its_text_kept(client: Client, patient: Patient) -> None:
    say(client, "", besides={"NumMedia": "2", "MediaUrl0": "https://api.twilio.example/1"})
    assert [(message.body, message.media_count, message.status) for message in received()] == [("", 2, "open")]


def test_what_has_no_id_of_its_own_is_refused(client: Client, patient: Patient) -> None:
    with changes():
        assert say(client, "hello", besides={"MessageSid": ""}).status_code == 400


def test_help_without_a_number_to_call(client: Client, clinic: Clinic) -> None:
    make_patient(practice=clinic.practice, phone=PHONE)
    assert told(say(client, "HELP")) == ("Bright Eyes Optometry: texts about your appointments. Reply STOP to opt out.")


def test_it_is_said_to_the_practice_that_texted_last(
    client: Client, clinic: Clinic, other_clinic: Clinic, patient: Patient, acting: Acting
) -> None:
    theirs = make_patient(practice=other_clinic.practice, phone=PHONE)
    texted(clinic, patient, ago=timedelta(days=3))
    texted(other_clinic, theirs, ago=timedelta(days=1))
    say(client, "OK")
    texted(clinic, patient)
    say(client, "OK")
    assert [call[:2] for call in acting.calls] == [
        (other_clinic.practice.id, [theirs.id]), (clinic.practice.id, [patient.id])
    ]  # fmt: skip
    assert [message.practice_id for message in received()] == [other_clinic.practice.id, clinic.practice.id]


def test_what_nobody_asked_for_goes_to_all_who_know_the_number(
    client: Client, clinic: Clinic, other_clinic: Clinic, patient: Patient
) -> None:
    make_patient(practice=other_clinic.practice, phone=PHONE)
    say(client, "hello")
    assert {message.practice_id for message in received()} == {clinic.practice.id, other_clinic.practice.id}


@pytest.mark.parametrize("phone", ["+16465550999", "12345", "whatsapp:+12125550177", ""])
def test_a_number_that_nobody_knows_is_nobody_s_text(client: Client, patient: Patient, phone: str) -> None:
    with changes():
        assert told(say(client, "hello", phone=phone)) is None


def test_the_event_tells_that_there_is_one_and_nothing_of_it(client: Client, patient: Patient) -> None:
    say(client, "my eye hurts")
    (message,) = received()
    with platform_scope(reason="test"):
        event = Event.objects.get()
        with connection.cursor() as cursor:
            cursor.execute("SELECT t::text FROM integrations_inboundmessage t")
            ((row,),) = cursor.fetchall()
    assert (event.type, event.subject_id, event.principal_kind) == ("message.received", message.id, "patient")
    assert event.data == {"inboundMessageId": public_id("imsg", message.id)}
    assert "eye" not in row
    assert message.body == "my eye hurts"


@pytest.mark.parametrize("word", ["stop", "ALTO", "help", "Start", "ok", "!"])
def test_a_word_has_one_meaning(acting: Acting, word: str) -> None:
    with pytest.raises(ValueError, match="has a meaning already"):
        replies.register(Reply(code="another", words=("Later", word), handler=acting))
    assert replies.reply_of("LATER") is None


@pytest.mark.parametrize(("text", "word"), [("¡Sí!", "SI"), ("stop all.", "STOPALL"), ("C", "C"), ("👍", ""), ("", "")])
def test_a_text_as_one_word(text: str, word: str) -> None:
    assert words.word_of(text) == word
