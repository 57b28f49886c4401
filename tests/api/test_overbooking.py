"""Beside what the calendar has room for: on purpose, by who may, for a reason, up to the day's cap."""

from typing import Any

import pytest

from appointments.models import Appointment, Hold
from mybcat.models import AuditEntry, Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Practitioner
from tests.api.refusals import assert_forbidden, assert_invalid, assert_refused
from tests.api.rows import BOOKED, REFUSED, changes
from tests.api.test_moving import booked, statuses
from tests.callers import Caller, public
from tests.factories import Clinic, make_hold, make_member

OVERBOOKED = {table: rows for table, rows in BOOKED.items() if table != "appointments_slot"}
# What the platform's protocol for optometry calls an emergency.
ALARMING = {"symptoms": ["chemical"]}


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def full(agent: Caller, clinic: Clinic) -> list[str]:
    """Half hours from 09:00 to 11:00, all taken."""
    return [booked(agent, clinic, slot=slot) for slot in range(0, 8, 2)]


def overbook(caller: Caller, clinic: Clinic, *, slot: int = 0, key: str = "a key", **body: Any) -> Any:
    wanted = {
        "patientId": public("pat", clinic.patient.id),
        "slotId": public("slot", clinic.slots[slot].id),
        "type": clinic.exam.code,
        "reason": "practitioner_request",
        **body,
    }
    return caller.post("/api/v2/overbookings", wanted, key=key)


def of(clinic: Clinic, **fields: Any) -> int:
    with practice_scope(clinic.practice.id):
        return Appointment.objects.filter(**fields).count()


@pytest.mark.usefixtures("full")
class TestBooking:
    def test_a_manager_books_beside_what_is_taken(self, manager: Caller, clinic: Clinic) -> None:
        with changes(**OVERBOOKED):
            answer = overbook(manager, clinic)
        shown = answer.json()
        assert (answer.status_code, shown["overbooked"], shown["status"]) == (201, True, "booked")
        assert manager.get(answer["Location"]).json() == shown
        assert statuses(clinic) == ["busy"] * 8
        with practice_scope(clinic.practice.id):
            event = Event.objects.get(subject_id=Appointment.objects.get(overbooked=True).id)
            assert event.type == "appointment.booked"
            assert AuditEntry.objects.filter(action="appointment.overbooked").count() == 1

    def test_calendars_say_which_it_is(self, manager: Caller, clinic: Clinic) -> None:
        identifier = overbook(manager, clinic).json()["appointmentId"]
        day = clinic.slots[0].starts_at.astimezone(clinic.zone).date().isoformat()
        rows = manager.get("/api/v2/appointments", **{"from": day}).json()["data"]
        assert [row["appointmentId"] for row in rows if row["overbooked"]] == [identifier]
        assert len(rows) == 5

    def test_once_for_one_key(self, manager: Caller, clinic: Clinic) -> None:
        first, second = overbook(manager, clinic), overbook(manager, clinic)
        assert (first.json(), second.headers["Idempotent-Replayed"]) == (second.json(), "true")
        assert of(clinic, overbooked=True) == 1

    def test_without_a_key_or_a_known_reason_not_at_all(self, manager: Caller, clinic: Clinic) -> None:
        with changes():
            assert overbook(manager, clinic, key="").status_code == 400
            assert_invalid(overbook(manager, clinic, reason="because"), reason=["No such reason"])
            assert_invalid(overbook(manager, clinic, type="none"), type=["No such type of appointment"])

    def test_agents_may_not(self, agent: Caller, clinic: Clinic) -> None:
        for extra in ({}, {"reason": "emergency"}, {"reason": "emergency", "answers": {}}):
            with changes(**REFUSED):
                assert_refused(
                    overbook(agent, clinic, key=str(len(extra)), **extra),
                    status=403,
                    code="overbooking_not_permitted",
                    sentence="Only managers overbook; agents do where the protocol's answers make it an emergency",
                )

    def test_in_an_emergency_agents_may(self, agent: Caller, clinic: Clinic) -> None:
        assert overbook(agent, clinic, reason="emergency", answers=ALARMING).status_code == 201
        with changes(**REFUSED):
            answer = overbook(agent, clinic, key="another", reason="other", answers=ALARMING)
            assert answer.json()["code"] == "overbooking_not_permitted"

    def test_practitioners_and_others_may_not(self, clinician: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
        with changes(**REFUSED):
            assert_forbidden(overbook(clinician, clinic))
        other = Caller(make_member(practice=other_clinic.practice, role=Role.PRACTICE_MANAGER), other_clinic.practice)
        assert_forbidden(overbook(other, clinic))
        assert of(clinic, overbooked=True) == 0


def test_what_is_free_is_to_be_booked(manager: Caller, clinic: Clinic) -> None:
    with changes(mybcat_idempotencykey=1):
        answer = overbook(manager, clinic)
    assert (answer.status_code, answer.json()["code"]) == (409, "overbooking_not_needed")


def test_also_beside_what_a_colleague_holds(manager: Caller, clinic: Clinic) -> None:
    make_hold(clinic.slots[0])
    assert overbook(manager, clinic).status_code == 201


def test_not_where_nobody_is_in(manager: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        type(clinic.slots[0]).objects.filter(id=clinic.slots[0].id).update(status="busy-unavailable")
    with changes(mybcat_idempotencykey=1):
        assert overbook(manager, clinic).json()["code"] == "practitioner_not_in"


@pytest.mark.usefixtures("full")
class TestCap:
    def test_two_a_day_unless_the_practice_says_otherwise(self, manager: Caller, clinic: Clinic) -> None:
        assert [overbook(manager, clinic, slot=2 * n, key=f"k{n}").status_code for n in range(2)] == [201] * 2
        with changes(mybcat_idempotencykey=1):
            answer = overbook(manager, clinic, slot=4, key="k3")
        assert (answer.status_code, answer.json()["code"], answer.json()["cap"]) == (409, "overbooking_full", 2)
        with practice_scope(clinic.practice.id):
            Practitioner.objects.update(overbookings_a_day=3)
        assert overbook(manager, clinic, slot=4, key="k4").status_code == 201

    def test_who_cancelled_one_can_undo_it_although_the_day_is_full(self, manager: Caller, clinic: Clinic) -> None:
        first, _ = (overbook(manager, clinic, slot=2 * n, key=f"k{n}").json()["appointmentId"] for n in range(2))
        manager.post(f"/api/v2/appointments/{first}/cancel", {"reason": "patient_request"})
        with changes(mybcat_idempotencykey=1):
            assert overbook(manager, clinic, slot=4, key="k3").json()["code"] == "overbooking_full"
        answer = manager.post(f"/api/v2/appointments/{first}/undo", None)
        assert (answer.status_code, answer.json()["overbooked"]) == (200, True)


@pytest.mark.usefixtures("full")
class TestLater:
    def test_it_moves_into_the_calendar_and_back_by_undo(
        self, manager: Caller, clinic: Clinic, full: list[str]
    ) -> None:
        identifier = overbook(manager, clinic).json()["appointmentId"]
        before = manager.get(f"/api/v2/appointments/{identifier}").json()
        manager.post(f"/api/v1/appointments/{full[3]}/cancel", {"reason": "patient_request"})
        moved = manager.post(
            f"/api/v2/appointments/{identifier}/move", {"slotId": public("slot", clinic.slots[6].id)}
        ).json()
        assert (moved["overbooked"], moved["slotId"]) == (False, public("slot", clinic.slots[6].id))
        assert of(clinic, overbooking_reason="") == 5
        assert manager.post(f"/api/v2/appointments/{identifier}/undo", None).json() == before
        assert statuses(clinic) == ["busy"] * 6 + ["free"] * 2
        with practice_scope(clinic.practice.id):
            assert not Hold.objects.exists()

    def test_the_time_under_it_can_be_given_back_and_booked_again(
        self, manager: Caller, clinic: Clinic, full: list[str]
    ) -> None:
        overbook(manager, clinic)
        manager.post(f"/api/v1/appointments/{full[0]}/cancel", {"reason": "patient_request"})
        assert manager.book(clinic, version="v2").status_code == 201

    def test_it_is_nobodys_blocker(self, manager: Caller, clinic: Clinic, full: list[str]) -> None:
        overbook(manager, clinic)
        manager.post(f"/api/v1/appointments/{full[0]}/cancel", {"reason": "patient_request"})
        explained = manager.get(
            "/api/v2/slots/why-not",
            practitioner=public("pract", clinic.practitioner.id),
            start=clinic.slots[0].starts_at.isoformat(),
            type=clinic.exam.code,
        ).json()
        assert [each["code"] for each in explained["blockers"]] == ["not_in"]

    def test_its_booking_can_be_undone(self, manager: Caller, clinic: Clinic) -> None:
        identifier = overbook(manager, clinic).json()["appointmentId"]
        answer = manager.post(f"/api/v2/appointments/{identifier}/undo", None)
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert statuses(clinic) == ["busy"] * 8
