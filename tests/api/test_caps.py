"""At most so many of a type a day: whoever books, holds, moves or swaps, and all hear why."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practitioner
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import REFUSED, REMEMBERED, changes
from tests.api.test_blocks import act, book, manager, offered, slot_id
from tests.api.test_moving import settle
from tests.callers import Caller, public
from tests.factories import Clinic, make_cap, make_slots, make_type

__all__ = ("manager",)


@pytest.fixture
def tomorrow_and_after(clinic: Clinic) -> None:
    """Two more hours on the day after: slots from number 8 on."""
    start = clinic.slots[0].starts_at + timedelta(days=1, hours=3)
    clinic.slots += make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=8)


@pytest.fixture
def quarter(clinic: Clinic) -> str:
    return make_type(practice=clinic.practice, code="quarter", duration_minutes=15).code


def colleague(clinic: Clinic, *, location: Location | None = None) -> Practitioner:
    """With slots at the same times: the last eight."""
    with practice_scope(clinic.practice.id):
        lee = Practitioner.objects.create(name="Dr Lee")
    place = location or clinic.location
    clinic.slots += make_slots(practitioner=lee, location=place, start=clinic.slots[0].starts_at, count=8)
    return lee


def refused(answer: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, "day_full")


@pytest.mark.usefixtures("tomorrow_and_after")
class TestBooking:
    def test_one_more_is_refused_with_the_number_and_the_nearest_day(self, agent: Caller, clinic: Clinic) -> None:
        make_cap(clinic, most=2)
        for slot in (0, 2):
            book(agent, clinic, slot)
        with changes(**REMEMBERED):
            answer = agent.book(clinic, slot=4, version="v2")
        refused(answer)
        [blocker] = [each for each in answer.json()["blockers"] if each["code"] == "cap"]
        day = clinic.slots[0].starts_at.astimezone(clinic.zone).date()
        assert blocker["sentence"] == (f"Comprehensive exam: no more than 2 a day, and {day:%A, %B} {day.day} has them")
        assert blocker["values"] == {"appointmentType": "Comprehensive exam", "most": 2, "day": day.isoformat()}
        assert answer.json()["nearest"][0]["id"] == slot_id(clinic, 8)
        assert book(agent, clinic, 8)

    def test_other_types_are_not_counted_and_not_refused(self, agent: Caller, clinic: Clinic, quarter: str) -> None:
        make_cap(clinic)
        book(agent, clinic, 0, type=quarter)
        book(agent, clinic, 2)
        book(agent, clinic, 4, type=quarter)

    def test_searches_skip_the_day(self, agent: Caller, clinic: Clinic, quarter: str) -> None:
        make_cap(clinic)
        book(agent, clinic, 0)
        found = agent.get("/api/v2/slots/next", type=clinic.exam.code, count=50).json()["data"]
        assert [each["id"] for each in found] == [slot_id(clinic, number) for number in range(8, 15)]
        assert agent.get("/api/v2/slots/next", type=quarter).json()["data"][0]["id"] == slot_id(clinic, 2)

    def test_cancelled_it_makes_room_once_it_cannot_be_undone(
        self, agent: Caller, manager: Caller, clinic: Clinic
    ) -> None:
        make_cap(clinic)
        identifier = book(agent, clinic, 0)
        act(agent, identifier, "cancel", {"reason": "patient_request"})
        refused(manager.book(clinic, slot=4, version="v2"))
        assert act(agent, identifier, "undo").status_code == 200
        act(agent, identifier, "cancel", {"reason": "patient_request"})
        settle(clinic)
        book(manager, clinic, 4)

    def test_no_undo_goes_beyond_it(self, agent: Caller, clinic: Clinic) -> None:
        """What the agent left is hers to use, and she used it otherwise."""
        make_cap(clinic)
        identifier = book(agent, clinic, 0)
        act(agent, identifier, "cancel", {"reason": "patient_request"})
        book(agent, clinic, 4)
        with changes():
            refused(act(agent, identifier, "undo"))

    def test_who_holds_a_time_has_one_of_them(self, agent: Caller, manager: Caller, clinic: Clinic) -> None:
        make_cap(clinic)
        body = {"slotIds": [slot_id(clinic, 0), slot_id(clinic, 2)], "type": clinic.exam.code}
        assert len(agent.post("/api/v2/holds", body).json()["times"]) == 2
        refused(manager.book(clinic, slot=4, version="v2"))
        refused(manager.post("/api/v2/holds", {"slotIds": [slot_id(clinic, 4)], "type": clinic.exam.code}))
        book(agent, clinic, 2)
        with changes():
            refused(agent.post("/api/v2/holds", {"slotIds": [slot_id(clinic, 4)], "type": clinic.exam.code}))

    def test_two_in_one_step_count_as_two(self, agent: Caller, clinic: Clinic) -> None:
        make_cap(clinic)
        items = [
            {"patientId": public("pat", clinic.patient.id), "slotId": slot_id(clinic, slot), "type": clinic.exam.code}
            for slot in (0, 4)
        ]
        with changes(**REMEMBERED):
            answer = agent.post("/api/v2/appointment-groups", {"kind": "chain", "items": items}, key=str(uuid4()))
        assert [each["code"] for each in answer.json()["items"]] == ["day_full"]

    def test_the_overbooked_count(self, manager: Caller, clinic: Clinic, quarter: str) -> None:
        make_cap(clinic)
        wish = {"patientId": public("pat", clinic.patient.id), "type": clinic.exam.code, "reason": "cannot_wait"}
        book(manager, clinic, 0, type=quarter)
        slot = {"slotId": slot_id(clinic, 0)}
        assert manager.post("/api/v2/overbookings", {**wish, **slot}, key=str(uuid4())).status_code == 201
        refused(manager.book(clinic, slot=4, version="v2"))
        # On purpose, with a reason: the practitioner's own cap for such bounds it.
        slot = {"slotId": slot_id(clinic, 4)}
        assert manager.post("/api/v2/overbookings", {**wish, **slot}, key=str(uuid4())).status_code == 201


@pytest.mark.usefixtures("tomorrow_and_after")
class TestChanges:
    def test_within_the_day_it_moves_and_from_another_day_it_does_not(self, agent: Caller, clinic: Clinic) -> None:
        make_cap(clinic)
        here, there = book(agent, clinic, 0), book(agent, clinic, 8)
        assert act(agent, here, "move", {"slotId": slot_id(clinic, 4)}).status_code == 200
        with changes():
            refused(act(agent, there, "move", {"slotId": slot_id(clinic, 6)}))
        assert act(agent, here, "undo").status_code == 200

    def test_where_there_are_more_already_they_still_move_within_the_day(self, agent: Caller, clinic: Clinic) -> None:
        identifier = book(agent, clinic, 0)
        book(agent, clinic, 2)
        make_cap(clinic)
        assert act(agent, identifier, "move", {"slotId": slot_id(clinic, 4)}).status_code == 200

    def test_two_of_one_type_swap_days_and_two_of_two_types_may_not(
        self, agent: Caller, clinic: Clinic, quarter: str
    ) -> None:
        make_cap(clinic)
        here, there = book(agent, clinic, 0), book(agent, clinic, 8)
        assert act(agent, here, "swap", {"withAppointmentId": there}).status_code == 200
        other = book(agent, clinic, 10, type=quarter)
        with practice_scope(clinic.practice.id):
            AppointmentType.objects.filter(code="quarter").update(duration_minutes=30)
        with changes():
            refused(act(agent, there, "swap", {"withAppointmentId": other}))


class TestOfWhomAndWhere:
    def test_of_a_practitioner(self, agent: Caller, clinic: Clinic) -> None:
        make_cap(clinic, practitioner=clinic.practitioner)
        colleague(clinic)
        book(agent, clinic, 0)
        answer = agent.book(clinic, slot=4, version="v2")
        refused(answer)
        assert "no more than 1 a day of Dr Alice Lee, and " in str(answer.json()["blockers"])
        [blocker] = [each for each in answer.json()["blockers"] if each["code"] == "cap"]
        assert (blocker["values"]["practitioner"], "location" in blocker["values"]) == ("Dr Alice Lee", False)
        assert set(offered(agent, clinic, clinic.exam.code)) == set(range(8, 15))
        book(agent, clinic, 8)
        book(agent, clinic, 10)

    def test_at_a_location(self, agent: Caller, clinic: Clinic) -> None:
        make_cap(clinic, location=clinic.location)
        with practice_scope(clinic.practice.id):
            uptown = Location.objects.create(name="Uptown", time_zone="America/New_York")
        colleague(clinic)
        colleague(clinic, location=uptown)
        book(agent, clinic, 0)
        refused(agent.book(clinic, slot=8, version="v2"))
        book(agent, clinic, 16)
        book(agent, clinic, 18)

    def test_of_all_together(self, agent: Caller, clinic: Clinic) -> None:
        make_cap(clinic)
        colleague(clinic)
        book(agent, clinic, 0)
        refused(agent.book(clinic, slot=10, version="v2"))

    def test_each_is_of_the_day_that_its_own_place_has(self, agent: Caller, clinic: Clinic) -> None:
        """Nine in the morning in New York is the next day already in Kiritimati, fourteen hours ahead of UTC."""
        make_cap(clinic)
        with practice_scope(clinic.practice.id):
            island = Location.objects.create(name="Island", time_zone="Pacific/Kiritimati")
        colleague(clinic, location=island)
        book(agent, clinic, 0)
        book(agent, clinic, 8)
        refused(agent.book(clinic, slot=4, version="v2"))
        refused(agent.book(clinic, slot=12, version="v2"))


class TestManaging:
    def test_added_listed_and_removed(self, manager: Caller, clinic: Clinic) -> None:
        wish = {"type": clinic.exam.code, "practitionerId": public("pract", clinic.practitioner.id), "most": 2}
        with changes(appointments_appointmentcap=1, mybcat_auditentry=1, mybcat_event=1):
            answer = manager.post("/api/v2/appointment-caps", wish)
        made = answer.json()
        assert (answer.status_code, made) == (201, {**wish, "id": made["id"], "locationId": None})
        assert manager.get("/api/v2/appointment-caps").json()["data"] == [made]
        path = f"/api/v2/appointment-caps/{made['id']}"
        with changes(appointments_appointmentcap=-1, mybcat_auditentry=1, mybcat_event=1):
            assert manager.delete(path).status_code == 204
        assert_not_found(manager.delete(path))

    def test_what_is_wrong_is_said_and_changes_nothing(self, manager: Caller, clinic: Clinic) -> None:
        wish = {"type": clinic.exam.code, "most": 2}
        assert manager.post("/api/v2/appointment-caps", wish).status_code == 201
        with changes():
            answer = manager.post("/api/v2/appointment-caps", {**wish, "most": 3})
            assert (answer.status_code, answer.json()["code"]) == (409, "cap_exists")
            answer = manager.post("/api/v2/appointment-caps", {**wish, "type": "no_such"})
            assert_invalid(answer, type=["No such type of appointment"])
            assert manager.post("/api/v2/appointment-caps", {**wish, "most": 0}).status_code == 400
            for member, prefix in (("practitionerId", "pract"), ("locationId", "loc")):
                assert_not_found(manager.post("/api/v2/appointment-caps", {**wish, member: public(prefix, uuid4())}))

    def test_agents_only_look(self, agent: Caller, clinic: Clinic) -> None:
        made = public("cap", make_cap(clinic).id)
        for attempt in (
            lambda: agent.post("/api/v2/appointment-caps", {"type": clinic.exam.code, "most": 2}),
            lambda: agent.delete(f"/api/v2/appointment-caps/{made}"),
        ):
            with changes(**REFUSED):
                assert_forbidden(attempt())
        assert [each["id"] for each in agent.get("/api/v2/appointment-caps").json()["data"]] == [made]
