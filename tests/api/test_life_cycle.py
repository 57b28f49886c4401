"""What becomes of an appointment: only what may follow follows, each change is told by its own name."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from appointments.life_cycle import EVENTS, NEXT
from appointments.models import Appointment
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import changes
from tests.api.test_moving import statuses
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient

STATES = list(Appointment.Status.values)
CHANGED = {"appointments_appointment": 0, "mybcat_event": 1, "mybcat_auditentry": 1}
# For as long as it can be undone.
LEFT = {"appointments_slot": 0, "appointments_hold": 1}
KEPT = {"appointments_heldtime": 1}


@contextmanager
def during_the_visit(clinic: Clinic) -> Iterator[Caller]:
    """The agent, five minutes into the first slot."""
    with time_machine.travel(clinic.slots[0].starts_at + timedelta(minutes=5), tick=True):
        yield Caller(clinic.agent, clinic.practice)


def booked(agent: Caller, clinic: Clinic) -> str:
    return str(agent.book(clinic).json()["appointmentId"])


def become(caller: Caller, identifier: str, status: Any, **headers: str) -> Any:
    return caller.post(f"/api/v2/appointments/{identifier}/status", {"status": status}, **headers)


def put(clinic: Clinic, status: str) -> None:
    """The clinic's one appointment is that."""
    cancelled = {"cancelled_at": datetime(2026, 1, 1, tzinfo=clinic.zone), "cancelled_by": clinic.agent.id}
    fields = {**cancelled, "cancellation_reason": "other"} if status == "cancelled" else {}
    with practice_scope(clinic.practice.id):
        Appointment.objects.update(status=status, **fields)


@pytest.mark.parametrize(("before", "after"), [(before, after) for before in STATES for after in sorted(NEXT[before])])
def test_what_may_follow_follows_and_is_told_by_its_name(
    agent: Caller, clinic: Clinic, before: str, after: str
) -> None:
    identifier = booked(agent, clinic)
    put(clinic, before)
    left = LEFT if after == "entered-in-error" else {}
    kept = KEPT if left and before != "noshow" else {}
    with during_the_visit(clinic) as there, changes(**CHANGED, **left, **kept):
        answer = become(there, identifier, after)
    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == after
    with practice_scope(clinic.practice.id):
        event = Event.objects.exclude(type="appointment.booked").get()
        entry = AuditEntry.objects.exclude(action__in=["appointment.booked", "appointment.read"]).latest("at")
    assert event.type == EVENTS[after]
    assert event.data["appointmentId"] == identifier
    assert (entry.action, entry.object_ids) == (event.type, [str(clinic.patient.id)])


@pytest.mark.parametrize(
    ("before", "after"), [(before, after) for before in STATES for after in EVENTS if after not in NEXT[before]]
)
def test_nothing_else_follows_and_the_refusal_says_what_can(
    agent: Caller, clinic: Clinic, before: str, after: str
) -> None:
    identifier = booked(agent, clinic)
    put(clinic, before)
    with during_the_visit(clinic) as there, changes():
        answer = become(there, identifier, after)
    assert (answer.status_code, answer.json()["code"]) == (409, "transition_refused")
    assert (answer.json()["current"], answer.json()["allowed"]) == (before, sorted(NEXT[before]))


def test_nobody_arrives_on_an_earlier_day_nor_is_missed_before_the_time(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    start = clinic.slots[0].starts_at.astimezone(clinic.zone)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    for moment, status, expected in (
        (midnight - timedelta(minutes=1), "arrived", 409),
        (start - timedelta(minutes=1), "noshow", 409),
        (start + timedelta(minutes=1), "noshow", 200),
        (start + timedelta(minutes=20), "booked", 200),
        (midnight + timedelta(minutes=1), "arrived", 200),
    ):
        with time_machine.travel(moment, tick=True):
            answer = become(Caller(clinic.agent, clinic.practice), identifier, status)
        assert answer.status_code == expected, (status, answer.content)
        if expected == 409:
            assert answer.json()["code"] == "too_early"


@pytest.mark.parametrize(("zone", "expected"), [("America/New_York", 200), ("Etc/GMT+12", 409)])
def test_the_day_is_the_one_on_the_wall_of_the_location(
    agent: Caller, clinic: Clinic, zone: str, expected: int
) -> None:
    """Four hours before the appointment it is still the day before, where the date line runs."""
    identifier = booked(agent, clinic)
    with practice_scope(clinic.practice.id):
        type(clinic.location).objects.update(time_zone=zone)
    with time_machine.travel(clinic.slots[0].starts_at - timedelta(hours=4), tick=True):
        assert become(Caller(clinic.agent, clinic.practice), identifier, "arrived").status_code == expected


def test_what_was_entered_in_error_gives_its_time_back(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    assert become(agent, identifier, "entered-in-error").status_code == 200
    assert statuses(clinic) == ["free"] * 8
    assert agent.book(clinic).status_code == 201
    assert agent.get(f"/api/v1/appointments/{identifier}").json()["status"] == "cancelled"


def test_who_was_missed_cannot_come_back_to_a_time_that_is_anothers(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    put(clinic, "noshow")
    patient = make_patient(practice=clinic.practice)
    with practice_scope(clinic.practice.id):
        first = Appointment.objects.get()
        Appointment.objects.create(
            **{
                name: getattr(first, name)
                for name in (
                    *("practitioner", "location", "appointment_type", "slot", "starts_at", "ends_at"),
                    *("occupied_from", "occupied_until", "booked_by", "booked_at"),
                )
            },
            patient=patient,
        )
    with during_the_visit(clinic) as there, changes():
        answer = become(there, identifier, "arrived")
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")


def test_who_was_missed_may_come_late_while_the_time_is_nobody_elses(agent: Caller, clinic: Clinic) -> None:
    """The control of the test above."""
    identifier = booked(agent, clinic)
    put(clinic, "noshow")
    with during_the_visit(clinic) as there:
        assert become(there, identifier, "arrived").status_code == 200


def test_who_has_seen_an_older_state_is_told_so(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    with during_the_visit(clinic) as there:
        seen = there.get(f"/api/v2/appointments/{identifier}").headers["ETag"]
        arrived = become(there, identifier, "arrived", **{"If-Match": seen})
        assert arrived.status_code == 200
        with changes():
            stale = become(there, identifier, "fulfilled", **{"If-Match": seen})
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
        assert become(there, identifier, "fulfilled", **{"If-Match": arrived.headers["ETag"]}).status_code == 200


def test_a_cancellation_minds_the_tag_too(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    address = f"/api/v2/appointments/{identifier}/cancel"
    with changes():
        stale = agent.post(address, {"reason": "other"}, **{"If-Match": '"older"'})
    assert stale.status_code == 412
    seen = agent.get(f"/api/v2/appointments/{identifier}").headers["ETag"]
    assert agent.post(address, {"reason": "other"}, **{"If-Match": seen}).status_code == 200


@pytest.mark.parametrize("status", ["cancelled", "proposed", "Quillfeather", "", None, 7, []])
def test_other_words_are_invalid_and_not_repeated(agent: Caller, clinic: Clinic, status: Any) -> None:
    identifier = booked(agent, clinic)
    with changes():
        answer = become(agent, identifier, status)
    assert answer.status_code == 400
    assert "Quillfeather" not in answer.content.decode()
    if status == "cancelled":
        assert_invalid(answer, status=["No such status"])


def test_unknown_and_foreign_ids(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    there = Caller(other_clinic.agent, other_clinic.practice)
    foreign = booked(there, other_clinic)
    assert_not_found(become(agent, public("appt", new_uuid()), "entered-in-error"))
    assert_forbidden(become(agent, foreign, "entered-in-error"))
    assert there.get(f"/api/v2/appointments/{foreign}").json()["status"] == "booked"
