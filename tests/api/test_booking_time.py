"""How much of the practitioner's time a booking takes, and what the clock shows on days of 23 and 25 hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from appointments.models import Appointment, Slot
from mybcat.tenancy import practice_scope
from practices.models import Location, Practitioner
from tests.api.refusals import assert_refused
from tests.api.rows import BOOKED, REMEMBERED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_slots, make_type, tomorrow_at

QUARTER = timedelta(minutes=15)


def taken(clinic: Clinic) -> list[int]:
    """The numbers of the clinic's slots that are busy."""
    with practice_scope(clinic.practice.id):
        busy = set(Slot.objects.filter(status="busy").values_list("id", flat=True))
    return [number for number, slot in enumerate(clinic.slots) if slot.id in busy]


def book(agent: Caller, clinic: Clinic, *, slot: int, **of_type: int) -> Any:
    """Books a type of its own making."""
    kind = make_type(practice=clinic.practice, **of_type)
    return agent.book(clinic, slot=slot, type=kind.code)


def assert_not_enough_time(answer: Any) -> None:
    sentence = "There is not enough free time at this slot for this type of appointment"
    assert_refused(answer, status=409, code="not_enough_time", sentence=sentence)


@pytest.mark.parametrize(
    ("minutes", "slots"),
    [
        (5, [0]),
        (15, [0]),
        (16, [0, 1]),
        (30, [0, 1]),
        (45, [0, 1, 2]),
        (50, [0, 1, 2, 3]),
        (120, [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_a_booking_takes_the_slots_that_its_type_needs(
    agent: Caller, clinic: Clinic, minutes: int, slots: list[int]
) -> None:
    answer = book(agent, clinic, slot=0, duration_minutes=minutes)
    assert (answer.status_code, taken(clinic)) == (201, slots)


@pytest.mark.parametrize(
    ("minutes", "slot"), [(30, 7), (45, 6), (121, 0)], ids=["one left", "two left", "a day too short"]
)
def test_a_type_longer_than_what_is_left_is_refused(agent: Caller, clinic: Clinic, minutes: int, slot: int) -> None:
    kind = make_type(practice=clinic.practice, duration_minutes=minutes)
    with changes(**REMEMBERED):
        answer = agent.book(clinic, slot=slot, type=kind.code)
    assert_not_enough_time(answer)


@pytest.mark.parametrize(
    ("before", "after", "slots"),
    [
        (15, 0, [2, 3, 4]),
        (0, 15, [3, 4, 5]),
        (15, 15, [2, 3, 4, 5]),
        (30, 45, [1, 2, 3, 4, 5, 6, 7]),
        (5, 10, [2, 3, 4, 5]),
    ],
)
def test_buffers_take_the_slots_around(
    agent: Caller, clinic: Clinic, before: int, after: int, slots: list[int]
) -> None:
    buffers = {"buffer_before_minutes": before, "buffer_after_minutes": after}
    answer = book(agent, clinic, slot=3, duration_minutes=30, **buffers)
    assert (answer.status_code, answer.json()["time"], taken(clinic)) == (201, "09:45", slots)
    with practice_scope(clinic.practice.id):
        row = Appointment.objects.get()
    start = clinic.slots[3].starts_at
    assert (row.starts_at, row.ends_at) == (start, start + timedelta(minutes=30))
    assert (row.occupied_from, row.occupied_until) == (
        start - timedelta(minutes=before),
        start + timedelta(minutes=30 + after),
    )


@pytest.mark.parametrize(("before", "after", "slot"), [(15, 0, 0), (0, 15, 7), (30, 0, 1), (0, 30, 6)])
def test_a_buffer_needs_slots_as_the_visit_does(
    agent: Caller, clinic: Clinic, before: int, after: int, slot: int
) -> None:
    kind = make_type(practice=clinic.practice, buffer_before_minutes=before, buffer_after_minutes=after)
    with changes(**REMEMBERED):
        answer = agent.book(clinic, slot=slot, type=kind.code)
    assert_not_enough_time(answer)


def test_a_buffer_does_not_reach_into_another_booking(agent: Caller, clinic: Clinic) -> None:
    assert agent.book(clinic, slot=0).status_code == 201
    kind = make_type(practice=clinic.practice, buffer_before_minutes=5)
    with changes(**REMEMBERED):
        answer = agent.book(clinic, slot=2, type=kind.code)
    assert_not_enough_time(answer)


def test_bookings_may_touch(agent: Caller, clinic: Clinic) -> None:
    answers = [agent.book(clinic, slot=slot) for slot in (2, 0, 4, 6)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 201]
    assert taken(clinic) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_booking_does_not_reach_over_a_gap(agent: Caller, clinic: Clinic) -> None:
    start = clinic.slots[-1].ends_at + QUARTER
    clinic.slots += make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=2)
    with changes(**REMEMBERED):
        answer = agent.book(clinic, slot=7)
    assert_not_enough_time(answer)


def test_a_booking_does_not_reach_into_another_location(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        uptown = Location.objects.create(name="Uptown", time_zone="America/New_York")
    end = clinic.slots[-1].ends_at
    clinic.slots += make_slots(practitioner=clinic.practitioner, location=uptown, start=end, count=2)
    with changes(**REMEMBERED):
        answer = agent.book(clinic, slot=7)
    assert_not_enough_time(answer)


def test_a_booking_does_not_take_a_colleague_s_time(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        colleague = Practitioner.objects.create(name="Dr Noor Haddad")
    end = clinic.slots[-1].ends_at
    clinic.slots += make_slots(practitioner=colleague, location=clinic.location, start=end, count=2)
    with changes(**REMEMBERED):
        answer = agent.book(clinic, slot=7)
    assert_not_enough_time(answer)


def test_time_that_an_appointment_outside_the_grid_takes_is_refused(agent: Caller, clinic: Clinic) -> None:
    start = clinic.slots[0].starts_at
    with practice_scope(clinic.practice.id):
        Appointment.objects.create(
            patient=clinic.patient,
            practitioner=clinic.practitioner,
            location=clinic.location,
            appointment_type=clinic.exam,
            slot=clinic.slots[0],
            starts_at=start + timedelta(minutes=20),
            ends_at=start + timedelta(minutes=25),
            occupied_from=start + timedelta(minutes=20),
            occupied_until=start + timedelta(minutes=25),
            booked_by=clinic.agent.id,
            booked_at=start,
        )
    with changes(**REMEMBERED):
        answer = agent.book(clinic, slot=0)
    assert_refused(answer, status=409, code="slot_taken", sentence="Slot is no longer available")
    with changes(**BOOKED):
        assert agent.book(clinic, slot=2).status_code == 201


def test_the_clock_is_the_practice_s_not_the_location_s(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        denver = Location.objects.create(name="Denver", time_zone="America/Denver")
    start = tomorrow_at("11:00", time_zone="America/New_York", days=2)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=denver, start=start, count=2)
    body = agent.book(clinic).json()
    assert (body["date"], body["time"]) == (f"{start.astimezone(clinic.zone):%Y-%m-%d}", "11:00")


@pytest.fixture
def eve_of_winter() -> Any:
    """The day before clocks went back in New York: 2 o'clock became 1 o'clock at 06:00 UTC on 1 November 2026."""
    with time_machine.travel(datetime(2026, 10, 31, 12, tzinfo=UTC)):
        yield


@pytest.fixture
def eve_of_summer() -> Any:
    """The day before clocks went forward in New York: 2 o'clock became 3 o'clock at 07:00 UTC on 8 March 2026."""
    with time_machine.travel(datetime(2026, 3, 7, 12, tzinfo=UTC)):
        yield


def make_night(clinic: Clinic, start: datetime, *, count: int) -> None:
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=count)


def test_the_hour_that_comes_twice_is_two_hours(eve_of_winter: None, agent: Caller, clinic: Clinic) -> None:
    # 01:30 before and after the change, an hour apart.
    make_night(clinic, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), count=6)
    first, second = agent.book(clinic, slot=0), agent.book(clinic, slot=4)
    shown = [{name: answer.json()[name] for name in ("date", "time")} for answer in (first, second)]
    assert shown == [{"date": "2026-11-01", "time": "01:30"}] * 2
    starts = [agent.get(f"/api/v2/appointments/{a.json()['appointmentId']}").json()["start"] for a in (first, second)]
    assert starts == ["2026-11-01T05:30:00+00:00", "2026-11-01T06:30:00+00:00"]


def test_a_visit_goes_on_while_clocks_go_back(eve_of_winter: None, agent: Caller, clinic: Clinic) -> None:
    make_night(clinic, datetime(2026, 11, 1, 5, 45, tzinfo=UTC), count=2)
    body = agent.book(clinic, version="v2").json()
    assert (body["start"], body["end"]) == ("2026-11-01T05:45:00+00:00", "2026-11-01T06:15:00+00:00")
    shown = agent.get(f"/api/v1/appointments/{body['appointmentId']}").json()
    assert (shown["date"], shown["time"]) == ("2026-11-01", "01:45")


def test_a_visit_goes_on_while_clocks_go_forward(eve_of_summer: None, agent: Caller, clinic: Clinic) -> None:
    make_night(clinic, datetime(2026, 3, 8, 6, 45, tzinfo=UTC), count=4)
    answers = [agent.book(clinic, slot=0), agent.book(clinic, slot=2)]
    assert [(a.json()["date"], a.json()["time"]) for a in answers] == [
        ("2026-03-08", "01:45"),
        ("2026-03-08", "03:15"),
    ]
    assert taken(clinic) == [0, 1, 2, 3]


def test_the_day_is_the_practice_s(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        auckland = Location.objects.create(name="Auckland", time_zone="Pacific/Auckland")
    start = datetime.now(UTC).replace(hour=22, minute=0, second=0, microsecond=0) + timedelta(days=3)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=auckland, start=start, count=2)
    identifier = agent.book(clinic).json()["appointmentId"]
    shown = agent.get(f"/api/v1/appointments/{identifier}").json()
    assert shown["date"] == f"{start:%Y-%m-%d}"
    assert shown["locationId"] == public("loc", auckland.id)
