"""Why not then? Over HTTP, from the rows that booking itself goes by."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from appointments.models import Slot
from appointments.schedules import extend_horizon
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practitioner, TimeOff, WorkingHours
from tests.api.refusals import assert_forbidden
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_hold, make_slots, make_type, tomorrow_at

WHY_NOT = "/api/v2/slots/why-not"


@pytest.fixture
def hours(clinic: Clinic) -> Clinic:
    """Dr Lee is in on every weekday from 09:00 to 12:00, and has slots from those hours."""
    with practice_scope(clinic.practice.id):
        Slot.objects.all().delete()
        for weekday in range(7):
            WorkingHours.objects.create(
                practitioner=clinic.practitioner,
                location=clinic.location,
                weekday=weekday,
                starts=time(9),
                ends=time(12),
                valid_from=date(2026, 1, 1),
            )
        extend_horizon(practitioner=clinic.practitioner, now=datetime.now(UTC))
        rows = Slot.objects.filter(starts_at__gte=tomorrow_at("09:00", time_zone=clinic.zone.key))
        clinic.slots = list(rows.order_by("starts_at")[:12])
    return clinic


def asked(agent: Caller, clinic: Clinic, start: datetime, **query: Any) -> dict[str, Any]:
    query = {"practitioner": public("pract", clinic.practitioner.id), "type": clinic.exam.code, **query}
    answer = agent.get(WHY_NOT, start=start.isoformat(), **query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def codes(explained: dict[str, Any]) -> list[str]:
    return [blocker["code"] for blocker in explained["blockers"]]


def tomorrow(clinic: Clinic, clock: str, days: int = 1) -> datetime:
    return tomorrow_at(clock, time_zone=clinic.zone.key, days=days)


def test_a_free_time_has_nothing_against_it_and_can_be_booked(agent: Caller, hours: Clinic) -> None:
    explained = asked(agent, hours, tomorrow(hours, "09:00"))
    assert (explained["possible"], explained["blockers"]) == (True, [])
    assert datetime.fromisoformat(explained["end"]) == tomorrow(hours, "09:30")
    assert agent.book(hours).status_code == 201


def test_a_taken_time_says_so_and_offers_the_nearest(agent: Caller, hours: Clinic) -> None:
    assert agent.book(hours, slot=2).status_code == 201
    explained = asked(agent, hours, tomorrow(hours, "09:30"))
    assert (explained["possible"], codes(explained)) == (False, ["taken"])
    assert datetime.fromisoformat(explained["blockers"][0]["start"]) == tomorrow(hours, "09:30")
    nearest = [datetime.fromisoformat(slot["start"]) for slot in explained["nearest"]]
    assert nearest == [tomorrow(hours, "09:00"), tomorrow(hours, "10:00")]
    for slot in explained["nearest"]:
        booked = agent.book(hours, slotId=slot["id"])
        assert booked.status_code == 201, booked.content


def test_other_practitioners_are_offered_after_the_one_asked_for(agent: Caller, hours: Clinic) -> None:
    with practice_scope(hours.practice.id):
        other = Practitioner.objects.create(name="Dr Marcus Grant")
    make_slots(practitioner=other, location=hours.location, start=tomorrow(hours, "09:00"), count=12)
    explained = asked(agent, hours, tomorrow(hours, "08:00"))
    assert [slot["practitionerId"] for slot in explained["nearest"]] == [
        *[public("pract", hours.practitioner.id)] * 2,
        *[public("pract", other.id)] * 2,
    ]


def test_who_else_is_free_at_that_very_time_is_offered_first(agent: Caller, hours: Clinic) -> None:
    """However many they are."""
    with practice_scope(hours.practice.id):
        others = [Practitioner.objects.create(name=f"Dr No {number}") for number in range(5)]
    for each in others:
        make_slots(practitioner=each, location=hours.location, start=tomorrow(hours, "09:30"), count=2)
    assert agent.book(hours, slot=2).status_code == 201
    nearest = asked(agent, hours, tomorrow(hours, "09:30"))["nearest"]
    found = [datetime.fromisoformat(slot["start"]) for slot in nearest]
    assert found == [tomorrow(hours, clock) for clock in ("09:00", "10:00", "09:30", "09:30")]
    assert {slot["practitionerId"] for slot in nearest[2:]} <= {public("pract", each.id) for each in others}


@pytest.mark.parametrize("days", [5, 30])
def test_who_has_nothing_near_is_looked_for_farther_ahead(agent: Caller, hours: Clinic, days: int) -> None:
    """The one asked for has one time before and one far ahead; the others have theirs around."""
    with practice_scope(hours.practice.id):
        lone = Practitioner.objects.create(name="Dr Ida Far")
        other = Practitioner.objects.create(name="Dr Marcus Grant")
    for start in (tomorrow(hours, "08:00"), tomorrow(hours, "10:00", days=1 + days)):
        make_slots(practitioner=lone, location=hours.location, start=start, count=2)
    make_slots(practitioner=other, location=hours.location, start=tomorrow(hours, "07:00"), count=20)
    wanted = tomorrow(hours, "09:10")
    explained = asked(agent, hours, wanted, practitioner=public("pract", lone.id))
    found = [(slot["practitionerId"], datetime.fromisoformat(slot["start"])) for slot in explained["nearest"]]
    assert found[:2] == [
        (public("pract", lone.id), tomorrow(hours, "08:00")),
        (public("pract", lone.id), tomorrow(hours, "10:00", days=1 + days)),
    ]
    assert len(found) == 4
    assert all(abs(start - wanted) <= timedelta(minutes=10) for _, start in found[2:])


def test_the_nearest_before_is_the_nearest_however_many_there_are(agent: Caller, hours: Clinic) -> None:
    """Two thousand and more begin in the days before."""
    with practice_scope(hours.practice.id):
        others = [Practitioner.objects.create(name=f"Dr No {number}") for number in range(11)]
    start, end = tomorrow(hours, "00:00"), tomorrow(hours, "02:00", days=3)
    for each in others:
        # Two hundred, or an hour's more or fewer where clocks change.
        count = (end - start) // timedelta(minutes=15)
        make_slots(practitioner=each, location=hours.location, start=start, count=count)
    explained = asked(agent, hours, tomorrow(hours, "02:05", days=3))
    found = {datetime.fromisoformat(slot["start"]) for slot in explained["nearest"]}
    # Each has its last one at 01:45 that day; the visit needs two.
    assert tomorrow(hours, "01:30", days=3) in found


def test_each_thing_that_stands_against_it_is_named(agent: Caller, hours: Clinic) -> None:
    long = make_type(practice=hours.practice, duration_minutes=60, buffer_after_minutes=15)
    agent.book(hours, slot=10)
    with practice_scope(hours.practice.id):
        TimeOff.objects.create(
            location=hours.location,
            starts_at=tomorrow(hours, "11:00"),
            ends_at=tomorrow(hours, "13:00"),
            reason="holiday",
        )
    location = public("loc", hours.location.id)
    explained = asked(agent, hours, tomorrow(hours, "10:50"), type=long.code, location=location)
    assert codes(explained) == ["closed", "too_short", "taken", "off_grid"]
    assert all(blocker["sentence"] for blocker in explained["blockers"])
    starts = [tomorrow(hours, clock).astimezone(UTC).isoformat() for clock in ("10:45", "11:00")]
    [_, short, taken, grid] = [blocker["values"] for blocker in explained["blockers"]]
    assert (sorted(short), taken, grid) == (["minutes"], {}, {"starts": starts})


def test_why_somebody_is_away_stays_theirs(agent: Caller, hours: Clinic) -> None:
    with practice_scope(hours.practice.id):
        TimeOff.objects.create(
            practitioner=hours.practitioner,
            starts_at=tomorrow(hours, "00:00"),
            ends_at=tomorrow(hours, "23:00"),
            reason="sick",
        )
    explained = asked(agent, hours, tomorrow(hours, "10:00"))
    assert codes(explained) == ["time_off"]
    assert "sick" not in str(explained)


def test_what_the_calendar_cannot_help_is_told_too(agent: Caller, hours: Clinic) -> None:
    yesterday = asked(agent, hours, tomorrow(hours, "10:00", days=-1))
    assert "past" in codes(yesterday)
    beyond = asked(agent, hours, tomorrow(hours, "10:00", days=200))
    assert codes(beyond) == ["beyond_horizon"]
    last = date.fromisoformat(beyond["blockers"][0]["values"]["lastDay"])
    assert f"{last:%B} {last.day}, {last.year}" in beyond["blockers"][0]["sentence"]
    with practice_scope(hours.practice.id):
        Practitioner.objects.filter(id=hours.practitioner.id).update(is_active=False)
        Location.objects.update(is_active=False)
    gone = asked(agent, hours, tomorrow(hours, "10:00"), location=public("loc", hours.location.id))
    assert codes(gone)[:2] == ["practitioner_inactive", "location_inactive"]
    values = [blocker["values"] for blocker in gone["blockers"][:2]]
    assert values == [{"practitioner": hours.practitioner.name}, {"location": hours.location.name}]
    assert gone["nearest"] == []


@pytest.mark.parametrize(
    ("audience", "new_patient", "expected"),
    [
        ("returning", "true", ["audience"]),
        ("returning", "false", []),
        ("new", "false", ["audience"]),
        ("any", "true", []),
    ],
)
def test_a_type_may_be_for_others(
    agent: Caller, hours: Clinic, audience: str, new_patient: str, expected: list[str]
) -> None:
    with practice_scope(hours.practice.id):
        AppointmentType.objects.filter(id=hours.exam.id).update(audience=audience)
    explained = asked(agent, hours, tomorrow(hours, "10:00"), newPatient=new_patient)
    assert codes(explained) == expected
    for blocker in explained["blockers"]:
        assert blocker["values"] == {"appointmentType": hours.exam.name, "audience": audience}


def test_a_held_time_is_told(agent: Caller, hours: Clinic) -> None:
    make_hold(hours.slots[4])
    explained = asked(agent, hours, tomorrow(hours, "10:00"))
    assert codes(explained) == ["held"]
    assert re.fullmatch(r"Held 10:00 to 10:15 E[DS]T by Colleague", explained["blockers"][0]["sentence"])
    assert explained["blockers"][0]["values"] == {"heldBy": "Colleague"}


@pytest.mark.parametrize("days", range(0, 40, 7))
@pytest.mark.parametrize("clock", ["08:45", "09:00", "11:30", "11:45", "12:00", "10:10"])
def test_what_it_says_is_what_booking_does(agent: Caller, hours: Clinic, clock: str, days: int) -> None:
    """Possible, and a slot begins then: booked. Not possible: no slot begins then, or booking refuses."""
    start = tomorrow(hours, clock, days=1 + days)
    explained = asked(agent, hours, start)
    with practice_scope(hours.practice.id):
        slot = Slot.objects.filter(starts_at=start).first()
    booked = slot is not None and agent.book(hours, slotId=public("slot", slot.id)).status_code == 201
    assert explained["possible"] == booked


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"start": "2026-06-02T10:00:00"},
        {"start": "tomorrow"},
        {"newPatient": "maybe"},
        {"type": "no_such_type"},
        {"practitioner": ""},
        {"day": "2026-06-02"},
    ],
)
def test_what_cannot_be_asked_is_refused(agent: Caller, clinic: Clinic, query: dict[str, str]) -> None:
    good = {
        "practitioner": public("pract", clinic.practitioner.id),
        "type": clinic.exam.code,
        "start": "2026-06-02T10:00:00Z",
    }
    sent = {**good, **query} if query else {"type": clinic.exam.code}
    with changes():
        assert agent.get(WHY_NOT, **sent).status_code == 400


def test_another_practice_s_practitioner_is_refused(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    theirs = public("pract", other_clinic.practitioner.id)
    query = {"practitioner": theirs, "type": clinic.exam.code, "start": "2026-06-02T10:00:00Z"}
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        assert_forbidden(agent.get(WHY_NOT, **query))


def test_nothing_is_written_by_asking(agent: Caller, hours: Clinic) -> None:
    with changes():
        asked(agent, hours, tomorrow(hours, "10:00") + timedelta(minutes=5))


def test_v2_tells_whoever_could_not_book_why_and_what_else_there_is(agent: Caller, hours: Clinic) -> None:
    assert agent.book(hours, slot=0).status_code == 201
    refused = agent.book(hours, slot=1, version="v2")
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_taken")
    explained = asked(agent, hours, hours.slots[1].starts_at, location=public("loc", hours.location.id))
    assert refused.json()["blockers"] == explained["blockers"]
    assert refused.json()["nearest"] == explained["nearest"]
    assert [blocker["code"] for blocker in refused.json()["blockers"]] == ["taken"]
    assert agent.book(hours, slotId=refused.json()["nearest"][0]["id"], version="v2").status_code == 201


def test_the_explanation_is_told_again_with_the_refusal(agent: Caller, hours: Clinic) -> None:
    agent.book(hours, slot=0)
    first = agent.book(hours, slot=0, version="v2", key="the-key")
    again = agent.book(hours, slot=0, version="v2", key="the-key")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["nearest"] == first.json()["nearest"] != []


def test_v1_says_that_it_is_taken_and_no_more(agent: Caller, hours: Clinic) -> None:
    agent.book(hours, slot=0)
    assert sorted(agent.book(hours, slot=0).json()) == ["correlationId", "error"]
