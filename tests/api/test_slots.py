"""Slots of some days: shapes, days on the practice's clock, filters."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from appointments.models import Slot
from mybcat.ids import new_uuid
from mybcat.tenancy import practice_scope
from practices.models import Location, Practitioner
from tests.api.refusals import assert_invalid, assert_not_found
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_clinic, make_hold, make_slots

pytestmark = pytest.mark.usefixtures("april")
both_versions = pytest.mark.parametrize("version", ["v1", "v2"])

DATE = ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]
RANGE = ["At most 62 days, and not before `from`"]


def slots(agent: Caller, **query: str) -> list[str]:
    """Ids of the slots listed, in the order of the list."""
    answer = agent.get("/api/v1/slots", **query)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["count"] == len(body["results"])
    return [row["id"] for row in body["results"]]


def ids(rows: list[Slot]) -> list[str]:
    return [public("slot", row.id) for row in rows]


def make_slot(clinic: Clinic, start: datetime, **of: Any) -> Slot:
    of = {"practitioner": clinic.practitioner, "location": clinic.location, **of}
    return make_slots(start=start, count=1, **of)[0]


def test_v1_shows_date_and_time(agent: Caller, clinic: Clinic) -> None:
    answer = agent.get("/api/v1/slots", **{"from": "2026-04-25"})
    rows = answer.json()["results"]
    assert (answer.status_code, answer.json()["count"], len(rows)) == (200, 8, 8)
    assert rows[1] == {
        "id": public("slot", clinic.slots[1].id),
        "date": "2026-04-25",
        "time": "09:15",
        "status": "available",
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
    }


def test_v2_shows_instants(agent: Caller, clinic: Clinic) -> None:
    answer = agent.get("/api/v2/slots", **{"from": "2026-04-25"})
    body = answer.json()
    assert (answer.status_code, body["nextCursor"], len(body["data"])) == (200, None, 8)
    assert body["data"][1] == {
        "id": public("slot", clinic.slots[1].id),
        "start": "2026-04-25T13:15:00+00:00",
        "end": "2026-04-25T13:30:00+00:00",
        "status": "free",
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
    }


def test_v1_has_its_own_words_for_the_status_and_v2_those_of_fhir(agent: Caller, clinic: Clinic) -> None:
    assert agent.book(clinic, slot=0).status_code == 201
    make_hold(clinic.slots[2])
    with practice_scope(clinic.practice.id):
        Slot.objects.filter(id=clinic.slots[3].id).update(status="busy-unavailable")
    query = {"from": "2026-04-25"}
    v1 = [row["status"] for row in agent.get("/api/v1/slots", **query).json()["results"]]
    v2 = [row["status"] for row in agent.get("/api/v2/slots", **query).json()["data"]]
    assert v1 == ["booked", "booked", "held", "blocked", "available", "available", "available", "available"]
    assert v2 == ["busy", "busy", "busy-tentative", "busy-unavailable", "free", "free", "free", "free"]


def test_without_days_it_is_today_there(agent: Caller, clinic: Clinic) -> None:
    first = make_slot(clinic, datetime(2026, 4, 24, 4, tzinfo=UTC))
    last = make_slot(clinic, datetime(2026, 4, 25, 3, 45, tzinfo=UTC))
    make_slot(clinic, datetime(2026, 4, 24, 3, 45, tzinfo=UTC))
    make_slot(clinic, datetime(2026, 4, 25, 4, tzinfo=UTC))
    assert slots(agent) == ids([first, last])


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"from": "2026-04-27"}, [27]),
        ({"to": "2026-04-27"}, [27]),
        ({"from": "2026-04-27", "to": "2026-04-27"}, [27]),
        ({"from": "2026-04-27", "to": "2026-04-29"}, [27, 28, 29]),
        ({"from": "2026-04-20", "to": "2026-04-28"}, [26, 27, 28]),
    ],
)
def test_days_are_whole_and_both_ends_count(
    agent: Caller, clinic: Clinic, query: dict[str, str], days: list[int]
) -> None:
    with practice_scope(clinic.practice.id):
        Slot.objects.all().delete()
    made = {day: make_slot(clinic, datetime(2026, 4, day, 22, tzinfo=UTC)) for day in (26, 27, 28, 29, 30)}
    assert slots(agent, **query) == ids([made[day] for day in days])


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-08", 23), ("2026-04-24", 24), ("2026-11-01", 25)], ids=["spring", "plain", "autumn"]
)
def test_a_day_is_as_long_as_the_clock_has_it(agent: Caller, clinic: Clinic, day: str, hours: int) -> None:
    with practice_scope(clinic.practice.id):
        Slot.objects.all().delete()
    midnight = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=clinic.zone).astimezone(UTC)
    make_slot(clinic, midnight - timedelta(minutes=15))
    make_slot(clinic, midnight + timedelta(hours=hours))
    first, last = make_slot(clinic, midnight), make_slot(clinic, midnight + timedelta(hours=hours, minutes=-15))
    assert slots(agent, **{"from": day}) == ids([first, last])


def test_the_hour_that_comes_twice_is_told_apart_in_v2(agent: Caller, clinic: Clinic) -> None:
    make_slots(
        practitioner=clinic.practitioner,
        location=clinic.location,
        start=datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        count=5,
    )
    query = {"from": "2026-11-01"}
    v1 = [row["time"] for row in agent.get("/api/v1/slots", **query).json()["results"]]
    v2 = [row["start"] for row in agent.get("/api/v2/slots", **query).json()["data"]]
    assert v1 == ["01:30", "01:45", "01:00", "01:15", "01:30"]
    assert (v2[0], v2[4]) == ("2026-11-01T05:30:00+00:00", "2026-11-01T06:30:00+00:00")


def test_a_day_and_a_time_are_the_practice_s(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        denver = Location.objects.create(name="Denver", time_zone="America/Denver")
    # 00:30 on the 28th in New York, 22:30 on the 27th in Denver.
    late = make_slot(clinic, datetime(2026, 4, 28, 4, 30, tzinfo=UTC), location=denver)
    assert slots(agent, **{"from": "2026-04-27"}) == []
    rows = agent.get("/api/v1/slots", **{"from": "2026-04-28"}).json()["results"]
    assert [(row["id"], row["date"], row["time"]) for row in rows] == [(public("slot", late.id), "2026-04-28", "00:30")]


@pytest.mark.parametrize("path", ["slots", "appointments"])
@both_versions
def test_62_days_are_listed_at_once_and_no_more(agent: Caller, version: str, path: str) -> None:
    wide = {"from": "2026-04-01", "to": "2026-06-01"}
    assert agent.get(f"/api/{version}/{path}", **wide).status_code == 200
    with changes():
        assert_invalid(agent.get(f"/api/{version}/{path}", **{**wide, "to": "2026-06-02"}), to=RANGE)
        assert_invalid(agent.get(f"/api/{version}/{path}", **{**wide, "to": "2026-03-31"}), to=RANGE)


@pytest.mark.parametrize("path", ["slots", "appointments"])
@pytest.mark.parametrize("end", ["from", "to"])
def test_what_is_no_date_is_refused(agent: Caller, path: str, end: str) -> None:
    hostile = ["", "today", "2026-02-29", "2026-13-01", "2026-4-24", "24/04/2026", "2026-04-24T00:00:00Z", "1879-12-31"]
    hostile += ["2201-01-01", "99999-01-01", "-0001-01-01", "2026-04-24\x00", "\u0662\u0660\u0662\u0666-04-24"]
    with changes():
        for text in hostile:
            assert_invalid(agent.get(f"/api/v1/{path}", **{end: text}), **{end: DATE})


@pytest.fixture
def colleague(clinic: Clinic) -> Practitioner:
    with practice_scope(clinic.practice.id):
        return Practitioner.objects.create(name="Dr Noor Haddad")


@pytest.fixture
def uptown(clinic: Clinic) -> Location:
    with practice_scope(clinic.practice.id):
        return Location.objects.create(name="Uptown", time_zone="America/New_York")


def test_practitioners_and_locations_narrow(
    agent: Caller, clinic: Clinic, colleague: Practitioner, uptown: Location
) -> None:
    day = datetime(2026, 5, 4, 14, tzinfo=UTC)
    made = {
        (who, where): make_slot(
            clinic,
            day + timedelta(hours=number),
            practitioner=colleague if who == "noor" else clinic.practitioner,
            location=uptown if where == "uptown" else clinic.location,
        )
        for number, (who, where) in enumerate(
            [("alice", "downtown"), ("alice", "uptown"), ("noor", "downtown"), ("noor", "uptown")]
        )
    }
    alice, noor = public("pract", clinic.practitioner.id), public("pract", colleague.id)
    there = public("loc", uptown.id)
    day_of = {"from": "2026-05-04"}
    assert slots(agent, **day_of) == ids(list(made.values()))
    assert slots(agent, **day_of, practitioner=noor) == ids([made["noor", "downtown"], made["noor", "uptown"]])
    assert slots(agent, **day_of, practitioner=f"{noor},{alice}") == ids(list(made.values()))
    assert slots(agent, **day_of, location=there) == ids([made["alice", "uptown"], made["noor", "uptown"]])
    assert slots(agent, **day_of, practitioner=alice, location=there) == ids([made["alice", "uptown"]])


def test_slots_at_one_moment_have_an_order_all_the_same(agent: Caller, clinic: Clinic, colleague: Practitioner) -> None:
    start = clinic.slots[0].starts_at
    twins = make_slots(practitioner=colleague, location=clinic.location, start=start, count=1)
    both = sorted([clinic.slots[0], *twins], key=lambda slot: slot.id)
    assert slots(agent, **{"from": "2026-04-25"})[:2] == ids(both)


@pytest.mark.parametrize("path", ["slots", "slots/next?type=comprehensive_exam", "appointments"])
@pytest.mark.parametrize(("member", "prefix"), [("practitioner", "pract"), ("location", "loc")])
@both_versions
def test_a_filter_that_names_nobody_is_not_found(
    agent: Caller, clinic: Clinic, version: str, path: str, member: str, prefix: str
) -> None:
    known = public(prefix, (clinic.practitioner if member == "practitioner" else clinic.location).id)
    unknown = public(prefix, new_uuid())
    path = f"/api/{version}/{path}{'&' if '?' in path else '?'}{member}="
    assert agent.get(path + known).status_code == 200
    with changes():
        for text in (unknown, f"{known},{unknown}", "nobody", f"{known},x", known.upper(), public("pat", new_uuid())):
            assert_not_found(agent.get(path + text))


def test_slots_of_another_practice_are_not_listed(agent: Caller, other_clinic: Clinic) -> None:
    ours = slots(agent, **{"from": "2026-04-25"})
    assert not set(ours) & set(ids(other_clinic.slots))


def test_each_practice_has_its_own_today() -> None:
    with time_machine.travel(datetime(2026, 4, 24, 22, tzinfo=UTC), tick=False):
        clinic = make_clinic(name="Harbour Eyes", time_zone="Australia/Sydney")
        agent = Caller(clinic.agent, clinic.practice)
        # It is already the 25th in Sydney; its tomorrow is the 26th.
        today = make_slot(clinic, datetime(2026, 4, 24, 23, tzinfo=UTC))
        assert slots(agent) == ids([today])
        assert slots(agent, **{"from": "2026-04-26"}) == ids(clinic.slots)
