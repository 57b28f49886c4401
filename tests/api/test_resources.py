"""Rooms and equipment: one appointment at a time has each; whoever needs one of a kind gets a free one, or nothing."""

from typing import Any
from uuid import uuid4

import pytest

from appointments.models import ResourceUse
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Practitioner
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import BOOKED, REFUSED, changes
from tests.api.test_moving import settle
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_slots

# Beside what any refusal of a booking leaves.
REMEMBERED = {"mybcat_idempotencykey": 1}


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def room(manager: Caller, clinic: Clinic) -> str:
    """One room that exams need, and a second practitioner at the same times: slots from number 8 on."""
    made = add(manager, clinic).json()["id"]
    answer = needs(manager, clinic, "exam_room")
    assert answer.json() == {"code": clinic.exam.code, "categories": ["exam_room"]}
    with practice_scope(clinic.practice.id):
        lee = Practitioner.objects.create(name="Dr Lee")
    clinic.slots += make_slots(practitioner=lee, location=clinic.location, start=clinic.slots[0].starts_at, count=8)
    return str(made)


def add(caller: Caller, clinic: Clinic, **fields: Any) -> Any:
    wanted = {
        "locationId": public("loc", clinic.location.id),
        "kind": "room",
        "category": "exam_room",
        "name": "Room 1",
        **fields,
    }
    return caller.post("/api/v2/resources", wanted)


def needs(caller: Caller, clinic: Clinic, *categories: str) -> Any:
    path = f"/api/v2/appointment-types/{clinic.exam.code}/resources"
    return caller.http.put(
        path, {"categories": list(categories)}, content_type="application/json", headers=caller.headers
    )


def uses(clinic: Clinic) -> int:
    with practice_scope(clinic.practice.id):
        return ResourceUse.objects.filter(hold=None).count()


def act(caller: Caller, identifier: str, what: str, body: Any = None) -> Any:
    return caller.post(f"/api/v2/appointments/{identifier}/{what}", body)


def book(caller: Caller, clinic: Clinic, slot: int) -> str:
    answer = caller.book(clinic, slot=slot, version="v2")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["appointmentId"])


@pytest.mark.usefixtures("room")
class TestBooking:
    def test_whoever_is_booked_has_the_room(self, agent: Caller, clinic: Clinic) -> None:
        with changes(**BOOKED, appointments_resourceuse=1):
            book(agent, clinic, 0)

    def test_with_a_colleague_at_the_same_time_there_is_none_left(self, agent: Caller, clinic: Clinic) -> None:
        book(agent, clinic, 0)
        with changes(**REMEMBERED):
            answer = agent.book(clinic, slot=8, version="v2")
        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, "no_resource")
        assert [each["code"] for each in told["blockers"]] == ["not_in", "resource"]
        assert told["blockers"][1]["sentence"].startswith("No exam room is free 09:00 to 09:30")
        assert told["blockers"][1]["values"] == {"resource": "exam room"}
        assert public("slot", clinic.slots[10].id) in [each["id"] for each in told["nearest"]]
        assert book(agent, clinic, 10)

    def test_a_second_room_serves_the_second(self, agent: Caller, manager: Caller, clinic: Clinic) -> None:
        add(manager, clinic, name="Room 2")
        assert book(agent, clinic, 0) and book(agent, clinic, 8)
        with practice_scope(clinic.practice.id):
            assert ResourceUse.objects.values("resource_id").distinct().count() == 2

    def test_where_nothing_is_free_nothing_is_offered(self, agent: Caller, clinic: Clinic) -> None:
        book(agent, clinic, 0)
        offers = agent.get("/api/v2/slots/next", type=clinic.exam.code, count=50).json()["data"]
        starts = {each["start"] for each in offers}
        assert clinic.slots[0].starts_at.isoformat() not in starts
        assert clinic.slots[1].starts_at.isoformat() not in starts
        assert clinic.slots[2].starts_at.isoformat() in starts

    def test_what_is_out_of_use_is_nobodys(self, agent: Caller, manager: Caller, clinic: Clinic, room: str) -> None:
        assert manager.patch(f"/api/v2/resources/{room}", {"active": False}).json()["active"] is False
        assert agent.book(clinic, slot=0, version="v2").json()["code"] == "no_resource"
        needs(manager, clinic)
        assert book(agent, clinic, 0)
        assert uses(clinic) == 0


@pytest.mark.usefixtures("room")
class TestHolds:
    def hold(self, caller: Caller, clinic: Clinic, *slots: int) -> Any:
        ids = [public("slot", clinic.slots[slot].id) for slot in slots]
        return caller.post("/api/v2/holds", {"slotIds": ids, "type": clinic.exam.code})

    def test_the_room_is_held_with_the_time_and_its_holder_books_it(
        self, agent: Caller, manager: Caller, clinic: Clinic
    ) -> None:
        assert self.hold(agent, clinic, 0).status_code == 201
        assert manager.book(clinic, slot=8, version="v2").json()["code"] == "no_resource"
        book(agent, clinic, 0)
        with practice_scope(clinic.practice.id):
            assert ResourceUse.objects.filter(hold=None).count() == ResourceUse.objects.count() == 1

    def test_times_of_one_hold_share_it(self, agent: Caller, clinic: Clinic) -> None:
        assert len(self.hold(agent, clinic, 0, 8).json()["times"]) == 2

    def test_a_time_without_a_room_is_refused_alone(self, agent: Caller, manager: Caller, clinic: Clinic) -> None:
        book(manager, clinic, 0)
        answer = self.hold(agent, clinic, 8, 10).json()
        assert [each["slotId"] for each in answer["times"]] == [public("slot", clinic.slots[10].id)]
        assert [each["code"] for each in answer["refused"]] == ["no_resource"]

    def test_released_or_run_out_it_is_free(self, agent: Caller, manager: Caller, clinic: Clinic) -> None:
        held = self.hold(agent, clinic, 0).json()["holdId"]
        agent.delete(f"/api/v2/holds/{held}")
        self.hold(agent, clinic, 0)
        settle(clinic)
        with practice_scope(clinic.practice.id):
            assert not ResourceUse.objects.exists()
        book(manager, clinic, 8)


@pytest.mark.usefixtures("room")
class TestChanges:
    def test_cancelled_it_is_kept_for_an_undo_and_then_free(
        self, agent: Caller, manager: Caller, clinic: Clinic
    ) -> None:
        identifier = book(agent, clinic, 0)
        act(agent, identifier, "cancel", {"reason": "patient_request"})
        assert manager.book(clinic, slot=8, version="v2").json()["code"] == "no_resource"
        assert act(agent, identifier, "undo").status_code == 200
        assert uses(clinic) == 1
        act(agent, identifier, "cancel", {"reason": "patient_request"})
        settle(clinic)
        book(manager, clinic, 8)

    def test_who_cancelled_has_it_for_another_patient_at_once_and_gives_the_undo_away(
        self, agent: Caller, clinic: Clinic
    ) -> None:
        identifier = book(agent, clinic, 0)
        act(agent, identifier, "cancel", {"reason": "patient_request"})
        # With a colleague, so that the time itself stays where it was.
        book(agent, clinic, 8)
        assert uses(clinic) == 1
        with changes():
            assert act(agent, identifier, "undo").json()["code"] == "nothing_to_undo"
        settle(clinic)
        with practice_scope(clinic.practice.id):
            assert ResourceUse.objects.count() == 1

    def test_where_there_is_a_choice_the_undo_is_not_given_away(
        self, agent: Caller, manager: Caller, clinic: Clinic
    ) -> None:
        add(manager, clinic, name="Room 2")
        identifier = book(agent, clinic, 0)
        act(agent, identifier, "cancel", {"reason": "patient_request"})
        book(agent, clinic, 8)
        assert act(agent, identifier, "undo").status_code == 200
        assert uses(clinic) == 2

    def test_by_v1_it_is_free_at_once(self, agent: Caller, clinic: Clinic) -> None:
        identifier = book(agent, clinic, 0)
        agent.post(f"/api/v1/appointments/{identifier}/cancel", {"reason": "patient_request"})
        book(agent, clinic, 8)

    def test_moved_it_goes_along_and_an_undo_brings_it_back(
        self, agent: Caller, manager: Caller, clinic: Clinic
    ) -> None:
        identifier = book(agent, clinic, 0)
        assert act(agent, identifier, "move", {"slotId": public("slot", clinic.slots[1].id)}).status_code == 200
        assert manager.book(clinic, slot=8, version="v2").json()["code"] == "no_resource"
        assert act(agent, identifier, "undo").status_code == 200
        settle(clinic)
        with practice_scope(clinic.practice.id):
            [use] = ResourceUse.objects.all()
        assert use.occupied_from == clinic.slots[0].starts_at

    def test_a_move_to_where_there_is_none_changes_nothing(self, agent: Caller, clinic: Clinic) -> None:
        book(agent, clinic, 0)
        identifier = book(agent, clinic, 10)
        with changes():
            answer = act(agent, identifier, "move", {"slotId": public("slot", clinic.slots[8].id)})
        assert (answer.status_code, answer.json()["code"]) == (409, "no_resource")

    def test_swapped_each_has_one(self, agent: Caller, clinic: Clinic) -> None:
        first, second = book(agent, clinic, 0), book(agent, clinic, 10)
        assert act(agent, first, "swap", {"withAppointmentId": second}).status_code == 200
        assert act(agent, second, "undo").status_code == 200
        assert uses(clinic) == 2

    def test_entered_in_error_it_is_theirs_who_did_so_and_comes_back(
        self, agent: Caller, manager: Caller, clinic: Clinic
    ) -> None:
        identifier = book(agent, clinic, 0)
        act(agent, identifier, "status", {"status": "entered-in-error"})
        assert manager.book(clinic, slot=8, version="v2").json()["code"] == "no_resource"
        assert act(agent, identifier, "undo").status_code == 200
        assert uses(clinic) == 1
        act(agent, identifier, "status", {"status": "entered-in-error"})
        book(agent, clinic, 8)


class TestManaging:
    def test_added_listed_and_renamed(self, manager: Caller, clinic: Clinic) -> None:
        with changes(practices_resource=1, mybcat_auditentry=1):
            made = add(manager, clinic)
        assert made.status_code == 201
        identifier = made.json()["id"]
        assert manager.patch(f"/api/v2/resources/{identifier}", {"name": "Lane 1"}).json()["name"] == "Lane 1"
        assert [each["name"] for each in manager.get("/api/v2/resources").json()["data"]] == ["Lane 1"]

    def test_what_is_wrong_is_said_and_changes_nothing(self, manager: Caller, clinic: Clinic) -> None:
        identifier = add(manager, clinic).json()["id"]
        with changes():
            assert add(manager, clinic).json()["code"] == "name_taken"
            assert_invalid(add(manager, clinic, kind="ship"), kind=["No such kind"])
            assert add(manager, clinic, category="Exam Room").status_code == 400
            assert manager.patch(f"/api/v2/resources/{identifier}", {}).status_code == 400
            for flag in ("off", 0):
                assert manager.patch(f"/api/v2/resources/{identifier}", {"active": flag}).status_code == 400
            assert_not_found(add(manager, clinic, locationId=public("loc", uuid4())))
            assert_not_found(manager.patch(f"/api/v2/resources/{public('res', uuid4())}", {"name": "x"}))
            assert needs(manager, clinic, "a b").status_code == 400
            assert needs(manager, clinic, *"abcdef").status_code == 400

    def test_agents_only_look(self, agent: Caller, clinic: Clinic) -> None:
        for attempt in (lambda: add(agent, clinic), lambda: needs(agent, clinic)):
            with changes(**REFUSED):
                assert_forbidden(attempt())
        assert agent.get("/api/v2/resources").status_code == 200
