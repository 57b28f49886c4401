"""An agent books: what is answered, what is written, and what is refused."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appointments.models import Appointment, Slot
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practitioner
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found, assert_refused
from tests.api.rows import BOOKED, REFUSED, REMEMBERED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_slots, make_type

VERSIONS = ("v1", "v2")
both_versions = pytest.mark.parametrize("version", VERSIONS)


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def statuses(clinic: Clinic) -> list[str]:
    """Of the clinic's eight slots, in order of time."""
    with practice_scope(clinic.practice.id):
        return list(Slot.objects.order_by("starts_at").values_list("status", flat=True))


def test_v1_answers_with_the_members_promised(agent: Caller, clinic: Clinic) -> None:
    with changes(**BOOKED):
        answer = agent.book(clinic)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert re.fullmatch(r"appt_[0-9a-hjkmnp-tv-z]{26}", body.pop("appointmentId"))
    day = clinic.slots[0].starts_at.astimezone(clinic.zone).date().isoformat()
    assert body == {"status": "confirmed", "date": day, "time": "09:00", "type": "comprehensive_exam"}


def test_v2_answers_with_instants_and_the_words_of_fhir(agent: Caller, clinic: Clinic) -> None:
    with changes(**BOOKED):
        answer = agent.book(clinic, version="v2")
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert re.fullmatch(r"appt_[0-9a-hjkmnp-tv-z]{26}", body.pop("appointmentId"))
    assert body == {
        "patientId": public("pat", clinic.patient.id),
        "slotId": public("slot", clinic.slots[0].id),
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
        "status": "booked",
        "start": instant(clinic.slots[0].starts_at),
        "end": instant(clinic.slots[1].ends_at),
        "type": "comprehensive_exam",
        "overbooked": False,
        "groupId": None,
        "confirmedAt": None,
    }


@both_versions
def test_location_leads_to_the_appointment(agent: Caller, clinic: Clinic, version: str) -> None:
    answer = agent.book(clinic, version=version)
    identifier = answer.json()["appointmentId"]
    assert answer.headers["Location"] == f"/api/{version}/appointments/{identifier}"
    found = agent.get(answer.headers["Location"])
    assert (found.status_code, found.json()["appointmentId"]) == (200, identifier)


def test_the_rows_of_a_booking_say_who_what_and_when(agent: Caller, clinic: Clinic) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(moment, tick=False):
        answer = agent.post(
            "/api/v1/appointments",
            {
                "patientId": public("pat", clinic.patient.id),
                "slotId": public("slot", clinic.slots[0].id),
                "type": "comprehensive_exam",
            },
            key="one-booking",
            **{"X-Correlation-Id": "call-4711.a"},
        )
    identifier = answer.json()["appointmentId"]
    with practice_scope(clinic.practice.id):
        appointment, event = Appointment.objects.get(), Event.objects.get()
        entry = AuditEntry.objects.get(action="appointment.booked")
        taken = set(Slot.objects.filter(appointment_id=appointment.id).values_list("id", flat=True))
    assert public("appt", appointment.id) == identifier
    assert (appointment.booked_by, appointment.booked_at, appointment.status) == (clinic.agent.id, moment, "booked")
    assert taken == {clinic.slots[0].id, clinic.slots[1].id}
    assert (event.type, event.subject_id, event.occurred_at) == ("appointment.booked", appointment.id, moment)
    assert (event.principal_kind, event.principal_id, event.correlation_id) == (
        "member",
        clinic.agent.id,
        "call-4711.a",
    )
    assert event.data == {
        "appointmentId": identifier,
        "patientId": public("pat", clinic.patient.id),
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
        "slotId": public("slot", clinic.slots[0].id),
    }
    assert (entry.at, entry.principal_id, entry.object_kind, entry.object_ids, entry.outcome) == (
        moment,
        clinic.agent.id,
        "pat",
        [str(clinic.patient.id)],
        "success",
    )
    assert (entry.address, entry.correlation_id) == ("127.0.0.1", "call-4711.a")


@both_versions
def test_a_taken_slot_is_refused(agent: Caller, clinic: Clinic, version: str) -> None:
    assert agent.book(clinic).status_code == 201
    with changes(**REMEMBERED):
        answer = agent.book(clinic, version=version)
    assert_refused(answer, status=409, code="slot_taken", sentence="Slot is no longer available")


def test_a_blocked_slot_is_refused(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Slot.objects.filter(id=clinic.slots[0].id).update(status="busy-unavailable")
    with changes(**REMEMBERED):
        answer = agent.book(clinic)
    assert_refused(answer, status=409, code="slot_taken", sentence="Slot is no longer available")


@both_versions
def test_a_slot_that_begins_now_is_past(agent: Caller, clinic: Clinic, version: str) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=soon, count=2)
    with time_machine.travel(soon, tick=False), changes(**REMEMBERED):
        answer = agent.book(clinic, version=version)
    assert_refused(answer, status=409, code="slot_in_past", sentence="Slot is in the past")


def test_a_slot_is_bookable_to_the_last_moment(agent: Caller, clinic: Clinic) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=soon, count=2)
    with time_machine.travel(soon - timedelta(milliseconds=1), tick=False), changes(**BOOKED):
        answer = agent.book(clinic)
    assert answer.status_code == 201


@both_versions
def test_an_unknown_type_is_named(agent: Caller, clinic: Clinic, version: str) -> None:
    with changes():
        for code in ("dentistry", "comprehensive_exam ' OR 1=1", "x" * 60, "COMPREHENSIVE_EXAM"):
            answer = agent.book(clinic, version=version, type=code)
            assert_invalid(answer, type=["No such type of appointment"])


def test_an_inactive_type_is_as_unknown(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        AppointmentType.objects.update(is_active=False)
    with changes():
        answer = agent.book(clinic)
    assert_invalid(answer, type=["No such type of appointment"])


def test_a_type_of_another_practice_is_as_unknown(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    make_type(practice=other_clinic.practice, code="lasik")
    with changes():
        answer = agent.book(clinic, type="lasik")
    assert_invalid(answer, type=["No such type of appointment"])


@both_versions
def test_an_inactive_practitioner_takes_nobody(agent: Caller, clinic: Clinic, version: str) -> None:
    with practice_scope(clinic.practice.id):
        Practitioner.objects.update(is_active=False)
    with changes(**REMEMBERED):
        answer = agent.book(clinic, version=version)
    sentence = "The practitioner does not see patients any more"
    assert_refused(answer, status=409, code="practitioner_inactive", sentence=sentence)


@both_versions
def test_at_an_inactive_location_nobody_is_seen(agent: Caller, clinic: Clinic, version: str) -> None:
    with practice_scope(clinic.practice.id):
        Location.objects.update(is_active=False)
    with changes(**REMEMBERED):
        answer = agent.book(clinic, version=version)
    sentence = "Patients are not seen at this location any more"
    assert_refused(answer, status=409, code="location_inactive", sentence=sentence)


@both_versions
@pytest.mark.parametrize("member", ["patientId", "slotId"])
def test_an_id_that_nobody_has_is_not_found(agent: Caller, clinic: Clinic, version: str, member: str) -> None:
    unknown = public({"patientId": "pat", "slotId": "slot"}[member], new_uuid())
    with changes():
        answer = agent.book(clinic, version=version, **{member: unknown})
    assert_not_found(answer)


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTICE_MANAGER])
def test_agents_and_managers_may_book(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    with changes(**BOOKED):
        answer = caller.book(clinic)
    assert answer.status_code == 201


@both_versions
def test_practitioners_may_not_book(clinician: Caller, clinic: Clinic, version: str) -> None:
    with changes(**REFUSED):
        answer = clinician.book(clinic, version=version)
    assert_forbidden(answer)


@both_versions
def test_an_unknown_member_is_named(agent: Caller, clinic: Clinic, version: str) -> None:
    with changes():
        answer = agent.book(clinic, version=version, notes="sees halos", patientID="x")
    assert_invalid(answer, notes=["Unknown member"], patientID=["Unknown member"])


@both_versions
@pytest.mark.parametrize("member", ["patientId", "slotId", "type"])
def test_each_member_is_required(agent: Caller, clinic: Clinic, version: str, member: str) -> None:
    body = {
        "patientId": public("pat", clinic.patient.id),
        "slotId": public("slot", clinic.slots[0].id),
        "type": "comprehensive_exam",
    }
    del body[member]
    with changes():
        answer = agent.post(f"/api/{version}/appointments", body, key=str(uuid.uuid4()))
    assert_invalid(answer, **{member: ["This field is required."]})


@pytest.mark.parametrize("member", ["patientId", "slotId", "type"])
def test_each_member_is_a_string(agent: Caller, clinic: Clinic, member: str) -> None:
    with changes():
        for value in (7, 7.5, True, ["x"], {"id": "x"}):
            answer = agent.book(clinic, **{member: value})
            assert_invalid(answer, **{member: ["Not a valid string." if member == "type" else "An id is a string"]})
        assert_invalid(agent.book(clinic, **{member: None}), **{member: ["This field may not be null."]})


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("", "This field may not be blank."), ("x" * 61, "Ensure this field has no more than 60 characters.")],
    ids=["blank", "61 characters"],
)
def test_a_type_has_1_to_60_characters(agent: Caller, clinic: Clinic, code: str, sentence: str) -> None:
    with changes():
        answer = agent.book(clinic, type=code)
    assert_invalid(answer, type=[sentence])


def test_a_refused_booking_leaves_the_slots_as_they_were(agent: Caller, clinic: Clinic) -> None:
    assert agent.book(clinic, slot=2).status_code == 201
    assert agent.book(clinic, slot=1).status_code == 409
    assert statuses(clinic) == ["free", "free", "busy", "busy", "free", "free", "free", "free"]
