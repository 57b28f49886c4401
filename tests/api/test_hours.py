"""Managers set weekly hours and time off: slots follow, what is booked stands, and what lies outside is told."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from appointments.models import Slot
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Location, Practice, Practitioner, TimeOff, WorkingHours
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_hours, make_member

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OVERLAP = "The practitioner works then already: change or remove those hours first"


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    """The practice makes slots for two weeks: the clinic's own eight are tomorrow, from 09:00 to 11:00."""
    with practice_scope(clinic.practice.id):
        Practice.objects.update(horizon_days=14)
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def day(clinic: Clinic, days: int = 1) -> date:
    """Tomorrow where the clinic is, or some other day."""
    return clinic.slots[0].starts_at.astimezone(clinic.zone).date() + timedelta(days=days - 1)


def weekday(clinic: Clinic, days: int = 1) -> str:
    return WEEKDAYS[day(clinic, days).weekday()]


def add(caller: Caller, clinic: Clinic, *, preview: bool = False, key: str | None = None, **fields: Any) -> Any:
    """By default tomorrow's weekday from 09:00 to 11:00: what the clinic's slots are."""
    body = {
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
        "weekday": weekday(clinic),
        "starts": "09:00",
        "ends": "11:00",
        **fields,
    }
    return caller.post(f"/api/v2/working-hours{'?preview=true' * preview}", body, key=key)


def added(caller: Caller, clinic: Clinic, **fields: Any) -> str:
    answer = add(caller, clinic, **fields)
    assert answer.status_code == 201, answer.content
    return f"/api/v2/working-hours/{answer.json()['workingHours']['id']}"


def off(caller: Caller, clinic: Clinic, *, preview: bool = False, **fields: Any) -> Any:
    tomorrow = day(clinic).isoformat()
    body = {"firstDay": tomorrow, "lastDay": tomorrow, "reason": "vacation", **fields}
    return caller.post(f"/api/v2/time-off{'?preview=true' * preview}", body)


def free(clinic: Clinic, days: int = 1) -> list[str]:
    """Free slots of a day, as the clock there shows them."""
    with practice_scope(clinic.practice.id):
        rows = Slot.objects.filter(practitioner=clinic.practitioner, status="free").order_by("starts_at")
        starts = [row.starts_at.astimezone(clinic.zone) for row in rows]
    return [f"{start:%H:%M}" for start in starts if start.date() == day(clinic, days)]


def quarters(first: str, count: int) -> list[str]:
    start = datetime.combine(date(2026, 1, 1), time.fromisoformat(first))
    return [f"{start + timedelta(minutes=15 * number):%H:%M}" for number in range(count)]


def told(answer: Any) -> tuple[bool, int, list[str]]:
    body = answer.json()
    return body["preview"], body["appointmentsOutside"], [each["appointmentId"] for each in body["soonest"]]


def recorded(clinic: Clinic) -> list[str]:
    with practice_scope(clinic.practice.id):
        rows = AuditEntry.objects.filter(action__regex="^(working_hours|time_off)")
        return sorted(rows.values_list("action", flat=True))


class TestHours:
    def test_what_is_added_can_be_booked(self, manager: Caller, agent: Caller, clinic: Clinic) -> None:
        answer = add(manager, clinic, starts="13:00", ends="14:30")
        shown = answer.json()["workingHours"]
        assert (answer.status_code, told(answer)) == (201, (False, 0, []))
        assert shown == {
            "id": shown["id"],
            "practitionerId": public("pract", clinic.practitioner.id),
            "locationId": public("loc", clinic.location.id),
            "weekday": weekday(clinic),
            "starts": "13:00",
            "ends": "14:30",
            "validFrom": day(clinic, 0).isoformat(),
            "validUntil": None,
        }
        assert manager.get("/api/v2/working-hours").json()["data"] == [shown]
        # Hours are the whole truth from their first on: what stood beside them closes.
        assert free(clinic) == free(clinic, 8) == quarters("13:00", 6)
        with practice_scope(clinic.practice.id):
            next_week = datetime.combine(day(clinic, 8), time(13), clinic.zone)
            slot = Slot.objects.free().get(starts_at=next_week)
        assert agent.book(clinic, slotId=public("slot", slot.id)).status_code == 201
        assert recorded(clinic) == ["working_hours.added"]

    def test_midnight_ends_the_day(self, manager: Caller, clinic: Clinic) -> None:
        added(manager, clinic, starts="23:00", ends="00:00")
        assert free(clinic) == quarters("23:00", 4)

    def test_they_hold_from_a_day_until_another(self, manager: Caller, clinic: Clinic) -> None:
        path = added(manager, clinic, validFrom=day(clinic, 8).isoformat())
        assert (free(clinic), free(clinic, 8)) == ([], quarters("09:00", 8))
        ended = manager.patch(path, {"validUntil": day(clinic, 9).isoformat()})
        assert ended.json()["workingHours"]["validUntil"] == day(clinic, 9).isoformat()
        assert manager.patch(path, {"validUntil": None}).json()["workingHours"]["validUntil"] is None

    def test_a_change_moves_the_slots_and_leaves_what_is_booked(
        self, manager: Caller, agent: Caller, clinic: Clinic
    ) -> None:
        path = added(manager, clinic)
        early = agent.book(clinic, slot=0).json()["appointmentId"]
        late = agent.book(clinic, slot=6).json()["appointmentId"]
        with changes():
            preview = manager.patch(f"{path}?preview=true", {"starts": "10:00", "ends": "12:00"})
        assert (preview.status_code, told(preview)) == (200, (True, 1, [early]))
        assert preview.json()["workingHours"] is None
        first = preview.json()["soonest"][0]
        assert datetime.fromisoformat(first["start"]) == clinic.slots[0].starts_at

        changed = manager.patch(path, {"starts": "10:00", "ends": "12:00"})
        assert told(changed) == (False, 1, [early])
        assert free(clinic) == [*quarters("10:00", 2), *quarters("11:00", 4)]
        for identifier in (early, late):
            assert agent.get(f"/api/v2/appointments/{identifier}").json()["status"] == "booked"
        # It lies outside already: no later change has done it.
        assert told(manager.patch(path, {"starts": "10:15"})) == (False, 0, [])
        assert recorded(clinic) == ["working_hours.added", *["working_hours.changed"] * 2]

    def test_hours_elsewhere_leave_outside_who_comes_here(self, manager: Caller, agent: Caller, clinic: Clinic) -> None:
        path = added(manager, clinic)
        booked = agent.book(clinic).json()["appointmentId"]
        with practice_scope(clinic.practice.id):
            uptown = Location.objects.create(name="Uptown", time_zone=clinic.location.time_zone)
        moved = manager.patch(path, {"locationId": public("loc", uptown.id)})
        assert told(moved) == (False, 1, [booked])
        assert moved.json()["workingHours"]["locationId"] == public("loc", uptown.id)

    def test_of_two_that_follow_on_each_other_none_is_outside(
        self, manager: Caller, agent: Caller, clinic: Clinic
    ) -> None:
        path = added(manager, clinic)
        booked = agent.book(clinic, slot=1).json()["appointmentId"]
        assert told(manager.patch(path, {"ends": "09:30"})) == (False, 1, [booked])
        added(manager, clinic, starts="09:30", ends="11:00")
        # 09:15 to 09:45 lies over both; without the second it does not.
        second = manager.get("/api/v2/working-hours").json()["data"][1]["id"]
        assert told(manager.delete(f"/api/v2/working-hours/{second}?preview=true")) == (True, 1, [booked])

    def test_what_is_removed_closes_and_tells_what_lies_outside(
        self, manager: Caller, agent: Caller, clinic: Clinic
    ) -> None:
        path = added(manager, clinic)
        booked = agent.book(clinic, slot=2).json()["appointmentId"]
        with changes():
            assert told(manager.delete(f"{path}?preview=true")) == (True, 1, [booked])
        assert told(manager.delete(path)) == (False, 1, [booked])
        assert free(clinic) == free(clinic, 8) == []
        assert manager.get("/api/v2/working-hours").json()["data"] == []
        assert_not_found(manager.delete(path))

    @pytest.mark.parametrize(
        "fields",
        [
            {"starts": "08:00", "ends": "09:15"},
            {"starts": "10:45", "ends": "00:00"},
            {"starts": "09:30", "ends": "09:45"},
            {"starts": "08:00", "ends": "12:00", "validFrom": "2199-01-01"},
        ],
    )
    def test_nobody_works_twice_at_once(self, manager: Caller, clinic: Clinic, fields: dict[str, Any]) -> None:
        added(manager, clinic)
        with changes():
            refused = add(manager, clinic, **fields)
        assert_refused(refused, status=409, code="hours_overlap", sentence=OVERLAP)

    def test_what_only_touches_does_not_overlap(self, manager: Caller, clinic: Clinic) -> None:
        path = added(manager, clinic, validUntil="2100-01-01")
        added(manager, clinic, starts="11:00", ends="12:00")
        added(manager, clinic, starts="08:00", ends="09:00")
        added(manager, clinic, weekday=weekday(clinic, 2))
        added(manager, clinic, validFrom="2100-01-01")
        with changes():
            refused = manager.patch(path, {"ends": "11:15"})
        assert refused.json()["code"] == "hours_overlap"
        # A period is not in its own way.
        assert manager.patch(path, {"ends": "10:45"}).status_code == 200

    def test_what_cannot_be_is_refused_by_name(self, manager: Caller, clinic: Clinic) -> None:
        path = added(manager, clinic)
        with changes():
            assert_invalid(add(manager, clinic, weekday="funday"), weekday=["monday to sunday"])
            assert add(manager, clinic, starts="9:00").json()["errors"][0]["pointer"] == "#/starts"
            assert add(manager, clinic, starts="24:00").status_code == 400
            backwards = add(manager, clinic, weekday=weekday(clinic, 2), starts="11:00", ends="09:00")
            assert (backwards.status_code, backwards.json()["errors"][0]["pointer"]) == (400, "#/ends")
            never = manager.patch(path, {"validUntil": "2020-01-01"})
            assert (never.status_code, never.json()["code"]) == (400, "invalid_hours")
            nothing = manager.patch(path, {})
            assert (nothing.status_code, nothing.json()["detail"]) == (400, "Nothing to change")
            assert manager.patch(path, {"practitionerId": public("pract", clinic.practitioner.id)}).status_code == 400
            assert manager.post("/api/v2/working-hours?preview=yes", {}).status_code == 400

    def test_what_nobody_has_is_not_found(self, manager: Caller, clinic: Clinic) -> None:
        path = added(manager, clinic)
        with changes():
            assert_not_found(add(manager, clinic, practitionerId=public("pract", new_uuid())))
            assert_not_found(add(manager, clinic, locationId=public("loc", new_uuid())))
            assert_not_found(manager.patch(path, {"locationId": public("loc", new_uuid())}))
            assert_not_found(manager.patch(f"/api/v2/working-hours/{public('hours', new_uuid())}", {"ends": "10:00"}))
            assert_not_found(manager.get("/api/v2/working-hours", practitioner=public("pract", new_uuid())))

    def test_a_preview_and_the_change_after_it_are_two_requests(self, manager: Caller, clinic: Clinic) -> None:
        key = str(uuid4())
        assert add(manager, clinic, preview=True, key=key).status_code == 201
        refused = add(manager, clinic, key=key)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
        with practice_scope(clinic.practice.id):
            assert not WorkingHours.objects.exists()

    def test_the_same_again_is_added_once(self, manager: Caller, clinic: Clinic) -> None:
        key = str(uuid4())
        first, again = add(manager, clinic, key=key), add(manager, clinic, key=key)
        assert (again.status_code, again.json()) == (201, first.json())

    def test_agents_read_them_and_managers_alone_change_them(
        self, manager: Caller, agent: Caller, clinic: Clinic
    ) -> None:
        path = added(manager, clinic)
        assert len(agent.get("/api/v2/working-hours").json()["data"]) == 1
        asks: list[Callable[[], Any]] = [
            partial(add, agent, clinic),
            partial(agent.patch, path, {"ends": "10:00"}),
            partial(agent.delete, path),
            partial(off, agent, clinic),
            partial(agent.get, "/api/v2/time-off"),
            partial(agent.delete, f"/api/v2/time-off/{public('toff', new_uuid())}"),
        ]
        for ask in asks:
            with changes(**REFUSED):
                assert_forbidden(ask())

    def test_the_list_is_asked_for_by_practitioner_and_not_sent_twice(self, manager: Caller, clinic: Clinic) -> None:
        added(manager, clinic)
        with practice_scope(clinic.practice.id):
            lee = Practitioner.objects.create(name="Dr Lee")
        asked = manager.get("/api/v2/working-hours", practitioner=public("pract", lee.id))
        assert asked.json()["data"] == []
        tag = manager.get("/api/v2/working-hours")["ETag"]
        headers = {**manager.headers, "If-None-Match": tag}
        assert manager.http.get("/api/v2/working-hours", headers=headers).status_code == 304
        make_hours(clinic, weekday=6)
        assert manager.http.get("/api/v2/working-hours", headers=headers).status_code == 200

    def test_nine_o_clock_stays_nine_o_clock(self, manager: Caller, clinic: Clinic) -> None:
        """Over a year there are two changes of the clock."""
        with practice_scope(clinic.practice.id):
            Practice.objects.update(horizon_days=366)
        added(manager, clinic, starts="09:00", ends="09:30")
        with practice_scope(clinic.practice.id):
            rows = list(Slot.objects.free().filter(starts_at__gt=datetime.now(UTC)))
        assert {f"{row.starts_at.astimezone(clinic.zone):%H:%M}" for row in rows} == {"09:00", "09:15"}
        assert {row.starts_at.astimezone(clinic.zone).utcoffset() for row in rows} == {
            timedelta(hours=-4),
            timedelta(hours=-5),
        }


class TestTimeOff:
    def test_a_day_off_closes_the_day_and_leaves_what_is_booked(
        self, manager: Caller, agent: Caller, clinic: Clinic
    ) -> None:
        added(manager, clinic)
        booked = agent.book(clinic).json()["appointmentId"]
        pract = public("pract", clinic.practitioner.id)
        with changes():
            preview = off(manager, clinic, preview=True, practitionerId=pract)
        assert (told(preview), preview.json()["timeOff"]) == ((True, 1, [booked]), None)

        answer = off(manager, clinic, practitionerId=pract)
        shown = answer.json()["timeOff"]
        assert (answer.status_code, told(answer)) == (201, (False, 1, [booked]))
        begins = datetime.combine(day(clinic), time(), clinic.zone)
        assert datetime.fromisoformat(shown["start"]) == begins
        assert datetime.fromisoformat(shown["end"]) == datetime.combine(day(clinic, 2), time(), clinic.zone)
        assert (shown["practitionerId"], shown["locationId"], shown["reason"]) == (pract, None, "vacation")
        assert manager.get("/api/v2/time-off").json()["data"] == [shown]
        assert (free(clinic), free(clinic, 8)) == ([], quarters("09:00", 8))
        assert agent.get(f"/api/v2/appointments/{booked}").json()["status"] == "booked"

        assert manager.delete(f"/api/v2/time-off/{shown['id']}").status_code == 204
        assert free(clinic) == quarters("09:30", 6)
        assert_not_found(manager.delete(f"/api/v2/time-off/{shown['id']}"))
        assert recorded(clinic) == ["time_off.added", "time_off.removed", "working_hours.added"]

    def test_hours_off_are_the_clock_s_of_the_place(self, manager: Caller, clinic: Clinic) -> None:
        """The practice's clock shows another time than the location's."""
        added(manager, clinic)
        with practice_scope(clinic.practice.id):
            Practice.objects.update(time_zone="America/Los_Angeles")
        here = public("loc", clinic.location.id)
        assert off(manager, clinic, locationId=here, starts="09:30", ends="10:15").status_code == 201
        assert free(clinic) == ["09:00", "09:15", "10:15", "10:30", "10:45"]

    def test_a_holiday_closes_the_practice(self, manager: Caller, agent: Caller, clinic: Clinic) -> None:
        added(manager, clinic)
        booked = agent.book(clinic).json()["appointmentId"]
        assert told(off(manager, clinic, reason="holiday")) == (False, 1, [booked])
        assert free(clinic) == []
        closures = agent.get("/api/v2/workspace").json()["closures"]
        assert [(each["locationId"], each["reason"]) for each in closures] == [(None, "holiday")]

    def test_whom_it_is_not_about_is_not_told_of(self, manager: Caller, agent: Caller, clinic: Clinic) -> None:
        agent.book(clinic)
        with practice_scope(clinic.practice.id):
            lee = Practitioner.objects.create(name="Dr Lee")
            uptown = Location.objects.create(name="Uptown", time_zone="America/New_York")
        assert told(off(manager, clinic, practitionerId=public("pract", lee.id))) == (False, 0, [])
        assert told(off(manager, clinic, locationId=public("loc", uptown.id))) == (False, 0, [])
        assert told(off(manager, clinic, starts="09:30", ends="17:00")) == (False, 0, [])
        assert told(off(manager, clinic, starts="09:29", ends="17:00"))[1] == 1

    def test_what_is_over_is_not_listed(self, manager: Caller, clinic: Clinic) -> None:
        past = datetime.now(UTC) - timedelta(days=2)
        with practice_scope(clinic.practice.id):
            TimeOff.objects.create(starts_at=past, ends_at=past + timedelta(days=1), reason="sick")
        assert manager.get("/api/v2/time-off").json()["data"] == []

    def test_what_cannot_be_is_refused_and_nothing_is_kept(self, manager: Caller, clinic: Clinic) -> None:
        tomorrow, today = day(clinic).isoformat(), day(clinic, 0).isoformat()
        with changes():
            for fields in (
                {"firstDay": tomorrow, "lastDay": today},
                {"starts": "12:00", "ends": "09:00"},
                {"starts": "12:00", "ends": "09:00", "preview": True},
            ):
                refused = off(manager, clinic, **fields)
                assert (refused.status_code, refused.json()["code"]) == (400, "invalid_time_off")
            assert_invalid(off(manager, clinic, reason="bored"), reason=["No such reason"])
            assert_not_found(off(manager, clinic, practitionerId=public("pract", new_uuid())))
            assert_not_found(off(manager, clinic, locationId=public("loc", new_uuid())))
