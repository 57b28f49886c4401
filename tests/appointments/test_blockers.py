"""What stands against a time, each thing named as somebody would say it. Pure."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from appointments.blockers import Absence, Code, Day, Held, Taken, Wanted, blockers
from appointments.facts import Facts
from appointments.working_days import Interval

NEW_YORK = ZoneInfo("America/New_York")
PLACE = uuid4()
QUARTERS = (0, 15, 30, 45)
# A Tuesday.
DAY = date(2026, 6, 2)


def at(clock: str, day: date = DAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), NEW_YORK).astimezone(UTC)


def wanted(clock: str, *, minutes: int = 30, before: int = 0, after: int = 0, day: date = DAY) -> Wanted:
    starts_at = at(clock, day)
    ends_at = starts_at + timedelta(minutes=minutes)
    return Wanted(
        "Dr Lee",
        starts_at,
        ends_at,
        starts_at - timedelta(minutes=before),
        ends_at + timedelta(minutes=after),
        NEW_YORK,
    )


def stay(since: str, until: str) -> Interval:
    return Interval(at(since), at(until), PLACE)


def visit(since: str, until: str, *, before: int = 0, after: int = 0) -> Taken:
    return Taken(at(since) - timedelta(minutes=before), at(until) + timedelta(minutes=after), at(since), at(until))


WORKDAY = Day(
    hours=[stay("09:00", "12:00"), stay("13:00", "17:00")],
    weekdays=frozenset({0, 1, 2}),
    absences=(),
    taken=(),
    held=(),
    starts=frozenset(
        at(f"{hour:02}:{minute:02}") for hour in (9, 10, 11, 13, 14, 15, 16) for minute in (0, 15, 30, 45)
    ),
)


def told(asked: Wanted, day: Day) -> list[tuple[Code, str]]:
    return [(blocker.code, blocker.sentence) for blocker in blockers(wanted=asked, day=day)]


def facts(asked: Wanted, day: Day) -> list[Facts]:
    return [blocker.facts for blocker in blockers(wanted=asked, day=day)]


@pytest.mark.parametrize("clock", ["09:00", "11:30", "13:00", "16:30"])
def test_a_free_time_in_hours_has_nothing_against_it(clock: str) -> None:
    assert told(wanted(clock), WORKDAY) == []


def test_a_weekday_without_hours_is_named() -> None:
    thursday = date(2026, 6, 4)
    off = replace(WORKDAY, hours=[], starts=frozenset())
    assert told(wanted("10:00", day=thursday), off) == [(Code.NOT_IN, "Dr Lee is not in on Thursdays")]


def test_a_day_off_the_weekly_pattern_is_named_by_its_date() -> None:
    off = replace(WORKDAY, hours=[], starts=frozenset())
    assert told(wanted("10:00"), off) == [(Code.NOT_IN, "Dr Lee is not in on Tuesday, June 2")]


def test_outside_the_hours_of_the_day_those_are_told() -> None:
    sentence = "Dr Lee is in 09:00 to 12:00 EDT, 13:00 to 17:00 EDT on Tuesday, June 2"
    assert told(wanted("08:00"), WORKDAY) == [(Code.NOT_IN, sentence)]
    assert told(wanted("12:15"), WORKDAY) == [(Code.NOT_IN, sentence)]


def test_what_is_missing_before_lunch_is_counted() -> None:
    assert told(wanted("11:45"), WORKDAY) == [(Code.TOO_SHORT, "15 min short before 12:00 EDT")]
    assert told(wanted("11:30", after=20), WORKDAY) == [(Code.TOO_SHORT, "20 min short before 12:00 EDT")]


def test_what_is_missing_at_the_start_is_counted() -> None:
    assert told(wanted("09:00", before=10), WORKDAY) == [(Code.TOO_SHORT, "10 min short after 09:00 EDT")]


def test_all_that_stands_against_it_is_told_not_the_first_alone() -> None:
    day = replace(
        WORKDAY,
        absences=[Absence(at("11:00"), at("17:00"), closure=False), Absence(at("08:00"), at("13:00"), closure=True)],
        taken=[visit("11:30", "11:45")],
        held=[Held(at("11:45"), at("12:00"), None)],
    )
    assert told(wanted("11:40"), day) == [
        (Code.TIME_OFF, "Dr Lee is away until Tuesday, June 2, 17:00 EDT"),
        (Code.CLOSED, "Closed until Tuesday, June 2, 13:00 EDT"),
        (Code.TOO_SHORT, "10 min short before 12:00 EDT"),
        (Code.TAKEN, "Taken 11:30 to 11:45 EDT"),
        (Code.HELD, "Held 11:45 to 12:00 EDT"),
        (Code.OFF_GRID, "Appointments begin at 11:30 EDT or 11:45 EDT"),
    ]


def test_neighbours_that_only_touch_do_not_stand_against_it() -> None:
    day = replace(
        WORKDAY, taken=[visit("09:30", "10:00"), visit("10:30", "11:00")], held=[Held(at("10:30"), at("10:45"), "Ann")]
    )
    assert told(wanted("10:00"), day) == []


def test_a_buffer_is_told_apart_from_a_visit() -> None:
    close = replace(WORKDAY, taken=[visit("10:30", "11:00", before=15)])
    assert told(wanted("10:00"), close) == [(Code.BUFFER, "Too close to the appointment 10:30 to 11:00 EDT")]
    assert told(wanted("10:00", after=5), replace(WORKDAY, taken=[visit("10:30", "11:00")])) == [
        (Code.BUFFER, "Too close to the appointment 10:30 to 11:00 EDT")
    ]


def test_slots_closed_by_hand_are_one_block() -> None:
    day = replace(WORKDAY, closed=[(at("10:15"), at("10:30")), (at("10:00"), at("10:15"))])
    assert told(wanted("10:00"), day) == [(Code.BLOCKED, "Blocked 10:00 to 10:30 EDT")]
    away = replace(day, absences=[Absence(at("10:00"), at("11:00"), closure=False)])
    assert [code for code, _ in told(wanted("10:00"), away)] == [Code.TIME_OFF]


def test_blockers_say_when_they_begin_and_end() -> None:
    day = replace(WORKDAY, taken=[visit("10:00", "10:45")])
    (blocker,) = blockers(wanted=wanted("10:30"), day=day)
    assert (blocker.since, blocker.until) == (at("10:00"), at("10:45"))


def test_what_a_sentence_is_made_of_is_told_beside_it() -> None:
    off = replace(WORKDAY, hours=[], starts=frozenset())
    lee, thursday = Facts(practitioner="Dr Lee", day=DAY), date(2026, 6, 4)
    assert facts(wanted("10:00"), off) == [lee]
    assert facts(wanted("10:00", day=thursday), off) == [replace(lee, day=thursday, weekly=True)]
    stays = ((at("09:00"), at("12:00")), (at("13:00"), at("17:00")))
    assert facts(wanted("08:00"), WORKDAY) == [replace(lee, hours=stays)]
    assert facts(wanted("11:45"), WORKDAY) == [Facts(minutes=15)]
    assert facts(wanted("10:05"), WORKDAY) == [Facts(starts=(at("10:00"), at("10:15")))]
    close = replace(WORKDAY, taken=[visit("10:30", "11:00", before=15)])
    assert facts(wanted("10:00"), close) == [Facts(appointment=(at("10:30"), at("11:00")))]
    held = replace(WORKDAY, held=[Held(at("10:00"), at("10:15"), "Ann"), Held(at("10:15"), at("10:30"), None)])
    assert facts(wanted("10:00"), held) == [Facts(held_by="Ann"), Facts()]
    away = replace(WORKDAY, absences=[Absence(at("10:00"), at("11:00"), closure=False)])
    assert facts(wanted("10:00"), away) == [Facts(practitioner="Dr Lee")]


def test_what_names_nobody_and_counts_nothing_has_no_facts() -> None:
    absences = [Absence(at("10:00"), at("11:00"), closure=True)]
    day = replace(WORKDAY, absences=absences, taken=[visit("10:00", "10:30")])
    assert facts(wanted("10:00"), day) == [Facts()] * 2


def test_both_half_past_ones_of_an_autumn_night_can_be_told_apart() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    asked = Wanted("Dr Lee", first, second, first, second, NEW_YORK)
    assert (asked.clock(first), asked.clock(second)) == ("01:30 EDT", "01:30 EST")
    assert asked.span(first, second) == "01:30 EDT to 01:30 EST"
