"""The same request again: one effect, and the first answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from appointments.models import Slot
from mybcat.epochs import announce
from mybcat.tenancy import practice_scope
from practices.models import Membership
from tests.api.refusals import assert_forbidden, assert_invalid, assert_refused
from tests.api.rows import BOOKED, REFUSED, REMEMBERED, REPLAYED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_slots, tomorrow_at

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])
KEY_MISSING = "Send an X-Idempotency-Key header of 1 to 255 printable ASCII characters"


def wish(clinic: Clinic, *, slot: int = 0) -> dict[str, str]:
    return {
        "patientId": public("pat", clinic.patient.id),
        "slotId": public("slot", clinic.slots[slot].id),
        "type": clinic.exam.code,
    }


def send(caller: Caller, body: Any, *, version: str = "v1", **headers: str) -> Any:
    return caller.post(f"/api/{version}/appointments", body, **headers)


def assert_replayed(answer: Any, first: Any) -> None:
    assert (answer.status_code, answer.content) == (first.status_code, first.content)
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert answer.headers["Content-Type"] == first.headers["Content-Type"]
    assert answer.headers.get("Location") == first.headers.get("Location")


@both_versions
def test_the_same_request_again_gets_the_first_answer_and_has_no_effect(
    agent: Caller, clinic: Clinic, version: str
) -> None:
    first = agent.book(clinic, key="call-1", version=version)
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    with changes(**REPLAYED):
        again = agent.book(clinic, key="call-1", version=version)
    assert_replayed(again, first)


def test_a_replay_belongs_to_its_own_request(agent: Caller, clinic: Clinic) -> None:
    agent.book(clinic, key="call-1")
    again = send(agent, wish(clinic), **{"X-Idempotency-Key": "call-1", "X-Correlation-Id": "second-try"})
    assert again.headers["X-Correlation-Id"] == "second-try"


def test_the_order_of_members_and_white_space_make_no_other_body(agent: Caller, clinic: Clinic) -> None:
    first = agent.book(clinic, key="call-1")
    body = wish(clinic)
    text = f'{{ "type": "{body["type"]}",\n "slotId": "{body["slotId"]}", "patientId": "{body["patientId"]}" }}'
    with changes(**REPLAYED):
        again = send(agent, text, **{"X-Idempotency-Key": "call-1"})
    assert_replayed(again, first)


@both_versions
def test_another_body_with_the_same_key_is_refused(agent: Caller, clinic: Clinic, version: str) -> None:
    first = agent.book(clinic, key="call-1", version=version)
    with changes():
        other = agent.book(clinic, key="call-1", slot=4, version=version)
    sentence = "This idempotency key was used with another request"
    assert_refused(other, status=422, code="idempotency_key_reused", sentence=sentence)
    assert_replayed(agent.book(clinic, key="call-1", version=version), first)


def test_another_user_s_same_key_is_another_key(agent: Caller, clinic: Clinic) -> None:
    assert agent.book(clinic, key="call-1").status_code == 201
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    with changes(**BOOKED):
        answer = colleague.book(clinic, key="call-1", slot=2)
    assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)


def test_the_same_user_s_same_key_in_another_practice_is_another_key(
    agent: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    make_member(practice=other_clinic.practice, user=clinic.agent)
    there = Caller(clinic.agent, other_clinic.practice)
    assert agent.book(clinic, key="call-1").status_code == 201
    with changes(**BOOKED):
        answer = there.book(other_clinic, key="call-1")
    assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)


@both_versions
def test_a_refusal_that_a_retry_would_meet_again_is_replayed(agent: Caller, clinic: Clinic, version: str) -> None:
    with practice_scope(clinic.practice.id):
        Slot.objects.update(status="busy-unavailable")
    with changes(**REMEMBERED):
        first = agent.book(clinic, key="call-1", version=version)
    assert first.status_code == 409
    with practice_scope(clinic.practice.id):
        Slot.objects.update(status="free")
    with changes(**REPLAYED):
        again = agent.book(clinic, key="call-1", version=version)
    assert_replayed(again, first)
    assert agent.book(clinic, key="call-2", version=version).status_code == 201


def test_who_may_no_longer_book_gets_no_answer_of_before(agent: Caller, clinic: Clinic) -> None:
    assert agent.book(clinic, key="call-1").status_code == 201
    with practice_scope(clinic.practice.id):
        Membership.objects.update(role="practitioner")
    announce()
    with changes(**REFUSED):
        assert_forbidden(agent.book(clinic, key="call-1"))


def test_a_bad_body_does_not_use_up_its_key(agent: Caller, clinic: Clinic) -> None:
    with changes():
        refused = agent.book(clinic, key="call-1", type="dentistry")
    assert_invalid(refused, type=["No such type of appointment"])
    with changes(**BOOKED):
        assert agent.book(clinic, key="call-1").status_code == 201


@both_versions
def test_a_booking_without_a_key_is_refused(agent: Caller, clinic: Clinic, version: str) -> None:
    with changes():
        answer = send(agent, wish(clinic), version=version)
    assert_refused(answer, status=400, code="idempotency_key_missing", sentence=KEY_MISSING)


@pytest.mark.parametrize(
    "key",
    ["k", "k" * 255, "a key with spaces", "~!@#$%^&*()", '"', '""', '"' + "q" * 255 + '"'],
    ids=["1 character", "255 characters", "spaces", "signs", "one quote", "two quotes", "255 characters in quotes"],
)
def test_keys_of_1_to_255_printable_characters_are_good(agent: Caller, clinic: Clinic, key: str) -> None:
    with changes(**BOOKED):
        first = send(agent, wish(clinic), **{"X-Idempotency-Key": key})
    assert first.status_code == 201
    assert_replayed(send(agent, wish(clinic), **{"X-Idempotency-Key": key}), first)


@pytest.mark.parametrize("header", ["X-Idempotency-Key", "Idempotency-Key"])
def test_other_keys_are_refused(agent: Caller, clinic: Clinic, header: str) -> None:
    keys = ["", "k" * 256, '"' + "q" * 256 + '"', "cl\u00e9", "\u043a\u043b\u044e\u0447", "a\tb", "a\x7f"]
    with changes():
        for key in keys:
            answer = send(agent, wish(clinic), **{header: key})
            assert_refused(answer, status=400, code="idempotency_key_missing", sentence=KEY_MISSING)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"X-Idempotency-Key": "call-1"}, {"Idempotency-Key": "call-1"}),
        ({"Idempotency-Key": '"call-1"'}, {"Idempotency-Key": "call-1"}),
        ({"Idempotency-Key": '"call-1"'}, {"X-Idempotency-Key": "call-1", "Idempotency-Key": '"call-1"'}),
    ],
    ids=["either header", "quoted and bare", "both headers with one key"],
)
def test_a_key_is_the_same_however_it_is_sent(
    agent: Caller, clinic: Clinic, first: dict[str, str], again: dict[str, str]
) -> None:
    booked = send(agent, wish(clinic), **first)
    assert booked.status_code == 201
    with changes(**REPLAYED):
        assert_replayed(send(agent, wish(clinic), **again), booked)


def test_two_keys_at_once_are_refused(agent: Caller, clinic: Clinic) -> None:
    with changes():
        answer = send(agent, wish(clinic), **{"X-Idempotency-Key": "call-1", "Idempotency-Key": "call-2"})
    assert_refused(answer, status=400, code="idempotency_key_missing", sentence=KEY_MISSING)


@pytest.mark.parametrize(
    ("age", "replayed"), [(timedelta(hours=24, microseconds=-1), "true"), (timedelta(hours=24), None)]
)
def test_a_key_is_kept_for_24_hours(clinic: Clinic, age: timedelta, replayed: str | None) -> None:
    start = tomorrow_at("09:00", time_zone="America/New_York", days=5)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=4)
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False):
        first = Caller(clinic.agent, clinic.practice).book(clinic, key="call-1", slot=0)
    with time_machine.travel(now + age, tick=False):
        caller = Caller(clinic.agent, clinic.practice)
        again = caller.book(clinic, key="call-1", slot=0 if replayed else 2)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.headers.get("Idempotent-Replayed"), again.content == first.content) == (replayed, replayed == "true")


def test_a_forgotten_key_is_kept_for_another_24_hours(clinic: Clinic) -> None:
    start = tomorrow_at("09:00", time_zone="America/New_York", days=5)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=4)
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False):
        Caller(clinic.agent, clinic.practice).book(clinic, key="call-1", slot=0)
    with time_machine.travel(now + timedelta(hours=24), tick=False):
        caller = Caller(clinic.agent, clinic.practice)
        second = caller.book(clinic, key="call-1", slot=2)
        with changes(**REPLAYED):
            assert_replayed(caller.book(clinic, key="call-1", slot=2), second)


@both_versions
def test_a_patient_is_added_once_for_a_key(agent: Caller, clinic: Clinic, version: str) -> None:
    body = {"firstName": "Ines", "lastName": "Moreau", "dateOfBirth": "1990-05-17"}
    with changes(patients_patient=1, mybcat_event=1, mybcat_auditentry=1, mybcat_idempotencykey=1):
        first = agent.post(f"/api/{version}/patients", body, key="new-patient")
    with changes(**REPLAYED):
        assert_replayed(agent.post(f"/api/{version}/patients", body, key="new-patient"), first)


@both_versions
def test_a_key_for_cancelling_is_the_appointment_s_own(agent: Caller, clinic: Clinic, version: str) -> None:
    booked = [agent.book(clinic, slot=slot).json()["appointmentId"] for slot in (0, 2)]
    paths = [f"/api/{version}/appointments/{identifier}/cancel" for identifier in booked]
    first = agent.post(paths[0], {"reason": "other"}, key="cancel")
    assert first.status_code == 200
    with changes(**REPLAYED):
        assert_replayed(agent.post(paths[0], {"reason": "other"}, key="cancel"), first)
        other = agent.post(paths[1], {"reason": "other"}, key="cancel")
    sentence = "This idempotency key was used with another request"
    assert_refused(other, status=422, code="idempotency_key_reused", sentence=sentence)
