"""Slots follow the hours: opened, closed, never taken away from whom they were promised to."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from appointments import planning, schedules
from appointments.models import Schedule, Slot
from appointments.regeneration import Change, regenerate
from appointments.working_days import Interval, plan_slots
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Location, Practice, Practitioner, TimeOff, WorkingHours
from tests.appointments.calendars import (
    HORIZON_DAYS,
    MONDAY,
    NOW,
    Calendar,
    day_after,
    hours,
    make_calendar,
    make_location,
)
from tests.factories import Clinic, make_hold, make_practice

QUARTERS = ["09:00", "09:15", "09:30", "09:45"]
HALVES = ["09:00", "09:30"]


@pytest.fixture
def calendar(clinic: Clinic) -> Calendar:
    return make_calendar(clinic)


def replace(calendar: Calendar, *periods: WorkingHours, now: datetime = NOW) -> Change:
    with practice_scope(calendar.clinic.practice.id):
        return schedules.replace_hours(
            practitioner=calendar.refreshed(), hours=periods, by=calendar.clinic.principal, now=now
        )


def changed(calendar: Calendar, now: datetime = NOW) -> Change:
    with practice_scope(calendar.clinic.practice.id):
        return schedules.hours_changed(practitioner=calendar.refreshed(), now=now)


def extend(calendar: Calendar, now: datetime) -> Change:
    with practice_scope(calendar.clinic.practice.id):
        return schedules.extend_horizon(practitioner=calendar.refreshed(), now=now)


def generated_until(calendar: Calendar) -> object:
    with practice_scope(calendar.clinic.practice.id):
        return Schedule.objects.get(practitioner=calendar.practitioner).generated_until


class TestHorizon:
    def test_slots_are_made_to_the_horizon(self, calendar: Calendar) -> None:
        # The second Monday is the last within 14 days.
        assert calendar.statuses() == {"free": 8}
        assert calendar.free() == calendar.free(day=day_after(7)) == QUARTERS
        assert generated_until(calendar) == day_after(HORIZON_DAYS)

    def test_a_slot_knows_its_end_and_its_place(self, calendar: Calendar) -> None:
        slot = calendar.slot("09:15")
        assert slot.ends_at == calendar.instant("09:30")
        assert slot.location_id == calendar.clinic.location.id
        assert slot.appointment_id is None

    def test_a_second_extension_changes_nothing(self, calendar: Calendar) -> None:
        assert extend(calendar, NOW) == Change()
        assert extend(calendar, NOW + timedelta(hours=11)) == Change()

    def test_the_next_day_adds_one_day(self, calendar: Calendar) -> None:
        assert extend(calendar, NOW + timedelta(days=1)) == Change(opened=4)
        assert calendar.free(day=day_after(14)) == QUARTERS
        assert generated_until(calendar) == day_after(15)

    def test_the_day_is_the_practices(self, calendar: Calendar) -> None:
        assert extend(calendar, datetime(2027, 3, 2, 4, 59, tzinfo=UTC)) == Change()
        assert extend(calendar, datetime(2027, 3, 2, 5, 0, tzinfo=UTC)) == Change(opened=4)

    def test_nothing_is_made_for_what_has_passed(self, clinic: Clinic) -> None:
        calendar = make_calendar(clinic, now=NOW + timedelta(hours=2, minutes=20))
        assert calendar.free() == ["09:15", "09:30", "09:45"]

    def test_after_a_long_silence_it_goes_on_from_now(self, calendar: Calendar) -> None:
        late = NOW + timedelta(days=60)
        extend(calendar, late)
        starts = [row.starts_at for row in calendar.rows()]
        assert [start for start in starts if NOW + timedelta(days=14) < start < late] == []
        assert generated_until(calendar) == day_after(60 + HORIZON_DAYS)

    def test_nine_o_clock_stays_nine_o_clock(self, clinic: Clinic) -> None:
        calendar = make_calendar(clinic, now=NOW + timedelta(days=7))
        before, after = calendar.slot("09:00", day=day_after(7)), calendar.slot("09:00", day=day_after(14))
        assert after.starts_at - before.starts_at == timedelta(days=7, hours=-1)

    def test_locations_keep_their_own_clocks(self, clinic: Clinic) -> None:
        chicago = make_location(clinic, time_zone="America/Chicago")
        calendar = make_calendar(clinic, hours(clinic.location), hours(chicago, "09:00", "09:30"))
        assert calendar.free() == [*QUARTERS, "10:00", "10:15"]

    def test_who_needs_it_is_known(self, clinic: Clinic, calendar: Calendar) -> None:
        with practice_scope(clinic.practice.id):
            Practitioner.objects.create(name="Dr Gone", is_active=False)
            assert schedules.due_practitioners(now=NOW) == []
            assert schedules.due_practitioners(now=NOW + timedelta(days=1)) == [calendar.practitioner.id]
            # Hours, and no schedule yet.
            period = hours(clinic.location)
            period.practitioner = clinic.practitioner
            period.save()
            assert schedules.due_practitioners(now=NOW) == [clinic.practitioner.id]

    def test_a_calendar_that_hours_do_not_make_is_left_alone(self, clinic: Clinic, calendar: Calendar) -> None:
        with practice_scope(clinic.practice.id):
            schedules.practice_hours_changed(practice=Practice.objects.get(), now=NOW)
            assert Slot.objects.free().filter(practitioner=clinic.practitioner).count() == len(clinic.slots)
            assert Schedule.objects.get().practitioner_id == calendar.practitioner.id


class TestHours:
    def test_other_hours_close_the_old_and_open_the_new(self, calendar: Calendar) -> None:
        change = replace(calendar, hours(calendar.clinic.location, "09:30", "10:30"))
        assert change == Change(opened=4, closed=4)
        assert calendar.shown() == {
            "09:00": "busy-unavailable",
            "09:15": "busy-unavailable",
            "09:30": "free",
            "09:45": "free",
            "10:00": "free",
            "10:15": "free",
        }

    def test_the_same_hours_change_nothing(self, calendar: Calendar) -> None:
        before = calendar.rows()
        assert replace(calendar, hours(calendar.clinic.location)) == Change()
        assert changed(calendar) == Change()
        assert calendar.rows() == before

    def test_no_row_is_ever_deleted(self, calendar: Calendar) -> None:
        before = [row.id for row in calendar.rows()]
        assert replace(calendar) == Change(closed=8)
        assert replace(calendar, hours(calendar.clinic.location)) == Change(opened=8)
        assert [row.id for row in calendar.rows()] == before
        assert calendar.statuses() == {"free": 8}

    def test_another_grid_and_back(self, calendar: Calendar) -> None:
        calendar.set_practice(slot_minutes=30)
        changed(calendar)
        assert calendar.free() == HALVES
        assert calendar.slot("09:00").ends_at == calendar.instant("09:30")
        calendar.set_practice(slot_minutes=15)
        changed(calendar)
        assert calendar.free() == QUARTERS
        assert calendar.slot("09:00").ends_at == calendar.instant("09:15")

    def test_slots_move_with_the_hours_to_another_place(self, clinic: Clinic, calendar: Calendar) -> None:
        uptown = make_location(clinic)
        assert replace(calendar, hours(uptown)) == Change(opened=8)
        assert {row.location_id for row in calendar.rows()} == {uptown.id}

    def test_a_location_that_changes_its_zone(self, clinic: Clinic, calendar: Calendar) -> None:
        with practice_scope(clinic.practice.id):
            Location.objects.filter(id=clinic.location.id).update(time_zone="America/Chicago")
            schedules.practice_hours_changed(practice=Practice.objects.get(), now=NOW)
        assert calendar.free() == ["10:00", "10:15", "10:30", "10:45"]

    def test_what_has_passed_is_left_alone(self, calendar: Calendar) -> None:
        replace(calendar, now=NOW + timedelta(hours=2, minutes=20))
        # 09:15 is running.
        assert calendar.free() == ["09:00"]

    @pytest.mark.parametrize("model", [Practitioner, Location])
    def test_nobody_is_seen_by_or_at_what_is_not_active(
        self, calendar: Calendar, model: type[Practitioner] | type[Location]
    ) -> None:
        with practice_scope(calendar.clinic.practice.id):
            model.objects.update(is_active=False)
        assert changed(calendar) == Change(closed=8)

    def test_a_nearer_horizon_closes_and_a_farther_one_opens(self, calendar: Calendar) -> None:
        calendar.set_practice(horizon_days=7)
        assert changed(calendar) == Change(closed=4)
        assert generated_until(calendar) == day_after(7)
        calendar.set_practice(horizon_days=21)
        assert changed(calendar) == Change(opened=8)
        assert generated_until(calendar) == day_after(21)

    def test_the_admin_may_ask_outside_a_practice(self, calendar: Calendar, other_clinic: Clinic) -> None:
        with platform_scope(reason="test"):
            WorkingHours.objects.filter(practitioner=calendar.practitioner).delete()
            practitioner = calendar.refreshed()
            assert schedules.hours_changed(practitioner=practitioner, now=NOW) == Change(closed=8)
            assert Slot.objects.filter(practice=other_clinic.practice, status="free").count() == 8

    def test_hours_may_belong_to_the_future(self, calendar: Calendar) -> None:
        replace(calendar, hours(calendar.clinic.location, valid_from=day_after(1)))
        assert calendar.free() == []
        assert calendar.free(day=day_after(7)) == QUARTERS

    @pytest.mark.parametrize(
        ("spoil", "member"),
        [
            ({"weekday": 7}, "weekday"),
            ({"starts": "10:00"}, "ends"),
            ({"valid_until": MONDAY}, "validUntil"),
        ],
    )
    def test_hours_that_cannot_be_are_refused(self, calendar: Calendar, spoil: dict[str, object], member: str) -> None:
        period = hours(calendar.clinic.location, str(spoil.pop("starts", "09:00")))
        for name, value in spoil.items():
            setattr(period, name, value)
        with pytest.raises(schedules.InvalidHours) as refusal:
            replace(calendar, period)
        assert list(refusal.value.fields) == [member]
        assert calendar.statuses() == {"free": 8}
        with practice_scope(calendar.clinic.practice.id):
            assert WorkingHours.objects.count() == 1


class TestTaken:
    def test_what_is_taken_stays(self, calendar: Calendar) -> None:
        appointment = calendar.take("09:15", "09:30")
        assert replace(calendar) == Change(closed=6)
        assert calendar.shown() == {
            "09:00": "busy-unavailable",
            "09:15": "busy",
            "09:30": "busy",
            "09:45": "busy-unavailable",
        }
        assert calendar.slot("09:30").appointment_id == appointment.id

    def test_what_is_held_stays(self, calendar: Calendar) -> None:
        held = calendar.slot("09:15")
        make_hold(held)
        replace(calendar)
        assert calendar.shown()["09:15"] == "busy-tentative"
        calendar.set_practice(slot_minutes=30)
        replace(calendar, hours(calendar.clinic.location))
        assert calendar.free() == ["09:30"]

    def test_a_coarser_grid_opens_nothing_over_an_appointment(self, calendar: Calendar) -> None:
        calendar.take("09:15")
        calendar.set_practice(slot_minutes=30)
        changed(calendar)
        assert calendar.shown() == {
            "09:00": "busy-unavailable",
            "09:15": "busy",
            "09:30": "free",
            "09:45": "busy-unavailable",
        }

    def test_a_finer_grid_opens_nothing_over_an_appointment(self, calendar: Calendar) -> None:
        calendar.set_practice(slot_minutes=30)
        changed(calendar)
        calendar.take("09:00")
        calendar.set_practice(slot_minutes=15)
        changed(calendar)
        assert calendar.free() == ["09:30", "09:45"]
        assert calendar.slot("09:00").ends_at == calendar.instant("09:30")

    def test_an_appointment_off_the_grid_closes_what_it_overlaps(self, calendar: Calendar) -> None:
        with practice_scope(calendar.clinic.practice.id):
            start, end = calendar.instant("09:20"), calendar.instant("09:35")
            calendar.appointment(start, end, slot_id=calendar.clinic.slots[0].id, status="booked")
        assert changed(calendar) == Change(closed=2)
        assert calendar.free() == ["09:00", "09:45"]

    @pytest.mark.parametrize("status", ["cancelled", "noshow"])
    def test_an_appointment_that_takes_no_time_closes_nothing(self, calendar: Calendar, status: str) -> None:
        with practice_scope(calendar.clinic.practice.id):
            start, end = calendar.instant("09:20"), calendar.instant("09:35")
            calendar.appointment(start, end, slot_id=calendar.clinic.slots[0].id, status=status)
        assert changed(calendar) == Change()


class TestTimeOff:
    def add(self, calendar: Calendar, starts: str, ends: str, **whose: Any) -> TimeOff:
        with practice_scope(calendar.clinic.practice.id):
            return schedules.add_time_off(
                practitioner=whose.get("practitioner"),
                location=whose.get("location"),
                starts_at=calendar.instant(starts),
                ends_at=calendar.instant(ends),
                reason="training",
                by=calendar.clinic.principal,
                now=NOW,
            )

    def remove(self, calendar: Calendar, time_off: TimeOff) -> Change:
        with practice_scope(calendar.clinic.practice.id):
            return schedules.remove_time_off(time_off=time_off, by=calendar.clinic.principal, now=NOW)

    @pytest.mark.parametrize(
        "whose",
        [
            lambda calendar: {"practitioner": calendar.practitioner},
            lambda calendar: {"location": calendar.clinic.location},
            lambda calendar: {"practitioner": calendar.practitioner, "location": calendar.clinic.location},
            lambda calendar: {},
        ],
        ids=["practitioner", "location", "both", "practice"],
    )
    def test_it_closes_what_it_touches_and_gives_it_back(
        self, calendar: Calendar, whose: Callable[[Calendar], dict[str, object]]
    ) -> None:
        time_off = self.add(calendar, "09:20", "09:45", **whose(calendar))
        assert calendar.free() == ["09:00", "09:45"]
        assert calendar.free(day=day_after(7)) == QUARTERS
        assert changed(calendar) == Change()
        assert self.remove(calendar, time_off) == Change(opened=2)
        assert calendar.free() == QUARTERS

    def test_it_concerns_no_one_else(self, clinic: Clinic, calendar: Calendar) -> None:
        uptown = make_location(clinic)
        colleague = make_calendar(clinic, hours(uptown), name="Dr Dana Fox")
        self.add(calendar, "09:00", "09:15", practitioner=calendar.practitioner)
        self.add(calendar, "09:15", "09:30", location=clinic.location)
        assert calendar.free() == ["09:30", "09:45"]
        assert colleague.free() == QUARTERS
        self.add(calendar, "09:30", "09:45")
        assert colleague.free() == ["09:00", "09:15", "09:45"]

    def test_appointments_in_it_stand(self, calendar: Calendar) -> None:
        calendar.take("09:15")
        time_off = self.add(calendar, "09:00", "10:00")
        assert calendar.statuses() == {"busy": 1, "busy-unavailable": 3, "free": 4}
        assert self.remove(calendar, time_off) == Change(opened=3)

    def test_entered_for_good_no_day_is_planned_behind_the_end(
        self, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who has left is off until 2200: those are 60,000 days of slots."""
        ends: list[date] = []

        def noting(**asked: Any) -> list[Interval]:
            ends.append(asked["until"])
            return plan_slots(**asked)

        monkeypatch.setattr(planning, "plan_slots", noting)
        with practice_scope(calendar.clinic.practice.id):
            schedules.add_time_off(
                practitioner=calendar.practitioner, location=None, starts_at=NOW, reason="other",
                ends_at=datetime(2200, 12, 31, tzinfo=UTC), by=calendar.clinic.principal, now=NOW,
            )  # fmt: skip
        assert len(ends) == 1
        assert max(ends) < day_after(HORIZON_DAYS + 7)
        assert calendar.statuses() == {"busy-unavailable": 8}

    def test_it_holds_for_slots_that_are_made_later(self, calendar: Calendar) -> None:
        with practice_scope(calendar.clinic.practice.id):
            TimeOff.objects.create(
                starts_at=calendar.instant("09:00", day=day_after(14)),
                ends_at=calendar.instant("09:30", day=day_after(14)),
                reason="holiday",
            )
        extend(calendar, NOW + timedelta(days=1))
        assert calendar.free(day=day_after(14)) == ["09:30", "09:45"]

    def test_it_must_end_after_it_starts(self, calendar: Calendar) -> None:
        with pytest.raises(schedules.InvalidTimeOff):
            self.add(calendar, "09:30", "09:30")
        with practice_scope(calendar.clinic.practice.id):
            assert not TimeOff.objects.exists()


class TestStillWanted:
    def ask(self, calendar: Calendar, starts: str, ends: str) -> list[str]:
        with practice_scope(calendar.clinic.practice.id):
            wanted = schedules.still_wanted(
                practitioner=calendar.practitioner, since=calendar.instant(starts), until=calendar.instant(ends)
            )
        return sorted(f"{start.astimezone(calendar.zone):%H:%M}" for start in wanted)

    def test_starts_within_the_hours_taken_or_not(self, calendar: Calendar) -> None:
        calendar.take("09:15")
        assert self.ask(calendar, "09:10", "09:40") == ["09:00", "09:15", "09:30"]

    def test_no_start_outside_the_hours(self, calendar: Calendar) -> None:
        replace(calendar, hours(calendar.clinic.location, "09:30", "10:00"))
        assert self.ask(calendar, "08:00", "12:00") == ["09:30", "09:45"]

    def test_each_slot_of_a_calendar_that_hours_do_not_make(self, clinic: Clinic) -> None:
        calendar = Calendar(clinic, clinic.practitioner)
        first, last = clinic.slots[0], clinic.slots[-1]
        with practice_scope(clinic.practice.id):
            wanted = schedules.still_wanted(
                practitioner=calendar.practitioner, since=first.starts_at, until=last.starts_at
            )
        assert wanted == {slot.starts_at for slot in clinic.slots[:-1]}


def test_a_calendar_that_hours_do_not_make_is_left_alone(clinic: Clinic) -> None:
    first, last = clinic.slots[0], clinic.slots[-1]
    with practice_scope(clinic.practice.id):
        assert regenerate(practitioner=clinic.practitioner, since=first.starts_at, until=last.ends_at) == Change()


def test_another_practice_is_left_alone(calendar: Calendar, other_clinic: Clinic) -> None:
    theirs = make_calendar(other_clinic)
    before = theirs.rows()
    replace(calendar)
    calendar.set_practice(slot_minutes=60)
    changed(calendar)
    assert theirs.rows() == before
    assert theirs.statuses() == {"free": 8}


def test_a_failure_leaves_everything_as_it_was(calendar: Calendar) -> None:
    elsewhere = make_practice(name="Elsewhere")
    with practice_scope(elsewhere.id):
        foreign = Location.objects.create(name="Foreign", time_zone="America/New_York")
    with pytest.raises(IntegrityError, match="same_practice"):
        replace(calendar, hours(foreign))
    assert calendar.statuses() == {"free": 8}
    with practice_scope(calendar.clinic.practice.id):
        assert WorkingHours.objects.count() == 1
