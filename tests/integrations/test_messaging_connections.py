"""A practice's own number: set, tried and given up by managers; its texts go out and come in by its own account."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from twilio.request_validator import RequestValidator
from twilio.rest import Client as Sdk

from integrations.listeners import NOTIFICATIONS
from integrations.messaging import twilio as adapter
from integrations.models import Message, MessagingConnection
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients import consent
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_message, make_messaging_connection, make_patient
from tests.integrations.booked import NOW, attempt, booked, claimed
from tests.integrations.replying import PHONE, received, say, told
from tests.integrations.test_twilio import ToStandin
from tests.standins.server import hang_up
from tests.standins.twilio import ACCOUNT, SENDER, TOKEN, Twilio

PATH = "/api/v2/messaging-connection"
OWN, SECRET, NUMBER = "AC" + "a" * 32, "the-practice-s-own-token", "+16465550100"
GOOD = {"accountSid": OWN, "authToken": SECRET, "number": NUMBER}
SHOWN = {"vendor": "twilio", "accountSid": OWN, "number": NUMBER, "checkedAt": None, "lastError": ""}
CONNECTED = {"integrations_messagingconnection": 1, "mybcat_auditentry": 1}


@pytest.fixture(autouse=True)
def twilio(settings: Any) -> Iterator[Twilio]:
    standin = Twilio()
    standin.accounts[OWN] = (SECRET, NUMBER)
    settings.MESSAGE_PROVIDER = "integrations.messaging.twilio.TwilioProvider"
    settings.TWILIO_API_URL, settings.TWILIO_ACCOUNT_SID = standin.url, ACCOUNT
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = TOKEN, SENDER
    settings.PUBLIC_URL = "https://clinic.example"
    with standin.running():
        yield standin
        for account, token in ((ACCOUNT, TOKEN), (OWN, SECRET)):
            adapter._client_of(standin.url, account, token).close()
    adapter._client_of.cache_clear()


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def connected(clinic: Clinic) -> Clinic:
    make_messaging_connection(practice=clinic.practice, account_sid=OWN, auth_token=SECRET, number=NUMBER)
    return clinic


def put(caller: Caller, **members: Any) -> Any:
    body = {name: value for name, value in {**GOOD, **members}.items() if value is not None}
    return caller.http.put(PATH, body, content_type="application/json", headers=caller.headers)


def test_it_is_made_shown_without_its_token_and_given_up(manager: Caller, clinic: Clinic) -> None:
    sentence = "The practice sends from the platform's number"
    with changes():
        assert_refused(manager.get(PATH), status=404, code="no_messaging_connection", sentence=sentence)
        assert manager.post(f"{PATH}/test", {}).status_code == 404
    with changes(**CONNECTED):
        made = put(manager)
    assert (made.status_code, made.json()) == (200, SHOWN)
    assert SECRET not in made.content.decode() + manager.get(PATH).content.decode()
    with practice_scope(clinic.practice.id), database.cursor() as cursor:
        assert MessagingConnection.objects.get().auth_token == SECRET
        cursor.execute("SELECT t::text FROM integrations_messagingconnection t")
        assert SECRET not in cursor.fetchone()[0]
    with changes(integrations_messagingconnection=-1, mybcat_auditentry=1):
        assert manager.http.delete(PATH, headers=manager.headers).status_code == 204


def test_the_token_stays_while_the_account_does(manager: Caller, clinic: Clinic) -> None:
    put(manager)
    assert put(manager, authToken=None, number="+16465550101").json()["number"] == "+16465550101"
    with changes():
        answer = put(manager, authToken=None, accountSid=ACCOUNT)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/authToken"]
    with practice_scope(clinic.practice.id):
        assert MessagingConnection.objects.get().auth_token == SECRET


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"authToken": None}, "authToken"),
        ({"authToken": "short"}, "authToken"),
        ({"authToken": "a token\r\nX-Evil: 1"}, "authToken"),
        ({"accountSid": "AC/../../elsewhere"}, "accountSid"),
        ({"number": "6465550100"}, "number"),
        ({"number": SENDER}, "number"),
        ({"vendor": "another"}, "vendor"),
    ],
)
def test_what_cannot_be_is_refused_by_name(manager: Caller, members: dict[str, Any], field: str) -> None:
    with changes():
        answer = put(manager, **members)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{field}"]


def test_another_practice_s_number_is_not_to_be_had(manager: Caller, other_clinic: Clinic) -> None:
    make_messaging_connection(practice=other_clinic.practice, number=NUMBER)
    with changes():
        answer = put(manager)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/number"]


def test_agents_have_nothing_to_do_with_it(clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    assert_forbidden(agent.get(PATH))
    assert_forbidden(put(agent))


def test_trying_it_asks_as_the_sdk_asks_and_sends_nothing(manager: Caller, twilio: Twilio) -> None:
    put(manager)
    assert manager.post(f"{PATH}/test", {}).json() == {"ok": True, "error": ""}
    sdk = Sdk(OWN, SECRET, http_client=ToStandin(twilio.url))
    assert [found.phone_number for found in sdk.incoming_phone_numbers.list(phone_number=NUMBER)] == [NUMBER]
    ours, theirs = twilio.asked
    assert (ours.method, ours.path, ours.query["PhoneNumber"]) == (theirs.method, theirs.path, NUMBER)
    assert ours.headers["authorization"] == theirs.headers["authorization"]
    assert twilio.messages == []
    assert manager.get(PATH).json()["checkedAt"] is not None


@pytest.mark.parametrize(
    ("accounts", "code"), [({}, "20003"), ({OWN: (SECRET, "+16465550199")}, "number_not_in_account")]
)
def test_trying_it_tells_what_is_wrong(
    manager: Caller, twilio: Twilio, accounts: dict[str, tuple[str, str]], code: str
) -> None:
    put(manager)
    twilio.accounts = accounts
    assert manager.post(f"{PATH}/test", {}).json() == {"ok": False, "error": code}
    assert manager.get(PATH).json()["lastError"] == code
    twilio.mood = hang_up
    assert manager.post(f"{PATH}/test", {}).json()["ok"] is False


def texted(clinic: Clinic) -> Message:
    attempt(delivery=claimed(booked(clinic)[1], NOTIFICATIONS), listener=NOTIFICATIONS, now=NOW)
    with practice_scope(clinic.practice.id):
        message: Message = Message.objects.get()
        return message


def test_texts_go_out_from_the_practice_s_own_number(connected: Clinic, other_clinic: Clinic, twilio: Twilio) -> None:
    assert texted(connected).status == texted(other_clinic).status == "sent"
    assert [(sent["account_sid"], sent["from"]) for sent in twilio.messages[::-1]] == [
        (OWN, NUMBER), (ACCOUNT, SENDER)
    ]  # fmt: skip


def refuses(clinic: Clinic) -> bool:
    with practice_scope(clinic.practice.id):
        return consent.refuses(PHONE)


def test_what_comes_to_its_number_is_its_own(client: Client, connected: Clinic, other_clinic: Clinic) -> None:
    for clinic in (connected, other_clinic):
        make_patient(practice=clinic.practice, phone=PHONE)
    assert "HELP" not in (told(say(client, "HELP", to=NUMBER, token=SECRET)) or "")
    say(client, "STOP", to=NUMBER, token=SECRET)
    assert (refuses(connected), refuses(other_clinic)) == (True, False)
    assert {message.practice_id for message in received()} == {connected.practice.id}


def test_a_stranger_is_kept_too_at_a_number_of_one_s_own(client: Client, connected: Clinic) -> None:
    say(client, "hello, are you open?", to=NUMBER, token=SECRET)
    assert [message.practice_id for message in received()] == [connected.practice.id]


def test_each_number_is_vouched_for_by_its_own_token(client: Client, connected: Clinic) -> None:
    make_patient(practice=connected.practice, phone=PHONE)
    with changes():
        assert say(client, "STOP", to=NUMBER, token=TOKEN).status_code == 403
        assert say(client, "STOP", to=SENDER, token=SECRET).status_code == 403


def test_a_practice_s_token_vouches_for_no_other_s_texts(
    client: Client, connected: Clinic, other_clinic: Clinic
) -> None:
    theirs, ours = (make_message(clinic, provider_reference="") for clinic in (other_clinic, connected))
    for message, known in ((theirs, {}), (ours, {"integrations_message": 0})):
        path = f"/webhooks/twilio/status?message={public('msg', message.id)}"
        form = {"MessageSid": "SM1", "MessageStatus": "delivered", "From": NUMBER}
        signature = RequestValidator(SECRET).compute_signature(f"https://clinic.example{path}", form)
        with changes(**known):
            assert client.post(path, form, headers={"X-Twilio-Signature": signature}).status_code == 204
