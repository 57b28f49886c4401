"""Who has been seen at the practice gets no time that is kept for new patients, by whatever type and whichever way."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from appointments.models import Appointment, Slot
from appointments.waitlist.fitting import in_turn
from appointments.waitlist.models import WaitlistOpening
from mybcat.ids import internal_id
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import AppointmentType
from tests.api.refusals import assert_invalid, assert_not_found
from tests.api.rows import REMEMBERED, changes
from tests.api.test_blocks import act, book, slot_id
from tests.callers import Caller, public
from tests.factories import Clinic, make_block, make_patient, make_slots, make_type, make_waiting


@pytest.fixture
def new(clinic: Clinic) -> AppointmentType:
    """What new patients come for: half an hour."""
    return make_type(practice=clinic.practice, code="new_patient_exam", duration_minutes=30, audience="new")


class TestWhoHasBeenHere:
    """The clinic's patient has been seen; `stranger` has not. The block: for new patients, and for exams of anybody."""

    @pytest.fixture
    def stranger(self, clinic: Clinic) -> str:
        return public("pat", make_patient(practice=clinic.practice).id)

    @pytest.fixture(autouse=True)
    def _seen(self, clinic: Clinic, new: AppointmentType) -> None:
        made = make_slots(
            practitioner=clinic.practitioner,
            location=clinic.location,
            start=clinic.slots[0].starts_at - timedelta(days=60),
            count=2,
        )
        visit(clinic, made[0], status="fulfilled")
        make_block(clinic, clinic.exam, for_new_patients=True)

    def refused(self, answer: Any) -> list[str]:
        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, "time_reserved")
        return [each["sentence"] for each in told.get("blockers", ()) if each["code"] == "block"]

    def test_is_refused_by_any_type_and_told_why(
        self, agent: Caller, clinic: Clinic, new: AppointmentType, stranger: str
    ) -> None:
        for kind in (clinic.exam, new):
            with changes(**REMEMBERED):
                [sentence] = self.refused(agent.book(clinic, slot=0, version="v2", type=kind.code))
            assert sentence.startswith("Reserved for “New patients” 09:00 to 10:00 E")
            assert sentence.endswith("; this patient has been here before")
            assert book(agent, clinic, 0 if kind is new else 2, type=kind.code, patientId=stranger)

    def test_a_visit_that_was_missed_or_is_to_come_is_none(self, agent: Caller, clinic: Clinic) -> None:
        with practice_scope(clinic.practice.id):
            Appointment.objects.update(status="noshow")
        assert book(agent, clinic, 6)
        assert book(agent, clinic, 0)

    def test_a_type_for_returning_patients_that_it_names_may(self, agent: Caller, clinic: Clinic) -> None:
        with practice_scope(clinic.practice.id):
            AppointmentType.objects.filter(id=clinic.exam.id).update(audience="returning")
        assert 0 in self.found(agent, clinic, clinic.exam.code)
        assert book(agent, clinic, 0)

    def test_a_hold_that_says_for_whom_is_refused(self, agent: Caller, clinic: Clinic, stranger: str) -> None:
        body = {"slotIds": [slot_id(clinic, 0)], "type": clinic.exam.code}
        with changes():
            assert self.refused(agent.post("/api/v2/holds", {**body, "patientId": public("pat", clinic.patient.id)}))
        with changes():
            assert_not_found(agent.post("/api/v2/holds", {**body, "patientId": public("pat", uuid4())}))
        assert agent.post("/api/v2/holds", {**body, "patientId": stranger}).status_code == 201

    def test_what_was_held_for_somebody_is_not_theirs(self, agent: Caller, clinic: Clinic, stranger: str) -> None:
        agent.post("/api/v2/holds", {"slotIds": [slot_id(clinic, 0)], "type": clinic.exam.code})
        assert self.refused(agent.book(clinic, slot=0, version="v2"))
        assert book(agent, clinic, 0, patientId=stranger)

    def test_does_not_move_into_it(self, agent: Caller, clinic: Clinic, stranger: str) -> None:
        theirs, strangers = book(agent, clinic, 4), book(agent, clinic, 6, patientId=stranger)
        with changes():
            [sentence] = self.refused(act(agent, theirs, "move", {"slotId": slot_id(clinic, 0)}))
        assert sentence.endswith("been here before")
        assert act(agent, strangers, "move", {"slotId": slot_id(clinic, 0)}).status_code == 200

    def test_does_not_swap_into_it(self, agent: Caller, clinic: Clinic, stranger: str) -> None:
        theirs, strangers = book(agent, clinic, 4), book(agent, clinic, 0, patientId=stranger)
        with changes():
            self.refused(act(agent, theirs, "swap", {"withAppointmentId": strangers}))

    def test_of_a_group_nothing_is_booked(self, agent: Caller, clinic: Clinic, stranger: str) -> None:
        def items(patient: str) -> list[dict[str, str]]:
            places = ((4, stranger), (0, patient))
            return [{"patientId": who, "slotId": slot_id(clinic, n), "type": clinic.exam.code} for n, who in places]

        def group(patient: str) -> Any:
            body = {"kind": "family", "items": items(patient)}
            return agent.post("/api/v2/appointment-groups", body, key=str(uuid4()))

        with changes(**REMEMBERED):
            answer = group(public("pat", clinic.patient.id))
        assert (answer.status_code, [each["code"] for each in answer.json()["items"]]) == (409, ["time_reserved"])
        assert group(stranger).status_code == 201

    def found(self, agent: Caller, clinic: Clinic, kind: str, **query: Any) -> list[int]:
        numbers = {slot_id(clinic, number): number for number in range(len(clinic.slots))}
        asked = {"type": kind, "count": 50, "patient": public("pat", clinic.patient.id), **query}
        return sorted(numbers[each["id"]] for each in agent.get("/api/v2/slots/next", **asked).json()["data"])

    @pytest.mark.parametrize("urgency", ["urgent", "routine"])
    def test_searches_that_name_the_patient_leave_it_out(
        self, agent: Caller, clinic: Clinic, new: AppointmentType, stranger: str, urgency: str
    ) -> None:
        for kind in (clinic.exam.code, new.code):
            assert not {0, 1, 2, 3} & set(self.found(agent, clinic, kind, urgency=urgency))
            assert 0 in self.found(agent, clinic, kind, urgency=urgency, patient=stranger)
        wrong = agent.get("/api/v2/slots/next", type=new.code, patient=f"{stranger},{public('pat', clinic.patient.id)}")
        assert_invalid(wrong, patient=["Give one id"])

    def test_the_list_of_times_does_so_too(self, agent: Caller, clinic: Clinic, stranger: str) -> None:
        day = clinic.slots[0].starts_at.astimezone(clinic.zone).date().isoformat()

        def found(patient: str) -> set[str]:
            asked = {"from": day, "to": day, "type": clinic.exam.code, "patient": patient}
            return {each["id"] for each in agent.get("/api/v2/slots", **asked).json()["data"]}

        kept = {slot_id(clinic, number) for number in range(4)}
        assert not kept & found(public("pat", clinic.patient.id))
        assert slot_id(clinic, 4) in found(public("pat", clinic.patient.id))
        assert slot_id(clinic, 0) in found(stranger)
        assert_not_found(agent.get("/api/v2/slots", type=clinic.exam.code, patient=public("pat", uuid4())))
        assert_invalid(agent.get("/api/v2/slots", patient=stranger), patient=["Only with `type`"])
        for version, two in (("v2", f"{stranger},{stranger}"), ("v1", stranger)):
            answer = agent.get(f"/api/{version}/slots", type=clinic.exam.code, patient=two)
            assert answer.status_code == 400

    def test_a_family_is_offered_times_that_each_of_them_may_have(
        self, agent: Caller, clinic: Clinic, stranger: str
    ) -> None:
        theirs = public("pat", clinic.patient.id)

        def first(*patients: str) -> list[str]:
            items = [{"type": clinic.exam.code, "patient": patient} for patient in patients]
            body = {"kind": "family", "items": items, "longestWaitMinutes": 240}
            answer = agent.post("/api/v2/appointment-groups/offers", body)
            assert answer.status_code == 200, answer.content
            return [each["slotId"] for each in answer.json()["offers"][0]["items"]]

        kept = {slot_id(clinic, number) for number in range(4)}
        assert set(first(stranger, stranger)) <= kept
        new_one, known_one = first(stranger, theirs)
        assert new_one in kept
        assert known_one not in kept
        items = [{"type": clinic.exam.code, "patient": public("pat", uuid4())}] * 2
        assert_not_found(agent.post("/api/v2/appointment-groups/offers", {"kind": "family", "items": items}))

    def test_why_not_says_it_and_names_times_outside(self, agent: Caller, clinic: Clinic, stranger: str) -> None:
        asked = {
            "type": clinic.exam.code,
            "practitioner": public("pract", clinic.practitioner.id),
            "start": clinic.slots[0].starts_at.isoformat(),
        }
        told = agent.get("/api/v2/slots/why-not", **asked, patient=public("pat", clinic.patient.id)).json()
        [sentence] = [each["sentence"] for each in told["blockers"] if each["code"] == "block"]
        assert sentence.endswith("; this patient has been here before")
        assert [each["id"] for each in told["nearest"]] == [slot_id(clinic, 4), slot_id(clinic, 5)]
        told = agent.get("/api/v2/slots/why-not", **asked, patient=stranger).json()
        assert "block" not in {each["code"] for each in told["blockers"]}

    def test_a_time_is_not_offered_to_them_from_the_waitlist(self, clinic: Clinic, stranger: str) -> None:
        theirs, now = make_waiting(clinic), datetime.now(UTC)
        with practice_scope(clinic.practice.id):
            patient = Patient.objects.get(id=internal_id("pat", stranger))
        strangers = make_waiting(clinic, patient=patient)
        for slot, suited in ((0, [strangers.id]), (4, [theirs.id, strangers.id])):
            with practice_scope(clinic.practice.id):
                opening = WaitlistOpening.objects.create(
                    slot=clinic.slots[slot], practitioner=clinic.practitioner, location=clinic.location,
                    starts_at=clinic.slots[slot].starts_at, ends_at=clinic.slots[slot + 1].ends_at,
                    freed_at=now, next_at=now,
                )  # fmt: skip
                assert [entry.id for entry in in_turn(opening)] == suited


def visit(clinic: Clinic, slot: Slot, *, status: str) -> None:
    """The clinic's patient was there."""
    with practice_scope(clinic.practice.id):
        Appointment.objects.create(
            patient=clinic.patient, practitioner=clinic.practitioner, location=clinic.location,
            appointment_type=clinic.exam, slot=slot, status=status, starts_at=slot.starts_at, ends_at=slot.ends_at,
            occupied_from=slot.starts_at, occupied_until=slot.ends_at, booked_by=clinic.agent.id,
            booked_at=slot.starts_at - timedelta(days=1),
        )  # fmt: skip
