"""A booking, a move and a cancellation can be undone for ten seconds, and then it works for certain."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments.expiring import Expiring
from appointments.models import Appointment, HeldTime, Hold, Slot
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden, assert_not_found
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member

IN_ERROR = {"status": "entered-in-error"}
REFUSED = {"status_code": 409, "code": "nothing_to_undo"}


@pytest.fixture
def colleague(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice), clinic.practice)


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def booked(agent: Caller, clinic: Clinic) -> str:
    return str(agent.book(clinic, version="v2").json()["appointmentId"])


def act(caller: Caller, identifier: str, what: str, body: Any = None, **headers: str) -> Any:
    return caller.post(f"/api/v2/appointments/{identifier}/{what}", body, **headers)


def cancel(caller: Caller, identifier: str) -> Any:
    return act(caller, identifier, "cancel", {"reason": "patient_request"})


def refused(answer: Any) -> bool:
    return {"status_code": answer.status_code, "code": answer.json().get("code")} == REFUSED


def taken(clinic: Clinic) -> dict[str, list[int]]:
    """Numbers of the slots that are not free, by status."""
    found: dict[str, list[int]] = {}
    with practice_scope(clinic.practice.id):
        for number, slot in enumerate(Slot.objects.order_by("starts_at")):
            if slot.status != Slot.Status.FREE:
                found.setdefault(slot.status, []).append(number)
    return found


def later(clinic: Clinic, seconds: float = 13) -> None:
    """As if so much time had passed."""
    past = timedelta(seconds=seconds)
    with practice_scope(clinic.practice.id):
        for hold in Hold.objects.all():
            Hold.objects.filter(id=hold.id).update(expires_at=hold.expires_at - past)
        for appointment in Appointment.objects.all():
            Appointment.objects.filter(id=appointment.id).update(booked_at=appointment.booked_at - past)


def events(clinic: Clinic) -> list[str]:
    with practice_scope(clinic.practice.id):
        return list(Event.objects.order_by("id").values_list("type", flat=True))


class TestCancellation:
    def test_the_time_is_kept_and_the_appointment_stands_again(
        self, agent: Caller, colleague: Caller, clinic: Clinic, booked: str
    ) -> None:
        before = agent.get(f"/api/v2/appointments/{booked}").json()
        assert cancel(agent, booked).json()["status"] == "cancelled"
        assert taken(clinic) == {"busy-tentative": [0, 1]}
        assert colleague.book(clinic).status_code == 409
        answer = act(agent, booked, "undo")
        assert (answer.status_code, answer.json()) == (200, before)
        assert taken(clinic) == {"busy": [0, 1]}
        with practice_scope(clinic.practice.id):
            row = Appointment.objects.get()
            assert (row.cancelled_at, row.cancelled_by, row.cancellation_reason) == (None, None, "")
            assert not Hold.objects.exists() and not HeldTime.objects.exists()
            assert AuditEntry.objects.filter(action="appointment.reinstated").count() == 1
        assert events(clinic) == [
            "appointment.booked",
            "appointment.cancelled",
            "hold.released",
            "appointment.reinstated",
        ]

    def test_once_it_is_too_late_the_time_is_free(
        self, agent: Caller, colleague: Caller, clinic: Clinic, booked: str
    ) -> None:
        cancel(agent, booked)
        later(clinic)
        with changes():
            assert refused(act(agent, booked, "undo"))
        Expiring()(now=datetime.now(UTC))
        assert taken(clinic) == {}
        assert colleague.book(clinic).status_code == 201

    def test_in_the_eleventh_second_it_still_works(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        """Screens offer ten; the way here takes time as well."""
        cancel(agent, booked)
        later(clinic, 10.5)
        assert act(agent, booked, "undo").status_code == 200

    def test_only_whoever_cancelled_undoes_it(
        self, agent: Caller, colleague: Caller, clinic: Clinic, booked: str
    ) -> None:
        cancel(agent, booked)
        with changes():
            assert refused(act(colleague, booked, "undo"))

    def test_who_gave_the_time_to_another_patient_cannot(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        cancel(agent, booked)
        assert agent.book(clinic).status_code == 201
        with changes():
            assert refused(act(agent, booked, "undo"))

    def test_by_v1_the_time_is_free_at_once(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        agent.post(f"/api/v1/appointments/{booked}/cancel", {"reason": "other"})
        assert taken(clinic) == {}
        with changes():
            assert refused(act(agent, booked, "undo"))


class TestMove:
    def test_it_goes_back(self, agent: Caller, colleague: Caller, clinic: Clinic, booked: str) -> None:
        before = agent.get(f"/api/v2/appointments/{booked}").json()
        act(agent, booked, "move", {"slotId": public("slot", clinic.slots[4].id)})
        assert taken(clinic) == {"busy-tentative": [0, 1], "busy": [4, 5]}
        assert colleague.book(clinic).status_code == 409
        answer = act(agent, booked, "undo")
        assert (answer.status_code, answer.json()) == (200, before)
        assert taken(clinic) == {"busy": [0, 1]}
        assert events(clinic) == ["appointment.booked", "appointment.moved", "hold.released", "appointment.moved"]

    def test_by_less_than_its_length(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        act(agent, booked, "move", {"slotId": public("slot", clinic.slots[1].id)})
        assert taken(clinic) == {"busy-tentative": [0], "busy": [1, 2]}
        assert act(agent, booked, "undo").status_code == 200
        assert taken(clinic) == {"busy": [0, 1]}

    def test_the_latest_of_two_is_undone(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        act(agent, booked, "move", {"slotId": public("slot", clinic.slots[2].id)})
        act(agent, booked, "move", {"slotId": public("slot", clinic.slots[4].id)})
        assert act(agent, booked, "undo").json()["slotId"] == public("slot", clinic.slots[2].id)

    def test_too_late(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        act(agent, booked, "move", {"slotId": public("slot", clinic.slots[4].id)})
        later(clinic)
        with changes():
            assert refused(act(agent, booked, "undo"))


class TestEnteredInError:
    def test_it_is_booked_after_all_and_nobody_else_had_the_time(
        self, agent: Caller, colleague: Caller, clinic: Clinic, booked: str
    ) -> None:
        before = agent.get(f"/api/v2/appointments/{booked}").json()
        assert act(agent, booked, "status", IN_ERROR).json()["status"] == "entered-in-error"
        assert taken(clinic) == {"busy-tentative": [0, 1]}
        assert colleague.book(clinic).status_code == 409
        answer = act(agent, booked, "undo")
        assert (answer.status_code, answer.json()) == (200, before)
        assert taken(clinic) == {"busy": [0, 1]}
        with practice_scope(clinic.practice.id):
            assert not Hold.objects.exists() and not HeldTime.objects.exists()
            assert AuditEntry.objects.filter(action="appointment.reopened").count() == 1
        # As of any status that is put right: `reinstated` would be told to the patient.
        assert events(clinic) == [
            "appointment.booked",
            "appointment.entered_in_error",
            "hold.released",
            "appointment.reopened",
        ]

    @pytest.mark.parametrize("status", ["arrived", "fulfilled", "noshow"])
    def test_it_is_again_what_it_was(self, agent: Caller, clinic: Clinic, booked: str, status: str) -> None:
        with practice_scope(clinic.practice.id):
            Appointment.objects.update(status=status)
        act(agent, booked, "status", IN_ERROR)
        answer = act(agent, booked, "undo")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        # Who was missed has no right to the time.
        assert taken(clinic) == ({} if status == "noshow" else {"busy": [0, 1]})
        assert events(clinic)[-1] == f"appointment.{status}"

    def test_who_was_missed_is_entered_in_error_beside_whoever_has_the_time(
        self, agent: Caller, clinic: Clinic, booked: str
    ) -> None:
        with practice_scope(clinic.practice.id):
            Appointment.objects.update(status="noshow")
            other = Appointment.objects.get()
            other.id, other.status = new_uuid(), "booked"
            other.save(force_insert=True)
        assert act(agent, booked, "status", IN_ERROR).status_code == 200
        assert act(agent, booked, "undo").json()["status"] == "noshow"

    def test_beside_what_the_calendar_has_room_for_it_stands_there_again(
        self, agent: Caller, manager: Caller, clinic: Clinic, booked: str
    ) -> None:
        wish = {
            "patientId": public("pat", clinic.patient.id),
            "slotId": public("slot", clinic.slots[0].id),
            "type": clinic.exam.code,
            "reason": "cannot_wait",
        }
        beside = manager.post("/api/v2/overbookings", wish, key="beside").json()["appointmentId"]
        assert act(manager, beside, "status", IN_ERROR).status_code == 200
        answer = act(manager, beside, "undo").json()
        assert (answer["status"], answer["overbooked"]) == ("booked", True)
        assert taken(clinic) == {"busy": [0, 1]}

    def test_undone_once_more_the_booking_is_not_undone(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        act(agent, booked, "status", IN_ERROR)
        act(agent, booked, "undo")
        with changes():
            assert refused(act(agent, booked, "undo"))

    def test_too_late_the_time_is_free(self, agent: Caller, colleague: Caller, clinic: Clinic, booked: str) -> None:
        act(agent, booked, "status", IN_ERROR)
        later(clinic)
        with changes():
            assert refused(act(agent, booked, "undo"))
        Expiring()(now=datetime.now(UTC))
        assert taken(clinic) == {}
        assert colleague.book(clinic).status_code == 201

    def test_only_whoever_entered_it_so(self, agent: Caller, colleague: Caller, clinic: Clinic, booked: str) -> None:
        act(agent, booked, "status", IN_ERROR)
        with changes():
            assert refused(act(colleague, booked, "undo"))


@pytest.mark.parametrize("change", ["move", "cancel"])
def test_what_was_undone_just_now_leaves_the_booking_alone(
    agent: Caller, clinic: Clinic, booked: str, change: str
) -> None:
    body = {"slotId": public("slot", clinic.slots[4].id)} if change == "move" else {"reason": "other"}
    assert act(agent, booked, change, body).status_code == 200
    assert act(agent, booked, "undo").status_code == 200
    with changes():
        assert refused(act(agent, booked, "undo"))


class TestBooking:
    def test_it_is_cancelled_as_booked_in_error(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        answer = act(agent, booked, "undo")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert taken(clinic) == {}
        with practice_scope(clinic.practice.id):
            assert Appointment.objects.get().cancellation_reason == "booked_in_error"
        with changes():
            assert refused(act(agent, booked, "undo"))

    def test_too_late(self, agent: Caller, clinic: Clinic, booked: str) -> None:
        later(clinic)
        with changes():
            assert refused(act(agent, booked, "undo"))

    def test_only_whoever_booked(self, colleague: Caller, booked: str) -> None:
        with changes():
            assert refused(act(colleague, booked, "undo"))


def test_who_has_seen_an_older_state_is_told_so(agent: Caller, clinic: Clinic, booked: str) -> None:
    seen = agent.get(f"/api/v2/appointments/{booked}").headers["ETag"]
    cancel(agent, booked)
    with changes():
        assert act(agent, booked, "undo", **{"If-Match": seen}).status_code == 412


def test_whoever_may_not(agent: Caller, clinician: Caller, booked: str, other_clinic: Clinic) -> None:
    assert_forbidden(act(clinician, booked, "undo"))
    assert_not_found(act(agent, "appt_00000000000000000000000000", "undo"))
    theirs = Caller(other_clinic.agent, other_clinic.practice).book(other_clinic).json()["appointmentId"]
    assert act(agent, theirs, "undo").status_code == 403
