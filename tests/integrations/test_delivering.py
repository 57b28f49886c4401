"""The patient's text: sent once, or rightly not at all."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from integrations.listeners import NOTIFICATIONS
from integrations.messaging import delivering
from integrations.messaging.delivering import text_patient
from integrations.models import Message
from mybcat.ids import public_id
from mybcat.listeners import DeliveryError, DeliveryFailed, DeliveryRefused
from mybcat.models import Delivery, Event
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from tests.factories import Clinic, make_patient
from tests.integrations.booked import NOW, STARTS_AT, attempt, booked, cancelled, claimed
from tests.mybcat.engine import fresh, log_lines


class Phone:
    """A provider that keeps its promise of one text for each reference, and can be told to fail first."""

    name, repeatable, concurrency = "phone", True, 1
    requests: list[tuple[str, str, str]] = []
    texts: dict[str, str] = {}
    errors: list[Exception] = []

    def __init__(self, *, practice_id: UUID) -> None:
        assert practice_id

    def send(self, *, to: str, body: str, reference: str) -> str:
        assert not connection.in_atomic_block
        self.requests.append((to, body, reference))
        if self.errors:
            raise self.errors.pop(0)
        self.texts.setdefault(reference, body)
        return f"SM-{reference}"


@pytest.fixture(autouse=True)
def phone(settings: Any) -> Iterator[type[Phone]]:
    settings.MESSAGE_PROVIDER = f"{Phone.__module__}.{Phone.__qualname__}"
    yield Phone
    Phone.requests, Phone.texts, Phone.errors = [], {}, []


def deliver(event: Event) -> Delivery:
    """One attempt of a worker at the event's delivery."""
    delivery = claimed(event, NOTIFICATIONS)
    attempt(delivery=delivery, listener=NOTIFICATIONS, now=NOW)
    return fresh(delivery)


def again(delivery: Delivery) -> Delivery:
    attempt(delivery=delivery, listener=NOTIFICATIONS, now=NOW)
    return fresh(delivery)


def message(clinic: Clinic) -> Message:
    with practice_scope(clinic.practice.id):
        found: Message = Message.objects.get()
        return found


def change_patient(clinic: Clinic, **values: Any) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(**values)


def test_the_relay_owes_a_text_for_each_booking_and_cancellation(clinic: Clinic) -> None:
    appointment, booking = booked(clinic)
    cancellation = cancelled(clinic, appointment)
    relay_events(now=NOW)
    with platform_scope(reason="test"):
        owed = Delivery.objects.filter(listener="notifications").values_list("event_id", flat=True)
        assert sorted(owed) == sorted([booking.id, cancellation.id])


def test_a_booking_is_texted_once(clinic: Clinic, phone: type[Phone]) -> None:
    _, event = booked(clinic)
    delivery = deliver(event)

    sent = message(clinic)
    assert phone.requests == [(clinic.patient.phone, sent.body, public_id("msg", sent.id))]
    assert (sent.status, sent.provider, sent.provider_reference) == ("sent", "phone", f"SM-{public_id('msg', sent.id)}")
    assert (sent.delivery_id, sent.patient_id, sent.sent_at) == (delivery.id, clinic.patient.id, NOW)
    assert "Tuesday, March 3 at 10:00 AM EST, Downtown" in sent.body
    assert delivery.status == "delivered"

    text_patient(delivery=claimed_again(delivery), now=NOW)
    assert len(phone.requests) == 1


def claimed_again(delivery: Delivery) -> Delivery:
    """As a second worker sees it, when the first one died after its work."""
    with platform_scope(reason="test"):
        return Delivery.objects.select_related("event").get(id=delivery.id)


def test_a_cancellation_is_texted_too(clinic: Clinic, phone: type[Phone]) -> None:
    appointment, _ = booked(clinic)
    deliver(cancelled(clinic, appointment))
    ((_, body, _),) = phone.requests
    assert "Tuesday, March 3 at 10:00 AM EST, Downtown, is cancelled." in body


def test_nothing_of_person_or_visit_is_in_the_text(clinic: Clinic, phone: type[Phone]) -> None:
    appointment, booking = booked(clinic)
    deliver(booking)
    deliver(cancelled(clinic, appointment))
    for _, body, _ in phone.requests:
        for secret in ("Ada", "Okafor", "1984", "VSP", clinic.exam.name, clinic.exam.code, "Lee", clinic.patient.phone):
            assert secret.lower() not in body.lower()


def test_the_row_is_committed_before_the_provider_is_called(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def send(self: Phone, *, to: str, body: str, reference: str) -> str:
        stored = message(clinic)
        seen.append(
            (stored.status, stored.to, stored.body, public_id("msg", stored.id)) == ("sending", to, body, reference)
        )
        return "SM1"

    monkeypatch.setattr(Phone, "send", send)
    deliver(booked(clinic)[1])
    assert seen == [True]


def test_a_crash_after_sending_asks_again_with_the_same_reference(
    clinic: Clinic, phone: type[Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    settle = delivering._settle

    def die(message: Message, **changes: object) -> None:
        if changes["status"] == "sent":
            raise Killed
        settle(message, **changes)

    delivery = claimed(booked(clinic)[1], NOTIFICATIONS)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("integrations.messaging.delivering._settle", die)
        text_patient(delivery=delivery, now=NOW)
    assert message(clinic).status == "sending"

    assert again(delivery).status == "delivered"
    first, second = phone.requests
    assert first == second
    assert len(phone.texts) == 1
    assert message(clinic).status == "sent"


def test_a_provider_that_fails_is_asked_again_with_the_same_words(clinic: Clinic, phone: type[Phone]) -> None:
    phone.errors = [DeliveryFailed("http_503")]
    delivery = claimed(booked(clinic)[1], NOTIFICATIONS)
    stored = again(delivery)
    assert (stored.status, stored.last_error, message(clinic).status) == ("pending", "http_503", "pending")

    change_patient(clinic, phone="+12125559999")
    text_patient(delivery=delivery, now=NOW)
    assert phone.requests[0] == phone.requests[1]
    assert message(clinic).status == "sent"


def test_a_number_that_the_provider_refuses_is_not_tried_again(clinic: Clinic, phone: type[Phone]) -> None:
    phone.errors = [DeliveryRefused("21610")]
    delivery = deliver(booked(clinic)[1])
    assert (delivery.status, delivery.last_error) == ("dead", "21610")
    assert (message(clinic).status, message(clinic).reason) == ("refused", "21610")


def _assert_suppressed(clinic: Clinic, phone: type[Phone], delivery: Delivery, reason: str) -> None:
    stored = message(clinic)
    assert (stored.status, stored.reason, stored.to, stored.body) == ("suppressed", reason, "", "")
    assert delivery.status == "delivered"
    assert phone.requests == []


@pytest.mark.parametrize(
    ("patient", "reason"),
    [
        ({"sms_consent": False, "sms_consent_at": None}, "no_consent"),
        ({"phone": ""}, "no_phone"),
        ({"email_declined_at": NOW, "email": "ada@patients.example", "phone": ""}, "no_phone"),
        ({"preferred_channel": "none", "email": "ada@patients.example"}, "declined"),
        ({"declined_kinds": ["booked"], "email": "ada@patients.example"}, "declined"),
    ],
)
def test_a_patient_who_is_not_to_be_texted_is_not(
    clinic: Clinic, phone: type[Phone], patient: dict[str, Any], reason: str
) -> None:
    silent = make_patient(practice=clinic.practice, **{"email": "", **patient})
    delivery = deliver(booked(clinic, patient=silent)[1])
    _assert_suppressed(clinic, phone, delivery, reason)


def test_a_booking_that_no_longer_stands_is_not_texted(clinic: Clinic, phone: type[Phone]) -> None:
    appointment, booking = booked(clinic)
    cancelled(clinic, appointment)
    _assert_suppressed(clinic, phone, deliver(booking), "appointment_not_booked")


@pytest.mark.parametrize("what", ["booking", "cancellation"])
def test_a_visit_that_is_over_is_not_texted(clinic: Clinic, phone: type[Phone], what: str) -> None:
    appointment, booking = booked(clinic, starts_at=NOW)
    event = booking if what == "booking" else cancelled(clinic, appointment)
    _assert_suppressed(clinic, phone, deliver(event), "appointment_past")


def test_stop_reaches_a_text_that_waits_for_its_next_attempt(clinic: Clinic, phone: type[Phone]) -> None:
    phone.errors = [DeliveryFailed("http_503")]
    delivery = claimed(booked(clinic)[1], NOTIFICATIONS)
    again(delivery)
    change_patient(clinic, sms_consent=False, sms_consent_at=None, email="")

    text_patient(delivery=delivery, now=NOW)
    assert len(phone.requests) == 1
    assert (message(clinic).status, message(clinic).reason) == ("suppressed", "no_consent")


def test_every_attempt_comes_while_a_text_still_helps() -> None:
    assert NOTIFICATIONS.attempts == 7
    assert sum(NOTIFICATIONS.schedule, timedelta()) < timedelta(hours=7)
    assert NOW < STARTS_AT


@pytest.mark.parametrize(
    "error", [None, DeliveryFailed("http_503"), DeliveryRefused("21610"), ValueError("Ada Okafor +12125550123")]
)
def test_logs_name_ids_and_codes_only(
    clinic: Clinic, phone: type[Phone], caplog: pytest.LogCaptureFixture, error: DeliveryError | None
) -> None:
    phone.errors = [error] if error else []
    _, event = booked(clinic)
    deliver(event)
    written = "\n".join(log_lines(caplog)) + str(event.data)
    for secret in ("Ada", "Okafor", "1984", clinic.patient.phone, "Reply STOP", "Downtown"):
        assert secret not in written


def test_the_console_sends_nothing_and_names_no_one(
    clinic: Clinic, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MESSAGE_PROVIDER = "integrations.messaging.console.ConsoleProvider"
    deliver(booked(clinic)[1])
    sent = message(clinic)
    assert (sent.status, sent.provider, sent.provider_reference) == ("sent", "console", public_id("msg", sent.id))
    (line,) = log_lines(caplog)
    assert public_id("msg", sent.id) in line
    assert clinic.patient.phone not in line
    assert "STOP" not in line
