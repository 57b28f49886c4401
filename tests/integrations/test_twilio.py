"""Our adapter and our stand-in, held against Twilio's own SDK."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as Sdk

from integrations.listeners import NOTIFICATIONS
from integrations.messaging.provider import AccountRefused, NumberOptedOut, SendUnclear
from integrations.messaging.twilio import TwilioProvider
from integrations.models import Message
from mybcat.ids import new_uuid
from mybcat.listeners import DeliveryFailed, DeliveryPostponed, DeliveryRefused
from mybcat.tenancy import practice_scope
from patients import consent
from tests.factories import Clinic
from tests.integrations.booked import NOW, booked, claimed
from tests.standins.server import Answer, hang_up
from tests.standins.twilio import ACCOUNT, SENDER, TOKEN, Twilio

TO, BODY = "+12125550123", "Bright Eyes: we are open. ¿Sí? +&="


@pytest.fixture
def twilio(settings: Any) -> Iterator[Twilio]:
    standin = Twilio()
    settings.MESSAGE_PROVIDER = "integrations.messaging.twilio.TwilioProvider"
    settings.TWILIO_API_URL, settings.TWILIO_ACCOUNT_SID = standin.url, ACCOUNT
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = TOKEN, SENDER
    with standin.running():
        yield standin


@pytest.fixture
def provider(twilio: Twilio) -> TwilioProvider:
    return TwilioProvider(practice_id=new_uuid())


class ToStandin(TwilioHttpClient):
    """The SDK's own HTTP client, led to the stand-in."""

    def __init__(self, url: str) -> None:
        super().__init__(pool_connections=True)
        self._url = url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._url), *args, **kwargs)


@pytest.fixture
def sdk(twilio: Twilio) -> Iterator[Sdk]:
    to_standin = ToStandin(twilio.url)
    yield Sdk(ACCOUNT, TOKEN, http_client=to_standin)
    # Otherwise its sockets are found open whenever garbage is collected, in anybody's test.
    to_standin.session.close()


def send(provider: TwilioProvider, to: str = TO) -> str:
    return provider.send(to=to, body=BODY, reference="msg_1")


def test_a_text_is_asked_for_as_the_sdk_asks(twilio: Twilio, provider: TwilioProvider, sdk: Sdk) -> None:
    ours = send(provider)
    theirs = sdk.messages.create(to=TO, from_=SENDER, body=BODY)
    first, second = twilio.asked
    assert (first.method, first.path) == (second.method, second.path)
    assert parse_qs(first.body.decode()) == parse_qs(second.body.decode())
    for header in ("authorization", "content-type"):
        assert first.headers[header] == second.headers[header]
    assert [message["sid"] for message in twilio.messages] == [theirs.sid, ours]


def test_the_sdk_reads_what_the_stand_in_says(twilio: Twilio, sdk: Sdk) -> None:
    made = sdk.messages.create(to=TO, from_=SENDER, body=BODY)
    assert (made.to, made.from_, made.body, made.status) == (TO, SENDER, BODY, "queued")
    assert abs(datetime.now(UTC) - made.date_created) < timedelta(minutes=1)
    assert [message.sid for message in sdk.messages.list(to=TO, from_=SENDER)] == [made.sid]
    twilio.refused[TO] = 21610
    with pytest.raises(TwilioRestException) as refusal:
        sdk.messages.create(to=TO, from_=SENDER, body=BODY)
    assert (refusal.value.code, refusal.value.status) == (21610, 400)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (20003, AccountRefused),
        (20429, DeliveryFailed),
        (21211, DeliveryRefused),
        (21610, NumberOptedOut),
        (21614, DeliveryRefused),
    ],
)
def test_each_refusal_means_what_twilio_says(
    twilio: Twilio, provider: TwilioProvider, code: int, error: type[Exception]
) -> None:
    twilio.refused[TO] = code
    with pytest.raises(error) as refusal:
        send(provider)
    assert type(refusal.value) is error
    assert getattr(refusal.value, "answered", True), "Twilio is there: others' texts go on"
    assert twilio.messages == []
    assert len(twilio.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failing_gateway_leaves_it_open_and_is_not_asked_twice(
    twilio: Twilio, provider: TwilioProvider, status: int
) -> None:
    twilio.mood = lambda _: Answer(status)
    with pytest.raises(SendUnclear):
        send(provider)
    assert len(twilio.asked) == 1


def test_a_lost_answer_leaves_it_open(twilio: Twilio, provider: TwilioProvider) -> None:
    twilio.drop_next = 1
    with pytest.raises(SendUnclear):
        send(provider)
    assert len(twilio.messages) == 1


def test_nobody_there_is_a_plain_failure(twilio: Twilio, provider: TwilioProvider) -> None:
    twilio.refuse_connections()
    with pytest.raises(DeliveryFailed) as failure:
        send(provider)
    assert not isinstance(failure.value, SendUnclear)


class TestFinding:
    def test_what_was_taken_is_found(self, twilio: Twilio, provider: TwilioProvider) -> None:
        sid = send(provider)
        found = provider.find(to=TO, body=BODY, reference="msg_1", since=datetime.now(UTC))
        assert found == sid

    @pytest.mark.parametrize(
        "other", [{"to": "+12125550199"}, {"body": "other words"}, {"since": datetime(2100, 1, 1, tzinfo=UTC)}]
    )
    def test_another_text_is_not_it(self, provider: TwilioProvider, other: dict[str, Any]) -> None:
        send(provider)
        wanted: dict[str, Any] = {"to": TO, "body": BODY, "reference": "msg_1", "since": datetime.now(UTC), **other}
        assert provider.find(**wanted) is None

    def test_without_an_answer_nothing_is_said(self, twilio: Twilio, provider: TwilioProvider) -> None:
        twilio.mood = hang_up
        with pytest.raises(DeliveryFailed):
            provider.find(to=TO, body=BODY, reference="msg_1", since=datetime.now(UTC))


class TestAPatientsText:
    """The whole way of a booking's text, its provider misbehaving."""

    def message(self, clinic: Clinic) -> Message:
        with practice_scope(clinic.practice.id):
            found: Message = Message.objects.get()
            return found

    def test_a_lost_answer_is_made_good_by_asking(self, clinic: Clinic, twilio: Twilio) -> None:
        twilio.drop_next = 1
        delivery = claimed(booked(clinic)[1], NOTIFICATIONS)
        handler = NOTIFICATIONS.handler
        with pytest.raises(SendUnclear):
            handler(delivery=delivery, now=NOW)
        assert self.message(clinic).status == "unknown"
        with pytest.raises(DeliveryPostponed) as early:
            handler(delivery=delivery, now=NOW + timedelta(seconds=30))
        assert early.value.wait == timedelta(seconds=90)
        handler(delivery=delivery, now=NOW + timedelta(minutes=2))
        sent = self.message(clinic)
        assert (sent.status, sent.provider_reference) == ("sent", twilio.messages[0]["sid"])
        assert len(twilio.messages) == 1

    def test_what_never_arrived_is_sent_after_asking(self, clinic: Clinic, twilio: Twilio) -> None:
        twilio.mood = hang_up
        delivery = claimed(booked(clinic)[1], NOTIFICATIONS)
        with pytest.raises(SendUnclear):
            NOTIFICATIONS.handler(delivery=delivery, now=NOW)
        twilio.mood = None
        NOTIFICATIONS.handler(delivery=delivery, now=NOW + timedelta(minutes=2))
        assert (self.message(clinic).status, len(twilio.messages)) == ("sent", 1)

    def test_a_stop_that_twilio_knows_of_ends_consent(self, clinic: Clinic, twilio: Twilio) -> None:
        twilio.refused[clinic.patient.phone] = 21610
        with pytest.raises(NumberOptedOut):
            NOTIFICATIONS.handler(delivery=claimed(booked(clinic)[1], NOTIFICATIONS), now=NOW)
        clinic_patient = clinic.patient
        with practice_scope(clinic.practice.id):
            clinic_patient.refresh_from_db()
            assert (clinic_patient.sms_consent, consent.refuses(clinic_patient.phone)) == (False, True)


def test_what_becomes_of_a_text_is_asked_for_as_the_sdk_asks(
    twilio: Twilio, provider: TwilioProvider, sdk: Sdk, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://clinic.example"
    send(provider)
    callback = "https://clinic.example/webhooks/twilio/status?message=msg_1"
    sdk.messages.create(to=TO, from_=SENDER, body=BODY, status_callback=callback)
    first, second = twilio.asked
    assert parse_qs(first.body.decode()) == parse_qs(second.body.decode())
