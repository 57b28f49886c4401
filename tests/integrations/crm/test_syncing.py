"""The CRM comes to where each appointment stands, once, and learns what the practice allows and no more."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from appointments.models import Appointment
from integrations.crm import syncing
from integrations.crm.models import CrmConnection
from integrations.crm.syncing import sync_appointment
from integrations.listeners import CRM
from mybcat.correlation import correlated
from mybcat.ids import public_id
from mybcat.listeners import DeliveryFailed, DeliveryRefused
from mybcat.models import Delivery, Event
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from tests.callers import together
from tests.factories import Clinic, make_crm_connection, make_patient
from tests.integrations.booked import NOW, attempt, booked, cancelled, claimed
from tests.mybcat.engine import fresh, log_lines
from tests.standins.hubspot import HubSpot, limited
from tests.standins.server import Answer, Asked

SCHEDULED = {
    "hs_timestamp": "2026-03-03T15:00:00Z",
    "hs_meeting_title": "Appointment",
    "hs_meeting_start_time": "2026-03-03T15:00:00Z",
    "hs_meeting_end_time": "2026-03-03T15:30:00Z",
    "hs_meeting_outcome": "SCHEDULED",
}


def sync(event: Event) -> None:
    """The handler's work, as often as it is asked for."""
    sync_appointment(delivery=Delivery(practice_id=event.practice_id, event=event, listener=CRM.name), now=NOW)


def change(model: type[Any], row: Any, **values: Any) -> None:
    with practice_scope(row.practice_id):
        model.objects.filter(id=row.id).update(**values)


def noted(clinic: Clinic) -> CrmConnection:
    with practice_scope(clinic.practice.id):
        found: CrmConnection = CrmConnection.objects.get()
        return found


def test_a_booking_becomes_a_contact_and_a_meeting(connected: Clinic, hubspot: HubSpot) -> None:
    appointment, event = booked(connected)
    sync(event)
    patient = connected.patient
    assert hubspot.contacts == [
        {
            "mybcat_patient_id": public_id("pat", patient.id),
            "firstname": "Ada",
            "lastname": "Okafor",
            "email": "ada@patients.example",
            "phone": patient.phone,
        }
    ]
    assert hubspot.meetings == [{"mybcat_appointment_id": public_id("appt", appointment.id), **SCHEDULED}]
    ((meeting, contact),) = hubspot.associations
    assert (meeting in hubspot.objects["meetings"], contact in hubspot.objects["contacts"]) == (True, True)
    assert (noted(connected).last_error, noted(connected).prepared_at) == ("", NOW)


def test_the_same_event_again_makes_nothing_new(connected: Clinic, hubspot: HubSpot) -> None:
    _, event = booked(connected)
    sync(event)
    before = json.dumps([hubspot.contacts, hubspot.meetings, sorted(hubspot.associations)])
    sync(event)
    assert json.dumps([hubspot.contacts, hubspot.meetings, sorted(hubspot.associations)]) == before


@pytest.mark.parametrize("lost", range(1, 8))
def test_an_answer_that_was_lost_makes_nothing_twice(connected: Clinic, hubspot: HubSpot, lost: int) -> None:
    """HubSpot acts and the connection breaks, at each of its answers in turn; the next attempt puts it right."""
    _, event = booked(connected)

    def lose(_: Asked) -> None:
        hubspot.drop_next = int(len(hubspot.asked) == lost)

    hubspot.mood = lose
    with pytest.raises(DeliveryFailed, match="hubspot_unreachable"):
        sync(event)
    hubspot.mood = None
    sync(event)
    assert (len(hubspot.contacts), len(hubspot.meetings), len(hubspot.associations)) == (1, 1, 1)
    assert hubspot.meetings[0]["hs_meeting_outcome"] == "SCHEDULED"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("booked", "SCHEDULED"),
        ("arrived", "SCHEDULED"),
        ("fulfilled", "COMPLETED"),
        ("noshow", "NO_SHOW"),
    ],
)
def test_the_meeting_tells_what_became_of_it(connected: Clinic, hubspot: HubSpot, status: str, outcome: str) -> None:
    _, event = booked(connected, status=status)
    sync(event)
    assert hubspot.meetings[0]["hs_meeting_outcome"] == outcome


def test_a_cancellation_and_a_move_change_the_same_meeting(connected: Clinic, hubspot: HubSpot) -> None:
    appointment, event = booked(connected)
    sync(event)
    change(
        Appointment,
        appointment,
        starts_at=appointment.starts_at + timedelta(days=1),
        ends_at=appointment.ends_at + timedelta(days=1),
        occupied_until=appointment.ends_at + timedelta(days=1),
    )
    sync(event)
    assert [each["hs_meeting_start_time"] for each in hubspot.meetings] == ["2026-03-04T15:00:00Z"]
    sync(cancelled(connected, appointment))
    assert [each["hs_meeting_outcome"] for each in hubspot.meetings] == ["CANCELED"]


def test_a_booking_told_after_its_cancellation_does_not_revive_it(connected: Clinic, hubspot: HubSpot) -> None:
    appointment, booking = booked(connected)
    sync(cancelled(connected, appointment))
    sync(booking)
    assert [each["hs_meeting_outcome"] for each in hubspot.meetings] == ["CANCELED"]


def cancel_while_the_booking_is_told(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The booking's worker has read, and not yet written, when the cancellation is told from end to end."""
    appointment, booking = booked(clinic)
    tell, overtaken = syncing._tell, []

    def slowly(state: Any, **rest: Any) -> None:
        if not overtaken:
            overtaken.append(state)
            sync(cancelled(clinic, appointment))
        tell(state, **rest)

    monkeypatch.setattr(syncing, "_tell", slowly)
    sync(booking)


def test_whoever_was_overtaken_looks_again(
    connected: Clinic, hubspot: HubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel_while_the_booking_is_told(connected, monkeypatch)
    assert [each["hs_meeting_outcome"] for each in hubspot.meetings] == ["CANCELED"]


def test_with_one_look_alone_the_old_state_would_stay(
    connected: Clinic, hubspot: HubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the race above; as it is, the engine would be told to come again."""
    monkeypatch.setattr(syncing, "ROUNDS", 1)
    with pytest.raises(DeliveryFailed, match="changed_meanwhile"):
        cancel_while_the_booking_is_told(connected, monkeypatch)
    assert [each["hs_meeting_outcome"] for each in hubspot.meetings] == ["SCHEDULED"]


def test_two_workers_on_one_appointment_make_one_of_each(connected: Clinic, hubspot: HubSpot) -> None:
    appointment, booking = booked(connected)
    cancellation = cancelled(connected, appointment)

    def work(number: int) -> None:
        for _ in range(5):
            try:
                sync(booking if number % 2 else cancellation)
            except DeliveryFailed:
                continue
            return

    together(4, work)
    assert (len(hubspot.contacts), len(hubspot.meetings)) == (1, 1)
    assert hubspot.meetings[0]["hs_meeting_outcome"] == "CANCELED"


def test_no_transaction_is_open_while_hubspot_is_asked(
    connected: Clinic, hubspot: HubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    ask = syncing.HubSpot._ask

    def looking(*args: Any, **kwargs: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return ask(*args, **kwargs)

    monkeypatch.setattr(syncing.HubSpot, "_ask", looking)
    sync(booked(connected)[1])
    assert set(seen) == {False}


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        ({}, {"firstname", "lastname", "email", "phone"}),
        ({"share_phone": False}, {"firstname", "lastname", "email"}),
        ({"share_email": False, "share_phone": False}, {"firstname", "lastname"}),
        ({"share_name": False, "share_phone": False}, {"email"}),
    ],
)
def test_hubspot_learns_what_the_practice_allows(
    clinic: Clinic, hubspot: HubSpot, allowed: dict[str, bool], told: set[str]
) -> None:
    make_crm_connection(practice=clinic.practice, **allowed)
    sync(booked(clinic)[1])
    assert set(hubspot.contacts[0]) == {"mybcat_patient_id", *told}


def test_nothing_of_the_visit_s_kind_place_or_person_leaves(connected: Clinic, hubspot: HubSpot) -> None:
    appointment, booking = booked(connected)
    sync(booking)
    sync(cancelled(connected, appointment))
    sent = " ".join(f"{asked.path} {asked.query} {asked.body.decode()}" for asked in hubspot.asked)
    for secret in ("comprehensive", "Lee", "Downtown", "1984", "VSP", "patient_request"):
        assert secret.lower() not in sent.lower()


def test_no_address_of_hubspot_s_tells_of_a_patient(connected: Clinic, hubspot: HubSpot) -> None:
    hubspot.add_contact(email="ada@patients.example")
    sync(booked(connected)[1])
    for asked in hubspot.asked:
        assert "ada" not in f"{asked.path} {asked.query}".lower()
        assert connected.patient.phone not in f"{asked.path} {asked.query}"


def test_a_patient_of_whom_nothing_may_be_told_is_not_told_of(clinic: Clinic, hubspot: HubSpot) -> None:
    make_crm_connection(practice=clinic.practice, share_name=False)
    silent = make_patient(practice=clinic.practice, email="")
    sync(booked(clinic, patient=silent)[1])
    assert hubspot.asked == []


def test_a_contact_that_has_the_address_is_linked(connected: Clinic, hubspot: HubSpot) -> None:
    hubspot.add_contact(email="ada@patients.example", firstname="A.")
    sync(booked(connected)[1])
    (contact,) = hubspot.contacts
    assert (contact["firstname"], contact["mybcat_patient_id"]) == ("Ada", public_id("pat", connected.patient.id))


@pytest.mark.parametrize(("last_name", "linked"), [("okafor", True), ("Someone", False)])
def test_a_contact_that_alone_has_number_and_name_is_linked(
    connected: Clinic, hubspot: HubSpot, last_name: str, linked: bool
) -> None:
    hubspot.add_contact(phone=connected.patient.phone, lastname=last_name)
    sync(booked(connected)[1])
    assert len(hubspot.contacts) == (1 if linked else 2)


def test_of_two_with_the_number_neither_is_linked(connected: Clinic, hubspot: HubSpot) -> None:
    for _ in range(2):
        hubspot.add_contact(phone=connected.patient.phone, lastname="Okafor")
    sync(booked(connected)[1])
    assert [each.get("mybcat_patient_id") for each in hubspot.contacts] == [
        None,
        None,
        public_id("pat", connected.patient.id),
    ]


def test_a_family_that_shares_an_address_keeps_its_contacts_apart(connected: Clinic, hubspot: HubSpot) -> None:
    child = make_patient(practice=connected.practice, first_name="Ben", phone="")
    sync(booked(connected)[1])
    sync(booked(connected, patient=child, status="noshow")[1])
    ada, ben = hubspot.contacts
    assert (ada["firstname"], ada["email"]) == ("Ada", "ada@patients.example")
    assert (ben["firstname"], ben["mybcat_patient_id"], "email" in ben) == ("Ben", public_id("pat", child.id), False)


def test_a_changed_address_that_another_contact_holds_is_left_to_people(connected: Clinic, hubspot: HubSpot) -> None:
    _, event = booked(connected)
    sync(event)
    hubspot.add_contact(email="new@patients.example")
    change(Patient, connected.patient, email="new@patients.example", phone="+12125550199")
    sync(event)
    first, second = hubspot.contacts
    assert (first["email"], first["phone"], "mybcat_patient_id" in second) == (
        "ada@patients.example", "+12125550199", False
    )  # fmt: skip


def test_a_property_that_someone_removed_is_made_anew(connected: Clinic, hubspot: HubSpot) -> None:
    _, event = booked(connected)
    sync(event)
    hubspot.unique["contacts"].remove("mybcat_patient_id")
    with pytest.raises(DeliveryFailed, match="hubspot_property_missing"):
        sync(event)
    assert (noted(connected).prepared_at, noted(connected).last_error) == (None, "hubspot_property_missing")
    sync(event)
    assert noted(connected).last_error == ""


@pytest.mark.parametrize(
    ("mood", "wait"),
    [
        (limited(), timedelta(seconds=10)),
        (limited(retry_after="37"), timedelta(seconds=37)),
        (limited(retry_after="soon"), timedelta(seconds=10)),
        (limited(retry_after="9" * 30), timedelta(hours=24)),
        (limited(policy="DAILY"), timedelta(hours=1)),
        (limited(policy="DAILY", retry_after="60"), timedelta(seconds=60)),
    ],
)
def test_a_limit_is_waited_for_as_long_as_hubspot_says(
    connected: Clinic, hubspot: HubSpot, mood: Any, wait: timedelta
) -> None:
    hubspot.mood = mood
    with pytest.raises(DeliveryFailed, match="hubspot_429") as failure:
        sync(booked(connected)[1])
    assert (failure.value.retry_after, failure.value.answered) == (wait, True)
    assert len(hubspot.asked) == 1, "a limit is no reason to ask again at once"
    assert noted(connected).last_error == "hubspot_429"


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Answer(401, {"category": "INVALID_AUTHENTICATION"}), DeliveryFailed, "hubspot_401"),
        (Answer(403, {"category": "MISSING_SCOPES"}), DeliveryFailed, "hubspot_403"),
        (Answer(409, {"category": "CONFLICT"}), DeliveryFailed, "hubspot_409"),
        (Answer(503), DeliveryFailed, "hubspot_503"),
        (
            Answer(400, {"category": "VALIDATION_ERROR", "message": "Ada"}),
            DeliveryRefused,
            "hubspot_400_VALIDATION_ERROR",
        ),
        (Answer(400, {"category": "Ada Okafor!"}), DeliveryRefused, "hubspot_400_UNKNOWN"),
        (Answer(404, ["no object"]), DeliveryRefused, "hubspot_404_UNKNOWN"),
        (Answer(200, {"results": []}), DeliveryFailed, "hubspot_207"),
    ],
)
def test_a_refusal_is_a_code_for_the_engine_and_the_manager(
    connected: Clinic, hubspot: HubSpot, answer: Answer, error: type[Exception], code: str
) -> None:
    hubspot.mood = lambda asked: answer if "upsert" in asked.path else None
    with pytest.raises(error) as failure:
        sync(booked(connected)[1])
    assert (type(failure.value), str(failure.value)) == (error, code)
    assert noted(connected).last_error == code
    # What one account is refused says nothing of HubSpot to the others.
    assert getattr(failure.value, "answered", True) == (code != "hubspot_503")


def test_a_failing_hubspot_is_asked_three_more_times(connected: Clinic, hubspot: HubSpot) -> None:
    hubspot.mood = lambda _: Answer(502)
    with pytest.raises(DeliveryFailed, match="hubspot_502"):
        sync(booked(connected)[1])
    assert len(hubspot.asked) == 4


def test_nobody_listening_is_a_failure_that_may_pass(connected: Clinic, hubspot: HubSpot) -> None:
    hubspot.refuse_connections()
    with pytest.raises(DeliveryFailed, match="hubspot_unreachable"):
        sync(booked(connected)[1])


def test_the_request_carries_the_correlation_id(connected: Clinic, hubspot: HubSpot) -> None:
    with correlated("a-booking-4711"):
        sync(booked(connected)[1])
    assert {asked.headers["x-correlation-id"] for asked in hubspot.asked} == {"a-booking-4711"}


def test_a_practice_without_a_connection_owes_nothing(clinic: Clinic, other_clinic: Clinic, hubspot: HubSpot) -> None:
    make_crm_connection(practice=clinic.practice)
    _, event = booked(clinic)
    booked(other_clinic)
    relay_events(now=NOW)
    with platform_scope(reason="test"):
        owed = list(Delivery.objects.filter(listener=CRM.name).values_list("event_id", flat=True))
    assert owed == [event.id]


def test_a_connection_that_ended_meanwhile_ends_what_was_owed(connected: Clinic, hubspot: HubSpot) -> None:
    delivery = claimed(booked(connected)[1], CRM)
    with practice_scope(connected.practice.id):
        CrmConnection.objects.all().delete()
    attempt(delivery=delivery, listener=CRM, now=NOW)
    assert fresh(delivery).status == "delivered"
    assert hubspot.asked == []


def test_an_hour_of_hubspot_away_is_survived() -> None:
    assert sum(CRM.schedule, timedelta()) > timedelta(days=2)


def test_logs_and_rows_name_no_one(connected: Clinic, hubspot: HubSpot, caplog: pytest.LogCaptureFixture) -> None:
    hubspot.mood = lambda asked: Answer(400, {"category": "VALIDATION_ERROR", "message": "Ada Okafor"})
    delivery = claimed(booked(connected)[1], CRM)
    attempt(delivery=delivery, listener=CRM, now=NOW)
    written = "\n".join(log_lines(caplog)) + fresh(delivery).last_error + noted(connected).last_error
    for secret in ("Ada", "Okafor", "ada@patients", connected.patient.phone, "pat-na1"):
        assert secret not in written
