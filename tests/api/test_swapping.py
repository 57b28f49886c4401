"""Two appointments change places, or nothing changes."""

from typing import Any

import pytest

from appointments.models import Appointment, Hold
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import practice_scope
from practices.models import Practitioner
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import changes
from tests.api.test_moving import booked, settle, statuses
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_slots, make_type

# What each leaves is on record, so that it can be undone.
SWAPPED = {
    "appointments_appointment": 0,
    "appointments_slot": 0,
    "appointments_hold": 2,
    "mybcat_event": 2,
    "mybcat_auditentry": 2,
}


@pytest.fixture
def pair(agent: Caller, clinic: Clinic) -> tuple[str, str]:
    """At 09:00 and at 10:00, half an hour each."""
    return booked(agent, clinic), booked(agent, clinic, slot=4)


def swap(caller: Caller, first: str, second: str, **headers: str) -> Any:
    return caller.post(f"/api/v2/appointments/{first}/swap", {"withAppointmentId": second}, **headers)


def start(caller: Caller, identifier: str) -> str:
    return str(caller.get(f"/api/v2/appointments/{identifier}").json()["start"])


def kinds(clinic: Clinic) -> list[str]:
    with practice_scope(clinic.practice.id):
        return list(Event.objects.order_by("id").values_list("type", flat=True))


def test_each_begins_where_the_other_began(agent: Caller, clinic: Clinic, pair: tuple[str, str]) -> None:
    before = [start(agent, each) for each in pair]
    with changes(**SWAPPED):
        answer = swap(agent, *pair)
    assert (answer.status_code, answer.json()["appointmentId"], answer.json()["start"]) == (200, pair[0], before[1])
    assert [start(agent, each) for each in pair] == before[::-1]
    assert statuses(clinic) == ["busy"] * 2 + ["free"] * 2 + ["busy"] * 2 + ["free"] * 2
    assert kinds(clinic)[2:] == ["appointment.moved"] * 2
    with practice_scope(clinic.practice.id):
        moved = Event.objects.filter(type="appointment.moved")
        assert {row.data["appointmentId"] for row in moved} == set(pair)
        assert AuditEntry.objects.filter(action="appointment.moved").count() == 2


def test_neighbours_of_unlike_length_swap_where_both_fit(agent: Caller, clinic: Clinic) -> None:
    """The longer one takes free time behind it; what the shorter one leaves is free."""
    short = make_type(practice=clinic.practice, duration_minutes=15)
    first, second = booked(agent, clinic), booked(agent, clinic, slot=4, type=short.code)
    assert swap(agent, first, second).status_code == 200
    assert statuses(clinic) == ["busy", "free", "free", "free", "busy", "busy", "free", "free"]


def test_those_that_would_overlap_each_other_stay(agent: Caller, clinic: Clinic) -> None:
    short = make_type(practice=clinic.practice, duration_minutes=15)
    first, second = booked(agent, clinic, type=short.code), booked(agent, clinic, slot=1)
    with changes():
        answer = swap(agent, first, second)
    assert (answer.status_code, answer.json()["code"]) == (409, "swap_collides")


def test_a_third_in_the_way_is_named_and_nothing_changes(agent: Caller, clinic: Clinic) -> None:
    short = make_type(practice=clinic.practice, duration_minutes=15)
    long, brief = booked(agent, clinic), booked(agent, clinic, slot=4, type=short.code)
    booked(agent, clinic, slot=5, type=short.code)
    with changes():
        answer = swap(agent, long, brief)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_enough_time")
    items = answer.json()["items"]
    assert [item["appointmentId"] for item in items] == [long, brief]
    assert [[blocker["code"] for blocker in item["blockers"]] for item in items] == [["not_in", "taken"], ["not_in"]]


def test_also_between_two_practitioners(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        lee = Practitioner.objects.create(name="Dr Lee")
    clinic.slots += make_slots(practitioner=lee, location=clinic.location, start=clinic.slots[0].starts_at, count=2)
    first, second = booked(agent, clinic, slot=2), booked(agent, clinic, slot=8)
    assert swap(agent, first, second).json()["practitionerId"] == public("pract", lee.id)
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.get(practitioner=clinic.practitioner).starts_at == clinic.slots[2].starts_at


def test_undone_for_one_it_is_undone_for_both(agent: Caller, clinic: Clinic, pair: tuple[str, str]) -> None:
    before = [start(agent, each) for each in pair]
    swap(agent, *pair)
    answer = agent.post(f"/api/v2/appointments/{pair[1]}/undo", None)
    assert (answer.status_code, answer.json()["start"]) == (200, before[1])
    assert [start(agent, each) for each in pair] == before
    with practice_scope(clinic.practice.id):
        assert not Hold.objects.exists()
    with changes():
        answer = agent.post(f"/api/v2/appointments/{pair[0]}/undo", None)
    assert answer.json()["code"] == "nothing_to_undo"


def test_what_the_longer_one_left_is_kept_for_whoever_swapped(agent: Caller, clinic: Clinic) -> None:
    short = make_type(practice=clinic.practice, duration_minutes=15)
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    first, second = booked(agent, clinic), booked(agent, clinic, slot=4, type=short.code)
    swap(agent, first, second)
    assert colleague.book(clinic, slot=1, type=short.code).status_code == 409
    assert agent.post(f"/api/v2/appointments/{first}/undo", None).status_code == 200
    assert statuses(clinic) == ["busy", "busy", "free", "free", "busy", "free", "free", "free"]


def test_who_gave_that_away_cannot_undo_it(agent: Caller, clinic: Clinic) -> None:
    short = make_type(practice=clinic.practice, duration_minutes=15)
    first, second = booked(agent, clinic), booked(agent, clinic, slot=4, type=short.code)
    swap(agent, first, second)
    booked(agent, clinic, slot=1, type=short.code)
    with changes():
        assert agent.post(f"/api/v2/appointments/{first}/undo", None).status_code == 409


def test_who_moved_one_of_them_since_undoes_the_move_alone(
    agent: Caller, clinic: Clinic, pair: tuple[str, str]
) -> None:
    swap(agent, *pair)
    swapped = start(agent, pair[0])
    agent.post(f"/api/v2/appointments/{pair[0]}/move", {"slotId": public("slot", clinic.slots[6].id)})
    with changes():
        assert agent.post(f"/api/v2/appointments/{pair[1]}/undo", None).json()["code"] == "nothing_to_undo"
    assert agent.post(f"/api/v2/appointments/{pair[0]}/undo", None).json()["start"] == swapped


def test_once_it_is_too_late_only_swapping_again_helps(agent: Caller, clinic: Clinic, pair: tuple[str, str]) -> None:
    before = start(agent, pair[0])
    swap(agent, *pair)
    settle(clinic)
    with changes():
        assert agent.post(f"/api/v2/appointments/{pair[0]}/undo", None).status_code == 409
    swap(agent, *pair)
    assert start(agent, pair[0]) == before


def test_what_is_not_booked_is_not_swapped(agent: Caller, clinic: Clinic, pair: tuple[str, str]) -> None:
    agent.post(f"/api/v1/appointments/{pair[1]}/cancel", {"reason": "patient_request"})
    with changes():
        answers = [swap(agent, *pair), swap(agent, *reversed(pair))]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [(409, "not_movable")] * 2


def test_not_with_itself_nor_with_what_is_not_there(agent: Caller, clinic: Clinic, pair: tuple[str, str]) -> None:
    with changes():
        assert_invalid(
            swap(agent, pair[0], pair[0]), withAppointmentId=["An appointment cannot change places with itself"]
        )
        assert_not_found(swap(agent, pair[0], public("appt", clinic.patient.id)))
        assert_not_found(swap(agent, public("appt", clinic.patient.id), pair[0]))


def test_not_with_another_practices(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    mine = booked(agent, clinic)
    theirs = booked(Caller(other_clinic.agent, other_clinic.practice), other_clinic)
    assert_forbidden(swap(agent, mine, theirs))
    with practice_scope(other_clinic.practice.id):
        assert Event.objects.filter(type="appointment.moved").count() == 0


def test_who_looked_at_an_older_state_changes_nothing(agent: Caller, clinic: Clinic, pair: tuple[str, str]) -> None:
    tag = agent.get(f"/api/v2/appointments/{pair[0]}")["ETag"]
    swap(agent, *pair)
    with changes():
        assert swap(agent, *pair, **{"If-Match": tag}).status_code == 412
