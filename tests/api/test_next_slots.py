"""Where an appointment of a type can begin: on given days, and next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments.models import Slot
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practitioner
from tests.api.refusals import assert_invalid
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_slots, make_type

pytestmark = pytest.mark.usefixtures("april")
both_versions = pytest.mark.parametrize("version", ["v1", "v2"])

DAY = {"from": "2026-04-25"}
INSTANT = ["Give an RFC 3339 instant with its offset, such as 2026-04-24T10:00:00-04:00"]


def listed(agent: Caller, clinic: Clinic, **query: Any) -> list[int]:
    """Numbers of the clinic's slots at which the list says that one can begin."""
    return _numbers(agent.get("/api/v1/slots", **{**DAY, **query}), clinic)


def offered(agent: Caller, clinic: Clinic, **query: Any) -> list[int]:
    """Numbers of the clinic's slots that are said to be the next."""
    return _numbers(agent.get("/api/v1/slots/next", **query), clinic)


def _numbers(answer: Any, clinic: Clinic) -> list[int]:
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["count"] == len(body["results"])
    number_of = {public("slot", slot.id): number for number, slot in enumerate(clinic.slots)}
    return [number_of[row["id"]] for row in body["results"]]


def block(clinic: Clinic, *numbers: int) -> None:
    with practice_scope(clinic.practice.id):
        Slot.objects.filter(id__in=[clinic.slots[number].id for number in numbers]).update(status="busy-unavailable")


@pytest.mark.parametrize(
    ("type_fields", "blocked", "numbers"),
    [
        ({"duration_minutes": 15}, [], [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"duration_minutes": 30}, [], [0, 1, 2, 3, 4, 5, 6]),
        ({"duration_minutes": 31}, [], [0, 1, 2, 3, 4, 5]),
        ({"duration_minutes": 120}, [], [0]),
        ({"duration_minutes": 121}, [], []),
        ({"duration_minutes": 15}, [0, 3, 7], [1, 2, 4, 5, 6]),
        ({"duration_minutes": 30}, [3], [0, 1, 4, 5, 6]),
        ({"duration_minutes": 45}, [3], [0, 4, 5]),
        ({"duration_minutes": 30, "buffer_before_minutes": 15}, [], [1, 2, 3, 4, 5, 6]),
        ({"duration_minutes": 30, "buffer_after_minutes": 15}, [], [0, 1, 2, 3, 4, 5]),
        ({"duration_minutes": 30, "buffer_before_minutes": 15, "buffer_after_minutes": 15}, [], [1, 2, 3, 4, 5]),
        ({"duration_minutes": 15, "buffer_before_minutes": 5, "buffer_after_minutes": 5}, [4], [1, 2, 6]),
        ({"duration_minutes": 15, "buffer_before_minutes": 120}, [], []),
    ],
)
def test_a_type_begins_where_it_fits_and_is_booked_there_and_nowhere_else(
    agent: Caller, clinic: Clinic, type_fields: dict[str, int], blocked: list[int], numbers: list[int]
) -> None:
    kind = make_type(practice=clinic.practice, **type_fields)
    block(clinic, *blocked)
    assert listed(agent, clinic, type=kind.code) == numbers
    assert offered(agent, clinic, type=kind.code, count=50) == numbers
    booked = []
    for number in range(8):
        answer = agent.book(clinic, slot=number, type=kind.code)
        if answer.status_code == 201:
            booked.append(number)
            cancel = f"/api/v1/appointments/{answer.json()['appointmentId']}/cancel"
            assert agent.post(cancel, {"reason": "other"}).status_code == 200
    assert booked == numbers


def test_what_is_booked_is_offered_no_more(agent: Caller, clinic: Clinic) -> None:
    assert agent.book(clinic, slot=2).status_code == 201
    assert offered(agent, clinic, type="comprehensive_exam", count=50) == [0, 4, 5, 6]


def test_a_gap_and_another_location_end_a_run(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        uptown = Location.objects.create(name="Uptown", time_zone="America/New_York")
    after = clinic.slots[-1].ends_at
    clinic.slots += make_slots(practitioner=clinic.practitioner, location=uptown, start=after, count=2)
    later = after + timedelta(minutes=45)
    clinic.slots += make_slots(practitioner=clinic.practitioner, location=uptown, start=later, count=2)
    assert offered(agent, clinic, type="comprehensive_exam", count=50) == [0, 1, 2, 3, 4, 5, 6, 8, 10]


@both_versions
def test_five_are_offered_unless_a_number_is_named(agent: Caller, clinic: Clinic, version: str) -> None:
    rows = {"v1": "results", "v2": "data"}[version]
    path = f"/api/{version}/slots/next"
    query = {"type": "comprehensive_exam"}
    assert [len(agent.get(path, **query, **count).json()[rows]) for count in ({}, {"count": 1}, {"count": 50})] == [
        5,
        1,
        7,
    ]


@both_versions
def test_one_to_fifty_may_be_asked_for(agent: Caller, version: str) -> None:
    path, query = f"/api/{version}/slots/next", {"type": "comprehensive_exam"}
    low, high = ["Ensure this value is greater than or equal to 1."], ["Ensure this value is less than or equal to 50."]
    with changes():
        for count in ("0", "-1"):
            assert_invalid(agent.get(path, **query, count=count), count=low)
        for count in ("51", "9" * 100):
            assert_invalid(agent.get(path, **query, count=count), count=high)
        for count in ("", "five", "5.5", "1e1", "NaN"):
            assert_invalid(agent.get(path, **query, count=count), count=["A valid integer is required."])


def test_the_shapes_are_those_of_the_list(agent: Caller, clinic: Clinic) -> None:
    query = {"type": "comprehensive_exam", "count": 50}
    fits = [public("slot", slot.id) for slot in clinic.slots[:7]]
    for version, rows in (("v1", "results"), ("v2", "data")):
        every = {row["id"]: row for row in agent.get(f"/api/{version}/slots", **DAY).json()[rows]}
        body = agent.get(f"/api/{version}/slots/next", **query).json()
        # Of v2 alone: why it is offered.
        told = [{name: row[name] for name in row if name not in ("rank", "reasons")} for row in body[rows]]
        assert told == [every[identifier] for identifier in fits]
        assert body["count" if version == "v1" else "nextCursor"] == (7 if version == "v1" else None)


def test_the_earliest_of_all_practitioners_come_first(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        colleague = Practitioner.objects.create(name="Dr Noor Haddad")
    start = clinic.slots[0].starts_at - timedelta(minutes=20)
    clinic.slots += make_slots(practitioner=colleague, location=clinic.location, start=start, count=4)
    assert offered(agent, clinic, type="comprehensive_exam", count=4) == [8, 9, 0, 10]
    only = public("pract", clinic.practitioner.id)
    assert offered(agent, clinic, type="comprehensive_exam", count=2, practitioner=only) == [0, 1]


def test_nothing_is_offered_that_has_begun(agent: Caller, clinic: Clinic) -> None:
    # It is 14:00 UTC.
    start = datetime(2026, 4, 24, 13, 30, tzinfo=UTC)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=5)
    assert listed(agent, clinic, type="comprehensive_exam", **{"from": "2026-04-24"}) == [2, 3]
    early = {"from": "2026-04-24T00:00:00Z", "count": 2}
    assert offered(agent, clinic, type="comprehensive_exam", **early) == [2, 3]


@pytest.mark.parametrize(
    ("since", "first"),
    [
        ("2026-04-25T09:15:00-04:00", 1),
        ("2026-04-25T13:15:00Z", 1),
        ("2026-04-25t13:15:00.0z", 1),
        ("2026-04-25T13:15:00.000001Z", 2),
        ("2026-04-25T18:45:00+05:30", 1),
        ("2026-04-25T13:14:59+00:00", 1),
    ],
)
def test_the_search_begins_where_it_is_told_to(agent: Caller, clinic: Clinic, since: str, first: int) -> None:
    assert offered(agent, clinic, type="comprehensive_exam", count=1, **{"from": since}) == [first]


@pytest.mark.parametrize("days", [3, 5, 20, 30, 300, 364])
def test_the_next_is_found_however_far_it_is(agent: Caller, clinic: Clinic, days: int) -> None:
    start = datetime(2026, 4, 25, 14, tzinfo=UTC) + timedelta(days=days)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=3)
    query = {"from": "2026-04-26T00:00:00Z", "type": "comprehensive_exam"}
    assert offered(agent, clinic, **query) == [0, 1]


@both_versions
def test_an_instant_without_its_offset_is_refused(agent: Caller, version: str) -> None:
    hostile = ["", "now", "2026-04-25", "2026-04-25T09:00:00", "2026-04-25 09:00", "2026-02-30T09:00:00Z"]
    hostile += ["2026-04-25T25:00:00Z", "2026-04-25T09:00:00+99:00", "2026-04-25T09:00:00Z\x00", "1777200000"]
    hostile += ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2201-01-01T00:00:00Z", "T", "\u0662026"]
    hostile += ["20260425T090000Z", "2026-W17-6T09:00:00Z", "2026-04-25T09:00Z", "2026-04-25T09:00:00+0400"]
    with changes():
        for text in hostile:
            query = {"type": "comprehensive_exam", "from": text}
            assert_invalid(agent.get(f"/api/{version}/slots/next", **query), **{"from": INSTANT})


@both_versions
def test_a_type_is_required_and_must_be_one(agent: Caller, clinic: Clinic, other_clinic: Clinic, version: str) -> None:
    make_type(practice=other_clinic.practice, code="lasik")
    make_type(practice=clinic.practice, code="retired", is_active=False)
    with changes():
        assert_invalid(agent.get(f"/api/{version}/slots/next"), type=["This field is required."])
        for code in ("dentistry", "lasik", "retired"):
            for path in ("slots/next", "slots"):
                answer = agent.get(f"/api/{version}/{path}", type=code)
                assert_invalid(answer, type=["No such type of appointment"])


@pytest.mark.parametrize("left", [Practitioner, Location, AppointmentType])
def test_who_sees_nobody_is_left_out(agent: Caller, clinic: Clinic, left: type[Any]) -> None:
    """A practitioner or a location that is not active has slots still, but offers none."""
    with practice_scope(clinic.practice.id):
        colleague = Practitioner.objects.create(name="Dr Noor Haddad")
        uptown = Location.objects.create(name="Uptown", time_zone="America/New_York")
        other = AppointmentType.objects.create(code="triage", name="Triage", duration_minutes=15)
        left.objects.filter(id__in=[colleague.id, uptown.id, other.id]).update(is_active=False)
    place = uptown if left is Location else clinic.location
    made = make_slots(practitioner=colleague, location=place, start=datetime(2026, 4, 25, 11, tzinfo=UTC), count=2)
    clinic.slots += made
    expected = [8, 0, 1] if left is AppointmentType else [0, 1, 2]
    assert offered(agent, clinic, type="comprehensive_exam", count=3) == expected
    assert listed(agent, clinic, type="comprehensive_exam")[:3] == expected
    assert sorted(listed(agent, clinic)) == list(range(10))


class TestWishes:
    """What callers can come for, on the clock of the place; of v2 alone."""

    def wished(self, agent: Caller, clinic: Clinic, **wishes: Any) -> list[str]:
        answer = agent.get("/api/v2/slots/next", type=clinic.exam.code, count=50, **wishes)
        assert answer.status_code == 200, answer.content
        starts = [datetime.fromisoformat(row["start"]).astimezone(clinic.zone) for row in answer.json()["data"]]
        return [f"{start:%a %H:%M}" for start in starts]

    @pytest.fixture
    def week(self, clinic: Clinic) -> Clinic:
        """From Saturday, the 25th of April, on: a start at 11:45, 12:00, 16:45 and 17:00 on each day."""
        with practice_scope(clinic.practice.id):
            Slot.objects.all().delete()
        for day in range(7):
            for hour in (11, 16):
                first = datetime(2026, 4, 25, hour, 45, tzinfo=clinic.zone) + timedelta(days=day)
                make_slots(practitioner=clinic.practitioner, location=clinic.location, start=first, count=3)
        return clinic

    @pytest.mark.parametrize(
        ("part", "clocks"),
        [("morning", {"11:45"}), ("afternoon", {"12:00", "16:45"}), ("evening", {"17:00"})],
    )
    def test_a_part_of_the_day(self, agent: Caller, week: Clinic, part: str, clocks: set[str]) -> None:
        found = self.wished(agent, week, partOfDay=part)
        assert {each[4:] for each in found} == clocks
        assert len(found) == 7 * len(clocks)

    def test_days_of_the_week(self, agent: Caller, week: Clinic) -> None:
        found = self.wished(agent, week, weekday="mon,thu", partOfDay="evening")
        assert found == ["Mon 17:00", "Thu 17:00"]

    def test_before_an_instant(self, agent: Caller, week: Clinic) -> None:
        found = self.wished(agent, week, until="2026-04-26T12:00:00-04:00")
        assert found == ["Sat 11:45", "Sat 12:00", "Sat 16:45", "Sat 17:00", "Sun 11:45"]
        # What has passed leaves nothing.
        assert self.wished(agent, week, until="2026-01-01T00:00:00Z") == []

    def test_the_clock_is_the_location_s(self, agent: Caller, week: Clinic) -> None:
        """Where it is three hours earlier, noon in New York is a morning."""
        with practice_scope(week.practice.id):
            Location.objects.update(time_zone="America/Los_Angeles")
        assert len(self.wished(agent, week, partOfDay="morning")) == 2 * 7

    @pytest.mark.parametrize(
        "wrong",
        [
            {"partOfDay": "night"},
            {"weekday": "monday"},
            {"weekday": "mon,"},
            {"weekday": ""},
            {"until": "2026-04-26"},
            {"from": "2026-04-26T12:00:00Z", "until": "2026-04-26T12:00:00Z"},
        ],
    )
    def test_what_is_no_wish_is_said(self, agent: Caller, clinic: Clinic, wrong: dict[str, str]) -> None:
        with changes():
            answer = agent.get("/api/v2/slots/next", type=clinic.exam.code, **wrong)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] in {f"#/{name}" for name in wrong}

    def test_v1_is_frozen(self, agent: Caller, clinic: Clinic) -> None:
        assert agent.get("/api/v1/slots/next", type=clinic.exam.code, partOfDay="morning").status_code == 400


def test_who_is_named_and_sees_nobody_offers_nothing(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Practitioner.objects.update(is_active=False)
    alice = public("pract", clinic.practitioner.id)
    assert offered(agent, clinic, type="comprehensive_exam", practitioner=alice) == []
    assert listed(agent, clinic, type="comprehensive_exam", practitioner=alice) == []
    assert listed(agent, clinic, practitioner=alice) == list(range(8))


def test_the_night_that_clocks_change_has_every_start(agent: Caller, clinic: Clinic) -> None:
    start = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=6)
    query = {"from": "2026-11-01T04:00:00Z", "type": "comprehensive_exam"}
    rows = agent.get("/api/v1/slots/next", **query).json()["results"]
    assert [row["time"] for row in rows] == ["01:30", "01:45", "01:00", "01:15", "01:30"]
    assert _numbers(agent.get("/api/v1/slots/next", **query), clinic) == [0, 1, 2, 3, 4]
