"""Managers add and change practitioners; calendars follow."""

from datetime import time, timedelta
from functools import partial
from typing import Any

import pytest

from appointments.models import Slot
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Membership, Practitioner
from tests.api.refusals import assert_forbidden, assert_not_found
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_hours, make_member

PATH = "/api/v2/practitioners"


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def path_of(clinic: Clinic) -> str:
    return f"{PATH}/{public('pract', clinic.practitioner.id)}"


def names(caller: Caller, **query: str) -> list[str]:
    return [each["name"] for each in caller.get(PATH, **query).json()["data"]]


def free(clinic: Clinic) -> int:
    with practice_scope(clinic.practice.id):
        return Slot.objects.free().filter(practitioner=clinic.practitioner).count()


def test_who_is_added_has_hours_like_anybody(manager: Caller, clinic: Clinic) -> None:
    with changes(practices_practitioner=1, mybcat_auditentry=1):
        answer = manager.post(PATH, {"name": "Dr Ben Cho", "qualification": "MD", "overbookingsADay": 0})
    shown = answer.json()
    assert (answer.status_code, shown) == (
        201,
        {
            "id": shown["id"],
            "name": "Dr Ben Cho",
            "qualification": "MD",
            "active": True,
            "overbookingsADay": 0,
            "memberId": None,
        },
    )
    hours = {"practitionerId": shown["id"], "locationId": public("loc", clinic.location.id)}
    when = {"weekday": "monday", "starts": "09:00", "ends": "10:00"}
    assert manager.post("/api/v2/working-hours", {**hours, **when}).status_code == 201
    with practice_scope(clinic.practice.id):
        assert Slot.objects.free().filter(practitioner__name="Dr Ben Cho").exists()
        actions = AuditEntry.objects.filter(action__startswith="practitioner.")
        assert [row.action for row in actions] == ["practitioner.added"]


def test_a_change_of_names_leaves_the_calendar_alone(manager: Caller, clinic: Clinic) -> None:
    with changes(practices_practitioner=0, mybcat_auditentry=1):
        answer = manager.patch(path_of(clinic), {"name": "Dr Alice Park", "overbookingsADay": 20})
    told = answer.json()
    assert (told["practitioner"]["name"], told["practitioner"]["overbookingsADay"]) == ("Dr Alice Park", 20)
    assert (told["appointmentsOutside"], told["soonest"]) == (0, [])


def test_who_sees_patients_no_more_has_no_free_time_and_keeps_what_is_booked(
    manager: Caller, agent: Caller, clinic: Clinic
) -> None:
    weekday = clinic.slots[0].starts_at.astimezone(clinic.zone).weekday()
    make_hours(clinic, weekday=weekday, starts=time(9), ends=time(11))
    booked = agent.book(clinic).json()["appointmentId"]
    answer = manager.patch(path_of(clinic), {"active": False})
    told = answer.json()
    assert (told["practitioner"]["active"], told["appointmentsOutside"]) == (False, 1)
    assert [each["appointmentId"] for each in told["soonest"]] == [booked]
    assert free(clinic) == 0
    assert agent.get(f"/api/v2/appointments/{booked}").json()["status"] == "booked"
    assert (names(agent), names(agent, status="inactive")) == ([], ["Dr Alice Lee"])

    again = manager.patch(path_of(clinic), {"active": True}).json()
    assert (again["practitioner"]["active"], again["appointmentsOutside"]) == (True, 0)
    with practice_scope(clinic.practice.id):
        tomorrow = Slot.objects.free().filter(starts_at__lt=clinic.slots[0].starts_at + timedelta(days=1))
        assert tomorrow.count() == 6


def test_a_practitioner_is_a_member_and_then_is_not(manager: Caller, clinic: Clinic, clinician: Caller) -> None:
    with practice_scope(clinic.practice.id):
        member = Membership.objects.get(role=Role.PRACTITIONER)
    told = manager.patch(path_of(clinic), {"memberId": public("mem", member.id)}).json()
    assert told["practitioner"]["memberId"] == public("mem", member.id)
    assert [each["memberId"] for each in clinician.get(PATH).json()["data"]] == [public("mem", member.id)]
    with practice_scope(clinic.practice.id):
        assert Practitioner.objects.get().user_id == member.user_id
    with changes():
        assert_not_found(manager.patch(path_of(clinic), {"memberId": public("mem", new_uuid())}))
    assert manager.patch(path_of(clinic), {"memberId": None}).json()["practitioner"]["memberId"] is None


def test_what_is_over_or_cancelled_is_not_told(manager: Caller, agent: Caller, clinic: Clinic) -> None:
    booked = agent.book(clinic).json()["appointmentId"]
    assert agent.post(f"/api/v2/appointments/{booked}/cancel", {"reason": "other"}).status_code == 200
    assert manager.patch(path_of(clinic), {"active": False}).json()["appointmentsOutside"] == 0
    # Who was inactive already leaves nobody behind anew.
    assert manager.patch(path_of(clinic), {"active": False}).json()["appointmentsOutside"] == 0


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"overbookingsADay": 21}, {"overbookingsADay": -1}, {"active": "no"}, {"user": "x"}]
)
def test_what_cannot_be_is_refused(manager: Caller, clinic: Clinic, body: dict[str, Any]) -> None:
    with changes():
        assert manager.patch(path_of(clinic), body).status_code == 400
        assert manager.post(PATH, body).status_code == 400


def test_nobody_s_is_not_found_and_managers_alone_set_them(manager: Caller, agent: Caller, clinic: Clinic) -> None:
    with changes():
        assert_not_found(manager.patch(f"{PATH}/{public('pract', new_uuid())}", {"name": "Dr No"}))
    for ask in (partial(agent.post, PATH, {"name": "Dr No"}), partial(agent.patch, path_of(clinic), {"active": False})):
        with changes(**REFUSED):
            assert_forbidden(ask())
    with practice_scope(clinic.practice.id):
        assert Practitioner.objects.get().is_active
