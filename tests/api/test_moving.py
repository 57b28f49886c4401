"""An appointment is moved: its old time given back and the new one taken, or nothing."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from appointments.expiring import Expiring
from appointments.models import Appointment, Hold, Slot
from appointments.schedules import replace_hours
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Location, Practitioner, WorkingHours
from tests.api.refusals import assert_forbidden, assert_not_found, assert_refused
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_slots, make_type

# What is left is held, so that it can be undone.
MOVED = {
    "appointments_appointment": 0,
    "appointments_slot": 0,
    "appointments_hold": 1,
    "appointments_heldtime": 1,
    "mybcat_event": 1,
    "mybcat_auditentry": 1,
}


def booked(agent: Caller, clinic: Clinic, *, slot: int = 0, **body: Any) -> str:
    answer = agent.book(clinic, slot=slot, **body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["appointmentId"])


def settle(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Hold.objects.update(expires_at=datetime.now(UTC) - timedelta(milliseconds=1))
    Expiring()(now=datetime.now(UTC))


def move(caller: Caller, identifier: str, slot: Slot | str, *, key: str | None = None, **headers: str) -> Any:
    wanted = slot if isinstance(slot, str) else public("slot", slot.id)
    return caller.post(f"/api/v2/appointments/{identifier}/move", {"slotId": wanted}, key=key, **headers)


def statuses(clinic: Clinic) -> list[str]:
    """Once nothing can be undone any more."""
    settle(clinic)
    with practice_scope(clinic.practice.id):
        rows = Slot.objects.filter(practitioner=clinic.practitioner).order_by("starts_at")
        return list(rows.values_list("status", flat=True))


def test_the_appointment_is_the_same_one_at_the_new_time(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    before = agent.get(f"/api/v2/appointments/{identifier}").json()
    with changes(**MOVED):
        answer = move(agent, identifier, clinic.slots[4])
    assert answer.status_code == 200, answer.content
    starts_at = clinic.slots[4].starts_at
    assert answer.json() == {
        **before,
        "slotId": public("slot", clinic.slots[4].id),
        "start": starts_at.isoformat(),
        "end": (starts_at + timedelta(minutes=30)).isoformat(),
    }
    assert agent.get(f"/api/v2/appointments/{identifier}").json() == answer.json()
    assert statuses(clinic) == ["free"] * 4 + ["busy"] * 2 + ["free"] * 2


def test_one_event_and_one_audit_row_tell_of_it(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    move(agent, identifier, clinic.slots[4])
    with practice_scope(clinic.practice.id):
        event = Event.objects.exclude(type="appointment.booked").get()
        entry = AuditEntry.objects.get(action="appointment.moved")
    assert event.type == "appointment.moved"
    assert event.data == {
        "appointmentId": identifier,
        "patientId": public("pat", clinic.patient.id),
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
        "slotId": public("slot", clinic.slots[4].id),
        "previousSlotId": public("slot", clinic.slots[0].id),
        "previousPractitionerId": public("pract", clinic.practitioner.id),
    }
    assert (entry.principal_id, entry.object_ids, entry.outcome) == (
        clinic.agent.id,
        [str(clinic.patient.id)],
        "success",
    )


def test_to_another_practitioner_at_another_place(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        other = Practitioner.objects.create(name="Dr Marcus Grant")
        place = Location.objects.create(name="Uptown", time_zone="America/New_York")
    slots = make_slots(practitioner=other, location=place, start=clinic.slots[0].starts_at, count=4)
    identifier = booked(agent, clinic)
    answer = move(agent, identifier, slots[1])
    assert answer.status_code == 200, answer.content
    assert (answer.json()["practitionerId"], answer.json()["locationId"]) == (
        public("pract", other.id),
        public("loc", place.id),
    )
    assert set(statuses(clinic)) == {"free"}
    assert agent.book(clinic).status_code == 201


def test_by_less_than_its_length_its_own_time_is_no_obstacle(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    assert move(agent, identifier, clinic.slots[1]).status_code == 200
    assert statuses(clinic) == ["free", "busy", "busy", *["free"] * 5]
    assert move(agent, identifier, clinic.slots[0]).status_code == 200
    assert statuses(clinic) == ["busy", "busy", *["free"] * 6]


def test_to_where_it_is_changes_and_tells_nothing(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    before = agent.get(f"/api/v2/appointments/{identifier}").json()
    with changes():
        answer = move(agent, identifier, clinic.slots[0])
    assert (answer.status_code, answer.json()) == (200, before)
    assert statuses(clinic) == ["busy", "busy", *["free"] * 6]


def test_moved_by_two_clicks_it_can_still_be_undone(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    for _ in range(2):
        assert move(agent, identifier, clinic.slots[4]).status_code == 200
    undone = agent.post(f"/api/v2/appointments/{identifier}/undo", None)
    assert (undone.status_code, undone.json()["slotId"]) == (200, public("slot", clinic.slots[0].id))


def test_to_where_it_is_but_its_type_takes_longer_by_now(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    with practice_scope(clinic.practice.id):
        type(clinic.exam).objects.update(duration_minutes=45)
    assert move(agent, identifier, clinic.slots[0]).status_code == 200
    assert statuses(clinic) == ["busy"] * 3 + ["free"] * 5


def test_buffers_move_with_it(agent: Caller, clinic: Clinic) -> None:
    kind = make_type(practice=clinic.practice, duration_minutes=15, buffer_before_minutes=15, buffer_after_minutes=15)
    identifier = booked(agent, clinic, slot=1, type=kind.code)
    assert move(agent, identifier, clinic.slots[5]).status_code == 200
    assert statuses(clinic) == ["free"] * 4 + ["busy"] * 3 + ["free"]


def test_a_taken_time_is_refused_with_all_that_stands_against_it(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    booked(agent, clinic, slot=4)
    with changes():
        answer = move(agent, identifier, clinic.slots[4])
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert "taken" in [blocker["code"] for blocker in answer.json()["blockers"]]
    offered = [slot["id"] for slot in answer.json()["nearest"]]
    assert public("slot", clinic.slots[4].id) not in offered
    assert move(agent, identifier, offered[0]).status_code == 200


def test_too_little_time_is_refused_and_its_own_time_is_not_blamed(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic, slot=3)
    booked(agent, clinic, slot=6)
    with changes():
        answer = move(agent, identifier, clinic.slots[5])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_enough_time")
    taken = [blocker for blocker in answer.json()["blockers"] if blocker["code"] == "taken"]
    assert [blocker["start"] for blocker in taken] == [clinic.slots[6].starts_at.isoformat()]


def test_a_time_in_the_past_is_refused(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic, slot=4)
    with practice_scope(clinic.practice.id):
        past = datetime.now(UTC) - timedelta(hours=2)
        Slot.objects.filter(id=clinic.slots[0].id).update(starts_at=past, ends_at=past + timedelta(minutes=15))
    with changes():
        answer = move(agent, identifier, clinic.slots[0])
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_in_past")


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "noshow"])
def test_what_has_begun_or_passed_is_not_moved(agent: Caller, clinic: Clinic, status: str) -> None:
    identifier = booked(agent, clinic)
    with practice_scope(clinic.practice.id):
        Appointment.objects.update(status=status)
    with changes():
        answer = move(agent, identifier, clinic.slots[4])
    assert_refused(
        answer, status=409, code="not_movable", sentence="Only an appointment that is still booked can be moved"
    )


def test_a_cancelled_one_is_not_moved(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    agent.post(f"/api/v2/appointments/{identifier}/cancel", {"reason": "other"})
    with changes():
        assert move(agent, identifier, clinic.slots[4]).status_code == 409


@pytest.mark.parametrize(
    ("model", "fields", "code"),
    [
        (Practitioner, {}, "practitioner_inactive"),
        (Location, {"time_zone": "America/New_York"}, "location_inactive"),
    ],
)
def test_nobody_is_moved_to_who_or_what_is_closed(
    agent: Caller, clinic: Clinic, model: Any, fields: dict[str, str], code: str
) -> None:
    with practice_scope(clinic.practice.id):
        closed = model.objects.create(name="Closed", is_active=False, **fields)
    people = {"practitioner": clinic.practitioner, "location": clinic.location, model.__name__.lower(): closed}
    slots = make_slots(start=clinic.slots[0].starts_at + timedelta(days=1), count=2, **people)
    identifier = booked(agent, clinic)
    with changes():
        answer = move(agent, identifier, slots[0])
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_a_lapsed_practice_moves_nothing(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    with practice_scope(clinic.practice.id):
        type(clinic.practice).objects.update(entitled_until=datetime.now(UTC) - timedelta(minutes=1))
    manager = Caller(clinic.agent, clinic.practice)
    with changes():
        assert move(manager, identifier, clinic.slots[4]).status_code == 402


def test_unknown_and_foreign_ids(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    there = Caller(other_clinic.agent, other_clinic.practice)
    foreign = booked(there, other_clinic)
    assert_not_found(move(agent, public("appt", new_uuid()), clinic.slots[4]))
    assert_not_found(move(agent, identifier, public("slot", new_uuid())))
    assert_forbidden(move(agent, foreign, clinic.slots[4]))
    assert_forbidden(move(agent, identifier, other_clinic.slots[4]))
    assert statuses(clinic) == ["busy", "busy", *["free"] * 6]


@pytest.mark.parametrize("body", [{}, {"slotId": None}, {"slotId": 7}, {"slotId": "slot_x"}, {"slotId": [], "x": 1}])
def test_bodies_that_name_no_slot(agent: Caller, clinic: Clinic, body: Any) -> None:
    identifier = booked(agent, clinic)
    with changes():
        answer = agent.post(f"/api/v2/appointments/{identifier}/move", body)
    assert answer.status_code in (400, 404), answer.content


def test_v1_knows_no_moves(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    answer = agent.post(f"/api/v1/appointments/{identifier}/move", {"slotId": public("slot", clinic.slots[4].id)})
    assert answer.status_code == 404


def test_the_same_key_moves_once(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    first = move(agent, identifier, clinic.slots[4], key="once")
    with changes(mybcat_auditentry=1):
        again = move(agent, identifier, clinic.slots[4], key="once")
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"


def test_who_has_seen_an_older_state_is_told_so(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    seen = agent.get(f"/api/v2/appointments/{identifier}").headers["ETag"]
    moved = move(agent, identifier, clinic.slots[2], **{"If-Match": seen})
    assert moved.status_code == 200
    with changes():
        stale = move(agent, identifier, clinic.slots[4], **{"If-Match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert moved.headers["ETag"] == agent.get(f"/api/v2/appointments/{identifier}").headers["ETag"] != seen
    assert move(agent, identifier, clinic.slots[4], **{"If-Match": moved.headers["ETag"]}).status_code == 200


def test_the_time_left_behind_is_closed_where_hours_no_longer_hold_it(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    day = clinic.slots[0].starts_at.astimezone(clinic.zone)
    # From the second slot on.
    starts = clinic.slots[1].starts_at.astimezone(clinic.zone).time()
    hours = [
        WorkingHours(
            weekday=day.weekday(), location=clinic.location, starts=starts, ends=time(23), valid_from=day.date()
        )
    ]
    with practice_scope(clinic.practice.id):
        replace_hours(practitioner=clinic.practitioner, hours=hours, by=clinic.principal, now=datetime.now(UTC))
    assert move(agent, identifier, clinic.slots[4]).status_code == 200
    settle(clinic)
    with practice_scope(clinic.practice.id):
        early, wanted = (Slot.objects.get(id=slot.id) for slot in clinic.slots[:2])
    assert (early.status, early.appointment_id) == ("busy-unavailable", None)
    assert (wanted.status, wanted.appointment_id) == ("free", None)


def test_a_practitioner_who_only_reads_moves_nothing(clinic: Clinic, agent: Caller) -> None:
    reader = Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)
    identifier = booked(agent, clinic)
    assert move(reader, identifier, clinic.slots[4]).status_code == 403
    assert statuses(clinic)[:2] == ["busy", "busy"]
