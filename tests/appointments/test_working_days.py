"""Slots from weekly hours, on ordinary days and on those of 23 and 25 hours."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.working_days import Absence, Interval, WeeklyPeriod, clear_of, plan_slots

# A busy machine is no finding.
untimed = settings(deadline=None)

DOWNTOWN, UPTOWN = UUID(int=1), UUID(int=2)
NEW_YORK = "America/New_York"
SPRING, AUTUMN = date(2027, 3, 14), date(2027, 11, 7)
CHANGES = {
    NEW_YORK: (SPRING, date(2026, 11, 1), AUTUMN),
    "America/Chicago": (SPRING, AUTUMN),
    "Europe/London": (date(2027, 3, 28), date(2027, 10, 31)),
    # Half an hour.
    "Australia/Lord_Howe": (date(2027, 4, 4), date(2027, 10, 3)),
    # At midnight: 00:00 does not exist, or 23:00 comes twice the evening before.
    "America/Sao_Paulo": (date(2018, 11, 4), date(2019, 2, 16)),
    # Midnight comes twice, and is skipped.
    "America/Havana": (date(2027, 11, 7), date(2027, 3, 14)),
}


def period(
    day: date, starts: str, ends: str, *, zone: str = NEW_YORK, location: UUID = DOWNTOWN, **fields: Any
) -> WeeklyPeriod:
    values = {"valid_from": date(2000, 1, 1), **fields}
    clock = (time.fromisoformat(starts), time.fromisoformat(ends))
    return WeeklyPeriod(day.weekday(), *clock, location_id=location, zone=ZoneInfo(zone), **values)


def plan(
    *hours: WeeklyPeriod, day: date, days: int = 1, minutes: int = 15, absences: tuple[Absence, ...] = ()
) -> list[Interval]:
    until = day + timedelta(days=days)
    return plan_slots(hours=hours, absences=absences, slot_minutes=minutes, since=day, until=until)


def walls(slots: list[Interval], *, zone: str = NEW_YORK) -> list[str]:
    return [f"{slot.starts_at.astimezone(ZoneInfo(zone)):%H:%M%z}" for slot in slots]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(slots: list[Interval]) -> tuple[datetime, datetime]:
    return slots[0].starts_at, slots[-1].ends_at


def test_an_ordinary_day() -> None:
    monday = date(2027, 3, 8)
    slots = plan(period(monday, "09:00", "10:00"), day=monday)
    assert walls(slots) == ["09:00-0500", "09:15-0500", "09:30-0500", "09:45-0500"]
    assert {slot.ends_at - slot.starts_at for slot in slots} == {timedelta(minutes=15)}
    assert {slot.location_id for slot in slots} == {DOWNTOWN}
    assert slots[0].starts_at == utc("2027-03-08T14:00") and slots[0].starts_at.tzinfo is UTC


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change() -> None:
    saturday, monday = SPRING - timedelta(days=1), SPRING + timedelta(days=1)
    slots = plan(period(saturday, "09:00", "09:15"), period(monday, "09:00", "09:15"), day=saturday, days=3)
    assert walls(slots) == ["09:00-0500", "09:00-0400"]
    assert slots[1].starts_at - slots[0].starts_at == timedelta(hours=47)


def test_only_on_its_weekday_while_it_is_valid() -> None:
    monday = date(2027, 3, 8)
    hours = period(monday, "09:00", "09:15", valid_from=date(2027, 3, 15), valid_until=date(2027, 3, 29))
    slots = plan(hours, day=monday, days=28)
    assert [slot.starts_at.date() for slot in slots] == [date(2027, 3, 15), date(2027, 3, 22)]


def test_the_days_are_half_open() -> None:
    monday = date(2027, 3, 8)
    assert plan(period(monday, "09:00", "09:15"), day=monday + timedelta(days=1), days=6) == []
    assert plan(period(monday, "09:00", "09:15"), day=monday, days=0) == []


def test_what_is_shorter_than_a_slot_is_left_over() -> None:
    monday = date(2027, 3, 8)
    assert walls(plan(period(monday, "09:00", "09:50"), day=monday, minutes=20)) == ["09:00-0500", "09:20-0500"]


def test_midnight_ends_the_day() -> None:
    monday = date(2027, 3, 8)
    assert len(plan(period(monday, "00:00", "00:00"), day=monday, minutes=60)) == 24
    assert walls(plan(period(monday, "23:00", "00:00"), day=monday, minutes=30)) == ["23:00-0500", "23:30-0500"]


@pytest.mark.parametrize(("day", "count"), [(SPRING, 23), (date(2026, 11, 1), 25), (AUTUMN, 25)])
def test_a_whole_day_has_as_many_hours_as_the_day(day: date, count: int) -> None:
    slots = plan(period(day, "00:00", "00:00"), day=day, minutes=60)
    assert len(slots) == count
    assert all(earlier.ends_at == later.starts_at for earlier, later in pairwise(slots))


def test_the_skipped_hour_has_no_slots() -> None:
    assert walls(plan(period(SPRING, "01:30", "03:30"), day=SPRING, minutes=30)) == ["01:30-0500", "03:00-0400"]


def test_a_start_in_the_skipped_hour_is_the_first_instant_after_it() -> None:
    assert walls(plan(period(SPRING, "02:30", "03:30"), day=SPRING, minutes=30)) == ["03:00-0400"]


def test_an_end_in_the_skipped_hour_is_the_first_instant_after_it() -> None:
    assert walls(plan(period(SPRING, "01:00", "02:30"), day=SPRING, minutes=30)) == ["01:00-0500", "01:30-0500"]


def test_a_period_within_the_skipped_hour_has_no_slots() -> None:
    assert plan(period(SPRING, "02:00", "02:45"), day=SPRING) == []


@pytest.mark.parametrize("day", [date(2026, 11, 1), AUTUMN])
def test_the_hour_that_comes_twice_has_slots_twice(day: date) -> None:
    assert walls(plan(period(day, "00:30", "02:30"), day=day, minutes=30)) == [
        "00:30-0400",
        "01:00-0400",
        "01:30-0400",
        "01:00-0500",
        "01:30-0500",
        "02:00-0500",
    ]


def test_a_start_that_comes_twice_is_the_first_and_an_end_the_second() -> None:
    assert span(plan(period(AUTUMN, "01:30", "03:00"), day=AUTUMN)) == (
        utc("2027-11-07T05:30"),
        utc("2027-11-07T08:00"),
    )
    assert span(plan(period(AUTUMN, "00:00", "01:30"), day=AUTUMN)) == (
        utc("2027-11-07T04:00"),
        utc("2027-11-07T06:30"),
    )


def test_a_change_of_half_an_hour() -> None:
    zone = "Australia/Lord_Howe"
    autumn, spring = CHANGES[zone]
    assert len(plan(period(autumn, "00:00", "06:00", zone=zone), day=autumn, minutes=30)) == 13
    assert len(plan(period(spring, "00:00", "06:00", zone=zone), day=spring, minutes=30)) == 11
    assert walls(plan(period(spring, "02:15", "03:00", zone=zone), day=spring), zone=zone) == [
        "02:30+1100",
        "02:45+1100",
    ]


def test_a_midnight_that_does_not_exist() -> None:
    zone = "America/Sao_Paulo"
    spring, autumn = CHANGES[zone]
    assert walls(plan(period(spring, "00:00", "02:00", zone=zone), day=spring, minutes=30), zone=zone) == [
        "01:00-0200",
        "01:30-0200",
    ]
    assert len(plan(period(autumn, "22:00", "00:00", zone=zone), day=autumn, minutes=60)) == 3


def test_a_midnight_that_comes_twice_ends_the_day_the_first_time() -> None:
    zone = "America/Havana"
    autumn, _ = CHANGES[zone]
    before = autumn - timedelta(days=1)
    evening, morning = period(before, "23:00", "00:00", zone=zone), period(autumn, "00:00", "01:00", zone=zone)
    assert walls(plan(evening, morning, day=before, days=2, minutes=30), zone=zone) == [
        "23:00-0400",
        "23:30-0400",
        "00:00-0400",
        "00:30-0400",
        "00:00-0500",
        "00:30-0500",
    ]


def test_a_day_that_the_calendar_skipped() -> None:
    zone, missing = "Pacific/Apia", date(2011, 12, 30)
    assert plan(period(missing, "09:00", "17:00", zone=zone), day=missing) == []


def test_where_periods_overlap_the_earlier_start_wins() -> None:
    day = date(2027, 3, 8)
    downtown, uptown = period(day, "09:00", "11:00"), period(day, "08:00", "10:00", location=UPTOWN)
    slots = plan(downtown, uptown, day=day, minutes=60)
    assert [slot.location_id for slot in slots] == [UPTOWN, UPTOWN, DOWNTOWN]
    assert walls(slots) == ["08:00-0500", "09:00-0500", "10:00-0500"]


def test_where_periods_start_together_the_smaller_location_id_wins() -> None:
    day = date(2027, 3, 8)
    uptown, downtown = period(day, "09:00", "12:00", location=UPTOWN), period(day, "09:00", "10:00")
    slots = plan(uptown, downtown, day=day, minutes=60)
    assert [slot.location_id for slot in slots] == [DOWNTOWN, UPTOWN, UPTOWN]


def test_a_period_within_another_adds_nothing_and_ends_nothing() -> None:
    day = date(2027, 3, 8)
    outer, inner = period(day, "08:00", "12:00"), period(day, "09:00", "10:00", location=UPTOWN)
    later = period(day, "11:00", "13:00", location=UPTOWN)
    slots = plan(outer, inner, later, day=day, minutes=60)
    assert [slot.location_id for slot in slots] == [DOWNTOWN] * 4 + [UPTOWN]


def test_locations_keep_their_own_clocks() -> None:
    day = date(2027, 3, 8)
    east, west = period(day, "09:00", "10:00"), period(day, "09:00", "10:00", zone="America/Chicago", location=UPTOWN)
    slots = plan(east, west, day=day, minutes=60)
    assert [slot.starts_at for slot in slots] == [utc("2027-03-08T14:00"), utc("2027-03-08T15:00")]


def test_absences_take_every_slot_that_they_touch() -> None:
    day = date(2027, 3, 8)
    away = Absence(utc("2027-03-08T14:20"), utc("2027-03-08T14:45"))
    slots = plan(period(day, "09:00", "10:00"), day=day, absences=(away,))
    assert walls(slots) == ["09:00-0500", "09:45-0500"]


def test_a_closure_takes_the_slots_of_its_location_only() -> None:
    day = date(2027, 3, 8)
    hours = (period(day, "09:00", "10:00"), period(day, "10:00", "11:00", location=UPTOWN))
    closed = Absence(utc("2027-03-08T00:00"), utc("2027-03-09T00:00"), DOWNTOWN)
    assert {slot.location_id for slot in plan(*hours, day=day, absences=(closed,))} == {UPTOWN}


def test_clear_slots_touch_nothing_that_is_taken() -> None:
    slots = plan(period(date(2027, 3, 8), "09:00", "10:30"), day=date(2027, 3, 8))
    taken = [
        (utc("2027-03-08T14:40"), utc("2027-03-08T14:50")),
        (utc("2027-03-08T13:00"), utc("2027-03-08T14:10")),
        (utc("2027-03-08T13:30"), utc("2027-03-08T13:45")),
        (utc("2027-03-08T15:15"), utc("2027-03-08T16:00")),
    ]
    assert walls(clear_of(slots=slots, taken=taken)) == ["09:15-0500", "10:00-0500"]
    assert clear_of(slots=slots, taken=[]) == slots


@st.composite
def weeks(draw: st.DrawFn) -> tuple[date, list[WeeklyPeriod], int]:
    """A few periods around a day on which some zone's clocks change."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    day = draw(st.sampled_from(CHANGES[zone])) + timedelta(days=draw(st.integers(-1, 1)))
    quarters = st.integers(0, 95)
    hours = []
    for location in draw(st.lists(st.sampled_from([DOWNTOWN, UPTOWN]), min_size=1, max_size=4)):
        starts, length = draw(quarters), draw(quarters) + 1
        clock = [f"{quarter // 4 % 24:02}:{quarter % 4 * 15:02}" for quarter in (starts, min(starts + length, 96))]
        hours.append(period(day, *clock, zone=zone, location=location))
    return day, hours, draw(st.sampled_from((5, 10, 15, 20, 30, 60)))


def shown(day: date, hours: WeeklyPeriod) -> list[datetime]:
    """Each minute of the day, in order, as its clock shows it: found by looking, not by calculating."""
    start = datetime.combine(day, time(), UTC) - timedelta(hours=16)
    minutes = (start + timedelta(minutes=number) for number in range(58 * 60))
    return [minute for minute in minutes if minute.astimezone(hours.zone).date() == day]


def watched(day: date, hours: WeeklyPeriod) -> timedelta:
    """How long the period lasts by watching the clock, minute by minute."""
    clock = [(minute, minute.astimezone(hours.zone).time()) for minute in shown(day, hours)]
    end_of_day = clock[-1][0] + timedelta(minutes=1)
    starts = next((minute for minute, wall in clock if wall >= hours.starts), end_of_day)
    if hours.ends == time():
        ends = end_of_day
    else:
        at_or_after_gap = next((minute for minute, wall in clock if wall > hours.ends), end_of_day)
        ends = max([minute for minute, wall in clock if wall == hours.ends], default=at_or_after_gap)
    return max(ends - starts, timedelta())


@untimed
@given(weeks())
def test_slots_never_overlap_and_are_whole(week: tuple[date, list[WeeklyPeriod], int]) -> None:
    day, hours, minutes = week
    slots = plan(*hours, day=day, minutes=minutes)
    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(slots))
    assert {slot.ends_at - slot.starts_at for slot in slots} <= {timedelta(minutes=minutes)}


@untimed
@given(weeks())
def test_a_period_is_filled_without_a_hole(week: tuple[date, list[WeeklyPeriod], int]) -> None:
    day, hours, minutes = week
    slots = plan(hours[0], day=day, minutes=minutes)
    assert all(earlier.ends_at == later.starts_at for earlier, later in pairwise(slots))
    assert len(slots) == watched(day, hours[0]) // timedelta(minutes=minutes)


@untimed
@given(weeks(), st.data())
def test_planning_day_by_day_gives_what_planning_at_once_gives(
    week: tuple[date, list[WeeklyPeriod], int], data: st.DataObject
) -> None:
    day, hours, minutes = week
    cut = data.draw(st.integers(-2, 3))
    first, middle, last = day - timedelta(days=2), day + timedelta(days=cut), day + timedelta(days=3)
    whole = plan_slots(hours=hours, absences=(), slot_minutes=minutes, since=first, until=last)
    halves = [
        *plan_slots(hours=hours, absences=(), slot_minutes=minutes, since=first, until=middle),
        *plan_slots(hours=hours, absences=(), slot_minutes=minutes, since=middle, until=last),
    ]
    assert halves == whole


@untimed
@given(weeks(), st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 600)), max_size=6))
def test_clear_slots_are_those_that_overlap_nothing(
    week: tuple[date, list[WeeklyPeriod], int], minutes_taken: list[tuple[int, int]]
) -> None:
    day, hours, minutes = week
    slots = plan(*hours, day=day, minutes=minutes)
    start = datetime.combine(day, time(), UTC) - timedelta(hours=14)
    taken = [
        (start + timedelta(minutes=begin), start + timedelta(minutes=begin + length)) for begin, length in minutes_taken
    ]
    free = [slot for slot in slots if not any(begin < slot.ends_at and slot.starts_at < end for begin, end in taken)]
    assert clear_of(slots=slots, taken=taken) == free
