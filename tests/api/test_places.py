"""Managers add and change locations; calendars follow their clocks, and no place with appointments to come closes."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appointments.models import Hold, Slot
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Location
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_hours, make_member

PATH = "/api/v2/locations"
UPTOWN = {"name": "Uptown", "address": "9 High Street", "phone": "+12125550199", "timeZone": "America/Denver"}
NO_ZONE = ["Not a time zone of the IANA database, such as America/New_York"]
NO_PHONE = ["Give the number as +, country and number: +12125550123"]


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def working(clinic: Clinic, manager: Caller) -> None:
    """Tomorrow, from nine to eleven, where the slots of the clinic are; asked for by hours, as all others are."""
    weekday = clinic.slots[0].starts_at.astimezone(clinic.zone).weekday()
    make_hours(clinic, weekday=weekday, starts=time(9), ends=time(11))
    assert manager.patch(practitioner_of(clinic), {"active": False}).status_code == 200
    assert manager.patch(practitioner_of(clinic), {"active": True}).status_code == 200


def path_of(clinic: Clinic) -> str:
    return f"{PATH}/{public('loc', clinic.location.id)}"


def practitioner_of(clinic: Clinic) -> str:
    return f"/api/v2/practitioners/{public('pract', clinic.practitioner.id)}"


def names(caller: Caller, **query: str) -> list[str]:
    return [each["name"] for each in caller.get(PATH, **query).json()["data"]]


def free(clinic: Clinic) -> list[datetime]:
    """When the free slots begin, of the first day that has any."""
    with practice_scope(clinic.practice.id):
        starts = list(Slot.objects.free().order_by("starts_at").values_list("starts_at", flat=True))
    return [each for each in starts if each < starts[0] + timedelta(hours=12)]


def recorded(clinic: Clinic) -> list[tuple[str, list[str]]]:
    with practice_scope(clinic.practice.id):
        rows = AuditEntry.objects.filter(action__startswith="location.").order_by("at", "id")
        return [(row.action, row.object_ids) for row in rows]


class TestAdding:
    def test_at_what_is_added_people_work_on_its_own_clock(self, manager: Caller, clinic: Clinic) -> None:
        with changes(practices_location=1, mybcat_auditentry=1):
            answer = manager.post(PATH, UPTOWN)
        shown = answer.json()
        assert (answer.status_code, shown) == (201, {"id": shown["id"], **UPTOWN, "active": True})
        who = {"practitionerId": public("pract", clinic.practitioner.id), "locationId": shown["id"]}
        # Not today: of hours that have begun, only the rest is open.
        tomorrow = f"{clinic.slots[0].starts_at.astimezone(clinic.zone):%A}".lower()
        when = {"weekday": tomorrow, "starts": "09:00", "ends": "10:00"}
        assert manager.post("/api/v2/working-hours", {**who, **when}).status_code == 201
        with practice_scope(clinic.practice.id):
            (uptown,) = Location.objects.filter(name="Uptown")
            first = Slot.objects.free().filter(location=uptown).order_by("starts_at").first()
            assert first.starts_at.astimezone(ZoneInfo("America/Denver")).time() == time(9)
        assert recorded(clinic) == [("location.added", [str(uptown.id)])]

    def test_address_and_phone_may_be_left_out(self, manager: Caller) -> None:
        shown = manager.post(PATH, {"name": "Uptown", "timeZone": "UTC"}).json()
        assert (shown["address"], shown["phone"], shown["active"]) == ("", "", True)

    def test_the_same_wish_is_kept_once(self, manager: Caller) -> None:
        first = manager.post(PATH, UPTOWN, key="uptown")
        again = manager.post(PATH, UPTOWN, key="uptown")
        assert (first.json(), names(manager)) == (again.json(), ["Downtown", "Uptown"])

    @pytest.mark.parametrize(
        ("member", "value", "told"),
        [
            ("name", "", ["This field may not be blank."]),
            ("timeZone", "", ["This field may not be blank."]),
            ("timeZone", "Mars/Olympus", NO_ZONE),
            ("timeZone", "EST5EDT", NO_ZONE),
            ("timeZone", "Etc/GMT+5", NO_ZONE),
            ("timeZone", "america/new_york", NO_ZONE),
            ("phone", "212 555 0123", NO_PHONE),
            ("phone", "+012125550123", NO_PHONE),
            ("phone", "+1212555012345678", NO_PHONE),
            ("phone", "+1٢125550123", NO_PHONE),
            ("address", "a" * 251, ["Ensure this field has no more than 250 characters."]),
            ("zone", "UTC", ["Unknown member"]),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(
        self, manager: Caller, clinic: Clinic, member: str, value: Any, told: list[str]
    ) -> None:
        with changes():
            assert_invalid(manager.post(PATH, {**UPTOWN, member: value}), **{member: told})
            assert_invalid(manager.patch(path_of(clinic), {member: value}), **{member: told})

    def test_a_place_has_a_name_and_a_clock(self, manager: Caller, clinic: Clinic) -> None:
        required = ["This field is required."]
        with changes():
            assert_invalid(manager.post(PATH, {}), name=required, timeZone=required)
            assert manager.post(PATH, {**UPTOWN, "active": True}).status_code == 400
            assert manager.patch(path_of(clinic), {}).status_code == 400
            assert manager.patch(path_of(clinic), {"active": "no"}).status_code == 400


class TestChanging:
    def test_names_leave_the_calendar_alone_and_phones_may_go(
        self, manager: Caller, clinic: Clinic, working: None
    ) -> None:
        with changes(practices_location=0, mybcat_auditentry=1):
            told = manager.patch(path_of(clinic), {"name": "Midtown", "phone": "+12125550111"}).json()
        assert (told["location"]["name"], told["location"]["phone"]) == ("Midtown", "+12125550111")
        assert (told["appointmentsOutside"], told["soonest"]) == (0, [])
        assert manager.patch(path_of(clinic), {"phone": ""}).json()["location"]["phone"] == ""
        # The same clock again is no change of it.
        with changes(mybcat_auditentry=1):
            same = manager.patch(path_of(clinic), {"timeZone": "America/New_York", "active": True})
        assert same.json()["appointmentsOutside"] == 0

    def test_another_clock_moves_free_times_and_what_is_booked_stays_and_is_told(
        self, manager: Caller, agent: Caller, clinic: Clinic, working: None
    ) -> None:
        before = free(clinic)
        booked = agent.book(clinic, slot=0, version="v2").json()
        told = manager.patch(path_of(clinic), {"timeZone": "America/Chicago"}).json()
        assert told["location"]["timeZone"] == "America/Chicago"
        assert [each["appointmentId"] for each in told["soonest"]] == [booked["appointmentId"]]
        assert told["appointmentsOutside"] == 1
        # Nine in Chicago is ten in New York.
        assert free(clinic) == [start + timedelta(hours=1) for start in before]
        assert agent.get(f"/api/v2/appointments/{booked['appointmentId']}").json()["start"] == booked["start"]
        assert recorded(clinic) == [("location.changed", [str(clinic.location.id)])]

    def test_what_still_lies_within_hours_is_not_told(
        self, manager: Caller, agent: Caller, clinic: Clinic, working: None
    ) -> None:
        # At ten in New York, which is nine in Chicago.
        assert agent.book(clinic, slot=4).status_code == 201
        told = manager.patch(path_of(clinic), {"timeZone": "America/Chicago"}).json()
        assert (told["appointmentsOutside"], told["soonest"]) == (0, [])

    def test_the_list_s_tag_changes_with_it(self, manager: Caller, agent: Caller, clinic: Clinic) -> None:
        tag = agent.get(PATH).headers["ETag"]
        manager.patch(path_of(clinic), {"address": "2 Main Street"})
        answer = agent.http.get(PATH, headers={**agent.headers, "If-None-Match": tag})
        assert (answer.status_code, answer.json()["data"][0]["address"]) == (200, "2 Main Street")


class TestClosing:
    def test_what_is_closed_has_no_free_times_and_opens_again(
        self, manager: Caller, agent: Caller, clinic: Clinic, working: None
    ) -> None:
        before = free(clinic)
        assert manager.patch(path_of(clinic), {"active": False}).json()["location"]["active"] is False
        with practice_scope(clinic.practice.id):
            assert not Slot.objects.free().exists()
        assert agent.book(clinic).status_code == 409
        assert (names(agent), names(agent, status="inactive"), names(agent, status="all")) == (
            [],
            ["Downtown"],
            ["Downtown"],
        )
        assert manager.patch(path_of(clinic), {"active": True}).status_code == 200
        assert free(clinic) == before

    def test_where_appointments_stand_it_stays_open(
        self, manager: Caller, agent: Caller, clinic: Clinic, working: None
    ) -> None:
        booked = agent.book(clinic).json()["appointmentId"]
        with changes():
            answer = manager.patch(path_of(clinic), {"active": False, "name": "Gone"})
        assert (answer.status_code, answer.json()["code"], answer.json()["appointments"]) == (409, "location_in_use", 1)
        assert names(agent) == ["Downtown"]
        assert agent.post(f"/api/v2/appointments/{booked}/cancel", {"reason": "other"}).status_code == 200
        # For seconds, who has cancelled may take it back.
        with changes():
            held = manager.patch(path_of(clinic), {"active": False})
        assert (held.status_code, held.json()["appointments"]) == (409, 0)
        with practice_scope(clinic.practice.id):
            Hold.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        assert manager.patch(path_of(clinic), {"active": False}).status_code == 200

    def test_appointments_elsewhere_are_no_matter(
        self, manager: Caller, agent: Caller, clinic: Clinic, working: None
    ) -> None:
        uptown = manager.post(PATH, UPTOWN).json()["id"]
        assert agent.book(clinic).status_code == 201
        assert manager.patch(f"{PATH}/{uptown}", {"active": False}).json()["location"]["active"] is False
        assert names(agent) == ["Downtown"]


def test_nobody_s_is_not_found_and_managers_alone_set_them(
    manager: Caller, agent: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    with changes():
        assert_not_found(manager.patch(f"{PATH}/{public('loc', new_uuid())}", {"name": "No"}))
    for ask in (partial(agent.post, PATH, UPTOWN), partial(agent.patch, path_of(clinic), {"active": False})):
        with changes(**REFUSED):
            assert_forbidden(ask())
    assert_forbidden(manager.patch(path_of(other_clinic), {"name": "Mine"}))
    with practice_scope(other_clinic.practice.id):
        assert Location.objects.get().name == "Downtown"
