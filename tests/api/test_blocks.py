"""Time that is reserved for some types of appointment: nobody else gets it, by whichever way, and all hear why."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from appointments.models import Appointment
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practitioner
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import REFUSED, REMEMBERED, changes
from tests.callers import Caller, Partner, public
from tests.factories import Clinic, make_api_client, make_block, make_member, make_slots, make_type

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def new(clinic: Clinic) -> AppointmentType:
    """What new patients come for: half an hour."""
    return make_type(practice=clinic.practice, code="new_patient_exam", duration_minutes=30, audience="new")


@pytest.fixture
def kept(clinic: Clinic, new: AppointmentType) -> None:
    """The first four of the clinic's eight slots are for new patients."""
    make_block(clinic, new)


def act(caller: Caller, identifier: str, what: str, body: Any = None) -> Any:
    return caller.post(f"/api/v2/appointments/{identifier}/{what}", body)


def book(caller: Caller, clinic: Clinic, slot: int, **body: Any) -> str:
    answer = caller.book(clinic, slot=slot, version="v2", **body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["appointmentId"])


def slot_id(clinic: Clinic, slot: int) -> str:
    return public("slot", clinic.slots[slot].id)


def offered(caller: Caller, clinic: Clinic, kind: str) -> list[int]:
    """Numbers of the slots at which the search lets one begin, both searches of one mind."""
    numbers = {slot_id(clinic, number): number for number in range(len(clinic.slots))}
    found = caller.get("/api/v2/slots/next", type=kind, count=50).json()["data"]
    day = clinic.slots[0].starts_at.astimezone(clinic.zone).date().isoformat()
    listed = caller.get("/api/v2/slots", type=kind, **{"from": day, "to": day}).json()["data"]
    assert [each["id"] for each in listed] == [each["id"] for each in found]
    return [numbers[each["id"]] for each in found]


@pytest.mark.usefixtures("kept")
class TestBooking:
    def test_others_are_refused_by_name_and_told_the_nearest_times(self, agent: Caller, clinic: Clinic) -> None:
        with changes(**REMEMBERED):
            answer = agent.book(clinic, slot=0, version="v2")
        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, "time_reserved")
        [blocker] = [each for each in told["blockers"] if each["code"] == "block"]
        assert blocker["sentence"].startswith("Reserved for “New patients” 09:00 to 10:00 E")
        assert blocker["values"] == {"block": "New patients", "beenHere": False}
        assert (blocker["start"], blocker["end"]) == (
            clinic.slots[0].starts_at.isoformat(),
            clinic.slots[3].ends_at.isoformat(),
        )
        assert told["nearest"][0]["id"] == slot_id(clinic, 4)
        assert book(agent, clinic, 4)

    def test_v1_refuses_too(self, agent: Caller, clinic: Clinic) -> None:
        with changes(**REMEMBERED):
            assert agent.book(clinic, slot=0).status_code == 409

    def test_whom_it_is_for_gets_it(self, agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
        assert book(agent, clinic, 0, type=new.code)

    def test_who_only_reaches_into_it_is_refused(self, agent: Caller, clinic: Clinic) -> None:
        clinic.slots += make_slots(
            practitioner=clinic.practitioner,
            location=clinic.location,
            start=clinic.slots[0].starts_at - timedelta(minutes=15),
            count=1,
        )
        for slot in (3, 8):
            with changes(**REMEMBERED):
                assert agent.book(clinic, slot=slot, version="v2").json()["code"] == "time_reserved"

    def test_whom_it_is_for_may_reach_out_of_it(self, agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
        assert book(agent, clinic, 3, type=new.code)

    def test_programs_are_refused_too(self, clinic: Clinic) -> None:
        client, secret = make_api_client(practice=clinic.practice)
        partner = Partner(public("appc", client.id), str(secret))
        answer = partner.book(clinic, slot=0, version="v2")
        assert (answer.status_code, answer.json()["code"]) == (409, "time_reserved")
        with practice_scope(clinic.practice.id):
            assert not Appointment.objects.exists()

    def test_searches_leave_it_out_for_others_alone(self, agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
        assert offered(agent, clinic, clinic.exam.code) == [4, 5, 6]
        assert offered(agent, clinic, new.code) == [0, 1, 2, 3, 4, 5, 6]

    def test_all_alternatives_are_outside(self, agent: Caller, clinic: Clinic) -> None:
        query = {"type": clinic.exam.code, "urgency": "routine", "count": 50}
        found = agent.get("/api/v2/slots/next", **query).json()["data"]
        assert found
        assert not {each["id"] for each in found} & {slot_id(clinic, number) for number in range(4)}

    def test_why_not_names_it(self, agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
        asked = {
            "practitioner": public("pract", clinic.practitioner.id),
            "start": clinic.slots[0].starts_at.isoformat(),
        }
        for where in ({}, {"location": public("loc", clinic.location.id)}):
            told = agent.get("/api/v2/slots/why-not", type=clinic.exam.code, **asked, **where).json()
            assert "block" in {each["code"] for each in told["blockers"]}
            told = agent.get("/api/v2/slots/why-not", type=new.code, **asked, **where).json()
            assert "block" not in {each["code"] for each in told["blockers"]}


@pytest.mark.usefixtures("kept")
class TestOtherWays:
    def test_held_it_cannot_be(self, agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
        body = {"slotIds": [slot_id(clinic, 0), slot_id(clinic, 4)], "type": clinic.exam.code}
        told = agent.post("/api/v2/holds", body).json()
        assert [each["slotId"] for each in told["times"]] == [slot_id(clinic, 4)]
        assert [(each["slotId"], each["code"]) for each in told["refused"]] == [(slot_id(clinic, 0), "time_reserved")]
        body = {"slotIds": [slot_id(clinic, 0)], "type": new.code}
        assert agent.post("/api/v2/holds", body).status_code == 201

    def test_a_hold_for_whom_it_is_for_books_nobody_else(
        self, agent: Caller, clinic: Clinic, new: AppointmentType
    ) -> None:
        agent.post("/api/v2/holds", {"slotIds": [slot_id(clinic, 0)], "type": new.code})
        assert agent.book(clinic, slot=0, version="v2").json()["code"] == "time_reserved"
        assert book(agent, clinic, 0, type=new.code)

    def test_nobody_moves_into_it(self, agent: Caller, clinic: Clinic) -> None:
        identifier = book(agent, clinic, 4)
        with changes():
            answer = act(agent, identifier, "move", {"slotId": slot_id(clinic, 0)})
        assert (answer.status_code, answer.json()["code"]) == (409, "time_reserved")
        assert "block" in {each["code"] for each in answer.json()["blockers"]}

    def test_nobody_swaps_into_it(self, agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
        inside, outside = book(agent, clinic, 0, type=new.code), book(agent, clinic, 4)
        with changes():
            answer = act(agent, outside, "swap", {"withAppointmentId": inside})
        assert (answer.status_code, answer.json()["code"]) == (409, "time_reserved")
        another = book(agent, clinic, 6, type=new.code)
        assert act(agent, another, "swap", {"withAppointmentId": inside}).status_code == 200

    def test_of_a_group_nothing_is_booked(self, agent: Caller, clinic: Clinic) -> None:
        items = [
            {"patientId": public("pat", clinic.patient.id), "slotId": slot_id(clinic, slot), "type": clinic.exam.code}
            for slot in (4, 0)
        ]
        with changes(**REMEMBERED):
            answer = agent.post("/api/v2/appointment-groups", {"kind": "chain", "items": items}, key=str(uuid4()))
        assert answer.status_code == 409
        assert [each["code"] for each in answer.json()["items"]] == ["time_reserved"]

    def test_on_purpose_a_manager_overbooks_it(self, manager: Caller, clinic: Clinic, new: AppointmentType) -> None:
        """By its own way, with a reason, beside what is reserved; not by booking."""
        wish = {
            "patientId": public("pat", clinic.patient.id),
            "slotId": slot_id(clinic, 0),
            "reason": "practitioner_request",
        }
        assert manager.book(clinic, slot=0, version="v2").json()["code"] == "time_reserved"
        told = manager.post("/api/v2/overbookings", {**wish, "type": new.code}, key=str(uuid4())).json()
        assert told["code"] == "overbooking_not_needed"
        answer = manager.post("/api/v2/overbookings", {**wish, "type": clinic.exam.code}, key=str(uuid4()))
        assert answer.status_code == 201, answer.content
        assert book(manager, clinic, 0, type=new.code)


def test_what_stood_there_before_is_moved_out_and_back(agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
    identifier = book(agent, clinic, 0)
    make_block(clinic, new)
    assert act(agent, identifier, "move", {"slotId": slot_id(clinic, 4)}).status_code == 200
    assert act(agent, identifier, "undo").status_code == 200
    assert act(agent, identifier, "cancel", {"reason": "patient_request"}).status_code == 200
    assert act(agent, identifier, "undo").status_code == 200
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.get().slot_id == clinic.slots[0].id


class TestWhatItCovers:
    def test_types_for_new_patients_whenever_they_were_made(self, agent: Caller, clinic: Clinic) -> None:
        make_block(clinic)
        late = make_type(practice=clinic.practice, duration_minutes=15, audience="new")
        assert 0 in offered(agent, clinic, late.code)
        assert book(agent, clinic, 0, type=late.code)
        assert offered(agent, clinic, clinic.exam.code) == [4, 5, 6]

    def test_where_two_meet_it_is_for_the_types_of_both(
        self, agent: Caller, clinic: Clinic, new: AppointmentType
    ) -> None:
        lenses = make_type(practice=clinic.practice, duration_minutes=15)
        make_block(clinic, new)
        make_block(clinic, lenses, name="Lenses", starts=time(9, 30), ends=time(10, 30))
        assert offered(agent, clinic, lenses.code) == [2, 3, 4, 5, 6, 7]
        assert offered(agent, clinic, new.code) == [0, 1, 2, 6]
        assert offered(agent, clinic, clinic.exam.code) == [6]
        assert agent.book(clinic, slot=4, type=new.code, version="v2").json()["code"] == "time_reserved"
        assert book(agent, clinic, 2, type=new.code)

    def test_days_and_places_that_it_does_not_name_are_free(
        self, agent: Caller, clinic: Clinic, new: AppointmentType
    ) -> None:
        day = clinic.slots[0].starts_at.astimezone(clinic.zone).date()
        with practice_scope(clinic.practice.id):
            elsewhere = Location.objects.create(name="Uptown", time_zone="America/New_York")
            lee = Practitioner.objects.create(name="Dr Lee")
        make_block(clinic, new, weekdays=[(day.weekday() + 1) % 7])
        make_block(clinic, new, valid_from=day + timedelta(days=1))
        make_block(clinic, new, valid_until=day)
        make_block(clinic, new, location=elsewhere)
        make_block(clinic, new, practitioner=lee)
        assert offered(agent, clinic, clinic.exam.code) == [0, 1, 2, 3, 4, 5, 6]
        assert book(agent, clinic, 0)

    def test_the_last_hour_of_a_day_ends_at_midnight(self, agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
        start = datetime.combine(clinic.slots[0].starts_at.astimezone(clinic.zone).date(), time(23), clinic.zone)
        clinic.slots = make_slots(
            practitioner=clinic.practitioner, location=clinic.location, start=start.astimezone(UTC), count=4
        )
        make_block(clinic, new, starts=time(23, 30), ends=time(0))
        assert agent.book(clinic, slot=2, version="v2").json()["code"] == "time_reserved"
        assert book(agent, clinic, 0)

    def test_so_long_before_it_begins_it_is_anybodys(self, agent: Caller, clinic: Clinic, new: AppointmentType) -> None:
        """The clinic's slots begin tomorrow at nine: within two days, and not within the hour."""
        block = make_block(clinic, new, release_hours=1)
        told = agent.book(clinic, slot=0, version="v2").json()
        sentence = next(each["sentence"] for each in told["blockers"] if each["code"] == "block")
        assert "; free to others from 08:00 E" in sentence
        assert 0 not in offered(agent, clinic, clinic.exam.code)
        with practice_scope(clinic.practice.id):
            type(block).objects.update(release_hours=48)
        assert 0 in offered(agent, clinic, clinic.exam.code)
        assert book(agent, clinic, 0)


def changeover(*, back: bool) -> date:
    """The next day on which New York's clocks go back, or forward."""
    # The day before it is neither today, whose morning may be over, nor tomorrow, when the clinic has slots already.
    day = datetime.now(NEW_YORK).date() + timedelta(days=4)
    while True:
        hours = [datetime.combine(day, time(hour), NEW_YORK).utcoffset() for hour in (0, 12)]
        if hours[0] != hours[1] and (hours[0] > hours[1]) is back:  # type: ignore[operator]
            return day
        day += timedelta(days=1)


class TestWhenClocksChange:
    @pytest.mark.parametrize("back", [True, False])
    def test_nine_o_clock_is_nine_o_clock(
        self, agent: Caller, clinic: Clinic, new: AppointmentType, back: bool
    ) -> None:
        make_block(clinic, new)
        day = changeover(back=back)
        for number, each in enumerate((day - timedelta(days=1), day, day + timedelta(days=1))):
            start = datetime.combine(each, time(8, 45), NEW_YORK).astimezone(UTC)
            clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=6)
            quarter = make_type(practice=clinic.practice, code=f"quarter_{number}", duration_minutes=15).code
            answers = [agent.book(clinic, slot=slot, type=quarter) for slot in range(6)]
            assert [answer.status_code for answer in answers] == [201, 409, 409, 409, 409, 201]

    def test_an_hour_that_comes_twice_is_reserved_twice(
        self, agent: Caller, clinic: Clinic, new: AppointmentType
    ) -> None:
        """From half past midnight on: two slots before one o'clock, four and four after it, two after two o'clock."""
        make_block(clinic, new, starts=time(1), ends=time(2))
        start = datetime.combine(changeover(back=True), time(0, 30), NEW_YORK).astimezone(UTC)
        clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=12)
        quarter = make_type(practice=clinic.practice, code="quarter", duration_minutes=15).code
        answers = [agent.book(clinic, slot=slot, type=quarter).status_code for slot in range(12)]
        assert answers == [201] * 2 + [409] * 8 + [201] * 2


class TestManaging:
    def wish(self, clinic: Clinic, **fields: Any) -> dict[str, Any]:
        return {
            "practitionerId": public("pract", clinic.practitioner.id),
            "name": "New patients",
            "weekdays": ["friday", "monday", "monday"],
            "starts": "09:00",
            "ends": "10:00",
            "types": [clinic.exam.code],
            **fields,
        }

    def test_added_listed_changed_and_removed(self, manager: Caller, clinic: Clinic) -> None:
        with changes(appointments_appointmentblock=1, mybcat_auditentry=1, mybcat_event=1):
            answer = manager.post("/api/v2/appointment-blocks", self.wish(clinic))
        made = answer.json()
        assert (answer.status_code, made) == (
            201,
            {
                **self.wish(clinic),
                "id": made["id"],
                "locationId": None,
                "weekdays": ["monday", "friday"],
                "newPatients": False,
                "releaseHours": None,
                "validFrom": datetime.now(clinic.zone).date().isoformat(),
                "validUntil": None,
            },
        )
        path = f"/api/v2/appointment-blocks/{made['id']}"
        changed = manager.patch(path, {"ends": "00:00", "releaseHours": 48, "types": [], "newPatients": True}).json()
        assert changed == {**made, "ends": "00:00", "releaseHours": 48, "types": [], "newPatients": True}
        assert manager.get("/api/v2/appointment-blocks").json()["data"] == [changed]
        with changes(appointments_appointmentblock=-1, mybcat_auditentry=1, mybcat_event=1):
            assert manager.delete(path).status_code == 204
        assert_not_found(manager.delete(path))

    def test_what_is_wrong_is_said_and_changes_nothing(self, manager: Caller, clinic: Clinic) -> None:
        made = manager.post("/api/v2/appointment-blocks", self.wish(clinic)).json()
        path = f"/api/v2/appointment-blocks/{made['id']}"

        def wrong(**fields: Any) -> Any:
            return manager.post("/api/v2/appointment-blocks", self.wish(clinic, **fields))

        nobody = "Name a type, or say `newPatients`: otherwise nobody could be booked"
        with changes():
            assert [each["pointer"] for each in wrong(starts="9:00").json()["errors"]] == ["#/starts"]
            assert [each["pointer"] for each in wrong(ends="24:00").json()["errors"]] == ["#/ends"]
            assert_invalid(wrong(ends="09:00"), ends=["Not after `starts`"])
            assert_invalid(wrong(types=["no_such"]), types=["No such type of appointment"])
            assert_invalid(wrong(types=[]), types=[nobody])
            assert wrong(weekdays=[]).status_code == 400
            assert wrong(weekdays=["someday"]).status_code == 400
            assert wrong(releaseHours=2161).status_code == 400
            assert wrong(newPatients="yes").status_code == 400
            ends = {"validFrom": "2026-06-01", "validUntil": "2026-06-01"}
            assert_invalid(wrong(**ends), validUntil=["Not after `validFrom`"])
            assert_not_found(wrong(practitionerId=public("pract", uuid4())))
            assert_not_found(wrong(locationId=public("loc", uuid4())))
            assert manager.patch(path, {}).status_code == 400
            assert_invalid(manager.patch(path, {"ends": "08:00"}), ends=["Not after `starts`"])
            assert_invalid(manager.patch(path, {"types": []}), types=[nobody])
            assert_not_found(manager.patch(f"/api/v2/appointment-blocks/{public('blk', uuid4())}", {"name": "x"}))

    def test_agents_only_look(self, agent: Caller, manager: Caller, clinic: Clinic) -> None:
        made = manager.post("/api/v2/appointment-blocks", self.wish(clinic)).json()
        path = f"/api/v2/appointment-blocks/{made['id']}"
        for attempt in (
            lambda: agent.post("/api/v2/appointment-blocks", self.wish(clinic)),
            lambda: agent.patch(path, {"name": "x"}),
            lambda: agent.delete(path),
        ):
            with changes(**REFUSED):
                assert_forbidden(attempt())
        assert agent.get("/api/v2/appointment-blocks").json()["data"] == [made]
