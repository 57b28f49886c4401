"""What an agent knows of a practice when its phone rings: one answer, and 304 until something of it changes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mybcat.models import AuditEntry
from mybcat.principal import PERMISSIONS, Role
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practice, Practitioner, TimeOff
from practices.workspace.models import FrontDesk
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_type

PATH = "/api/v2/workspace"
DESK = {"greeting": "Thank you for calling.", "script": "Ask for the name.", "insurance": ["VSP", "EyeMed", "VSP"]}


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def close(clinic: Clinic, *, days: int, **fields: Any) -> TimeOff:
    now = timezone.now().replace(microsecond=0)
    with practice_scope(clinic.practice.id):
        until = now + timedelta(days=days, hours=8)
        return TimeOff.objects.create(starts_at=now + timedelta(days=days), ends_at=until, reason="holiday", **fields)


def test_all_of_it_in_one_answer(agent: Caller, manager: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    make_type(practice=clinic.practice, code="gone", is_active=False)
    closed = close(clinic, days=3)
    here = close(clinic, days=1, location=clinic.location)
    # Of one person, over, and too far ahead: no caller asks for these.
    close(clinic, days=2, practitioner=clinic.practitioner)
    close(clinic, days=-2)
    close(clinic, days=91)
    close(other_clinic, days=1)
    manager.http.put(f"{PATH}/front-desk", DESK, content_type="application/json", headers=manager.headers)

    with changes():
        shown = agent.get(PATH).json()

    assert (shown["greeting"], shown["script"]) == (DESK["greeting"], DESK["script"])
    assert shown["insurance"] == ["VSP", "EyeMed"]
    assert shown["practice"] == {
        "practiceId": public("prac", clinic.practice.id),
        "name": "Bright Eyes Optometry",
        "timeZone": "America/New_York",
        "country": "US",
        "phone": clinic.practice.phone,
        "horizonDays": clinic.practice.horizon_days,
    }
    assert [(each["start"], each["locationId"]) for each in shown["closures"]] == [
        (here.starts_at.isoformat(), public("loc", clinic.location.id)),
        (closed.starts_at.isoformat(), None),
    ]
    assert [each["id"] for each in shown["locations"]] == [public("loc", clinic.location.id)]
    assert [each["id"] for each in shown["practitioners"]] == [public("pract", clinic.practitioner.id)]
    assert [each["code"] for each in shown["appointmentTypes"]] == [clinic.exam.code]
    assert (shown["protocolVersionId"], shown["role"]) == (None, "scheduling_agent")
    assert shown["permissions"] == sorted(PERMISSIONS[Role.SCHEDULING_AGENT])


def test_a_practice_that_has_written_nothing_has_a_workspace(agent: Caller) -> None:
    shown = agent.get(PATH).json()
    assert (shown["greeting"], shown["script"], shown["insurance"], shown["closures"]) == ("", "", [], [])


CHANGES: dict[str, Callable[[Clinic], Any]] = {
    "practice": lambda clinic: Practice.objects.update(phone="+12125550111"),
    "location": lambda clinic: Location.objects.update(name="Uptown"),
    "practitioner": lambda clinic: Practitioner.objects.create(name="Dr New"),
    "type": lambda clinic: AppointmentType.objects.update(duration_minutes=45),
    "front desk": lambda clinic: FrontDesk.objects.create(greeting="Hello"),
    "closure": lambda clinic: TimeOff.objects.create(
        starts_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=1), reason="other"
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_304_until_something_of_it_changes(agent: Caller, clinic: Clinic, what: str) -> None:
    def asked() -> Any:
        return agent.http.get(PATH, headers={**agent.headers, "If-None-Match": tag})

    tag = agent.get(PATH).headers["ETag"]
    assert (asked().status_code, asked().content) == (304, b"")
    with practice_scope(clinic.practice.id):
        CHANGES[what](clinic)
    assert asked().status_code == 200


def test_one_s_tag_is_not_another_role_s_nor_another_practice_s(
    agent: Caller, manager: Caller, other_clinic: Clinic
) -> None:
    there = Caller(other_clinic.agent, other_clinic.practice)
    assert len({caller.get(PATH).headers["ETag"] for caller in (agent, manager, there)}) == 3


def test_a_closure_that_is_over_changes_the_answer(agent: Caller, clinic: Clinic) -> None:
    closed = close(clinic, days=0)
    tag = agent.get(PATH).headers["ETag"]
    with practice_scope(clinic.practice.id):
        # As time does; the row's version would tell of a write, so it is the count that must.
        TimeOff.objects.filter(id=closed.id).update(
            starts_at=closed.starts_at - timedelta(days=2), ends_at=timezone.now()
        )
    again = agent.http.get(PATH, headers={**agent.headers, "If-None-Match": tag})
    assert (again.status_code, again.json()["closures"]) == (200, [])


class TestWriting:
    def put(self, caller: Caller, body: Any) -> Any:
        return caller.http.put(f"{PATH}/front-desk", body, content_type="application/json", headers=caller.headers)

    def test_managers_replace_it_as_a_whole_and_are_on_record(self, manager: Caller, clinic: Clinic) -> None:
        self.put(manager, DESK)
        written = self.put(manager, {"greeting": "Hello", "script": "", "insurance": []})
        assert written.json() == {"greeting": "Hello", "script": "", "insurance": []}
        with practice_scope(clinic.practice.id):
            assert FrontDesk.objects.count() == 1
            assert AuditEntry.objects.filter(action="front_desk.written").count() == 2

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {**DESK, "greeting": "x" * 301},
            {**DESK, "script": "x" * 8001},
            {**DESK, "insurance": ["x"] * 201},
            {**DESK, "insurance": [""]},
            {**DESK, "insurance": "VSP"},
            {**DESK, "greeting": "\x00"},
            {**DESK, "colour": "red"},
        ],
    )
    def test_what_is_wrong_is_refused(self, manager: Caller, body: Any) -> None:
        with changes():
            assert self.put(manager, body).status_code == 400

    def test_agents_do_not_write_it(self, agent: Caller) -> None:
        with changes(mybcat_auditentry=1):
            assert self.put(agent, DESK).status_code == 403
