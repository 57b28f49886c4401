"""What v2 offers a caller, in which order, and why: by urgency, by patient, by insurer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments.models import Slot
from mybcat.tenancy import practice_scope
from practices.models import Location, Practitioner
from practices.workspace.models import FrontDesk
from tests.api.refusals import assert_invalid
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_slots, make_type

pytestmark = pytest.mark.usefixtures("april")
PATH = "/api/v2/slots/next"


def offers(agent: Caller, clinic: Clinic, **query: Any) -> list[dict[str, Any]]:
    answer = agent.get(PATH, **{"type": clinic.exam.code, **query})
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["data"]
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    return rows


def clocks(clinic: Clinic, rows: list[dict[str, Any]]) -> list[str]:
    return [f"{datetime.fromisoformat(row['start']).astimezone(clinic.zone):%a %H:%M}" for row in rows]


def reasons(rows: list[dict[str, Any]]) -> list[list[str]]:
    return [row["reasons"] for row in rows]


@pytest.fixture
def week(clinic: Clinic) -> Clinic:
    """From today, a Friday, on: starts at 11:45, 12:00, 16:45 and 17:00 on each of seven days. It is 10:00."""
    with practice_scope(clinic.practice.id):
        Slot.objects.all().delete()
    for day in range(7):
        for hour in (11, 16):
            first = datetime(2026, 4, 24, hour, 45, tzinfo=clinic.zone) + timedelta(days=day)
            make_slots(practitioner=clinic.practitioner, location=clinic.location, start=first, count=3)
    return clinic


@pytest.fixture
def noor(week: Clinic) -> Practitioner:
    """A colleague with a start at 12:30 on each of three days from Sunday on."""
    with practice_scope(week.practice.id):
        noor = Practitioner.objects.create(name="Dr Noor Haddad")
    for day in range(3):
        first = datetime(2026, 4, 26, 12, 30, tzinfo=week.zone) + timedelta(days=day)
        make_slots(practitioner=noor, location=week.location, start=first, count=2)
    return noor


@pytest.mark.parametrize("urgency", [{}, {"urgency": "urgent"}])
def test_the_soonest_come_first(agent: Caller, week: Clinic, urgency: dict[str, str]) -> None:
    found = offers(agent, week, **urgency)
    assert clocks(week, found) == ["Fri 11:45", "Fri 12:00", "Fri 16:45", "Fri 17:00", "Sat 11:45"]
    assert reasons(found) == [
        ["soonest", "today"],
        ["today", "another_part_of_day"],
        ["today"],
        ["today", "another_part_of_day"],
        ["another_day"],
    ]


class TestEmergency:
    def test_is_seen_today(self, agent: Caller, week: Clinic) -> None:
        found = offers(agent, week, urgency="emergency", count=50)
        assert clocks(week, found) == ["Fri 11:45", "Fri 12:00", "Fri 16:45", "Fri 17:00"]

    def test_or_later_today(self, agent: Caller, week: Clinic) -> None:
        later = {"from": "2026-04-24T15:00:00-04:00"}
        assert clocks(week, offers(agent, week, urgency="emergency", **later)) == ["Fri 16:45", "Fri 17:00"]
        assert offers(agent, week, urgency="emergency", **{"from": "2026-04-25T09:00:00-04:00"}) == []

    def test_within_what_the_caller_can_come_for(self, agent: Caller, week: Clinic) -> None:
        wishes = {"until": "2026-04-24T16:50:00-04:00", "partOfDay": "afternoon"}
        assert clocks(week, offers(agent, week, urgency="emergency", **wishes)) == ["Fri 12:00", "Fri 16:45"]

    def test_today_ends_when_the_place_s_does(self, agent: Caller, week: Clinic) -> None:
        """20:00 in Honolulu is 02:00 of the next day in New York, and today all the same."""
        with practice_scope(week.practice.id):
            Slot.objects.all().delete()
            honolulu = Location.objects.create(name="Honolulu", time_zone="Pacific/Honolulu")
        night = datetime(2026, 4, 25, 6, tzinfo=UTC)
        for place in (week.location, honolulu):
            start = night if place == honolulu else night + timedelta(hours=1)
            make_slots(practitioner=week.practitioner, location=place, start=start, count=2)
        found = offers(agent, week, urgency="emergency")
        assert [row["locationId"] for row in found] == [public("loc", honolulu.id)]
        assert reasons(found) == [["soonest", "today"]]


class TestRoutine:
    def test_alternatives_differ_as_much_as_they_can(self, agent: Caller, week: Clinic, noor: Practitioner) -> None:
        found = offers(agent, week, urgency="routine")
        assert clocks(week, found) == ["Fri 11:45", "Sun 12:30", "Sat 17:00", "Mon 12:30", "Tue 11:45"]
        assert reasons(found) == [
            ["soonest", "today"],
            ["another_day", "another_part_of_day", "another_practitioner"],
            ["another_day", "another_part_of_day"],
            ["another_day"],
            ["another_day"],
        ]
        assert found[1]["practitionerId"] == public("pract", noor.id)

    def test_each_is_one_that_can_be_booked(self, agent: Caller, week: Clinic, noor: Practitioner) -> None:
        for row in offers(agent, week, urgency="routine", count=8):
            assert agent.book(week, slotId=row["id"]).status_code == 201

    def test_where_there_are_few_the_rest_are_the_soonest(self, agent: Caller, clinic: Clinic) -> None:
        """One morning of one practitioner."""
        found = offers(agent, clinic, urgency="routine", count=4)
        assert clocks(clinic, found) == ["Sat 09:00", "Sat 09:15", "Sat 09:30", "Sat 09:45"]
        assert reasons(found) == [["soonest"], [], [], []]
        assert len(offers(agent, clinic, urgency="routine", count=50)) == 7

    def test_wishes_hold(self, agent: Caller, week: Clinic, noor: Practitioner) -> None:
        wishes = {"weekday": "sun,mon", "partOfDay": "afternoon", "until": "2026-04-27T16:50:00-04:00"}
        found = offers(agent, week, urgency="routine", **wishes)
        assert clocks(week, found)[:2] == ["Sun 12:00", "Mon 12:30"]
        assert {clock[:3] for clock in clocks(week, found)} == {"Sun", "Mon"}
        assert not {"11:45", "17:00"} & {clock[4:] for clock in clocks(week, found)}

    def test_several_places_and_people_may_be_named(self, agent: Caller, week: Clinic, noor: Practitioner) -> None:
        both = ",".join(public("pract", each.id) for each in (noor, week.practitioner))
        assert len({row["practitionerId"] for row in offers(agent, week, urgency="routine", practitioner=both)}) == 2
        only = public("pract", noor.id)
        found = offers(agent, week, urgency="routine", practitioner=only)
        assert clocks(week, found) == ["Sun 12:30", "Mon 12:30", "Tue 12:30"]

    @pytest.mark.parametrize("days", [5, 20, 100])
    def test_however_far_they_are(self, agent: Caller, clinic: Clinic, days: int) -> None:
        with practice_scope(clinic.practice.id):
            Slot.objects.all().delete()
        for day in (days, days + 1):
            start = datetime(2026, 4, 24, 14, tzinfo=UTC) + timedelta(days=day)
            make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=2)
        assert len(offers(agent, clinic, urgency="routine")) == 2

    @pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
    def test_the_day_that_clocks_change_is_one_day(self, agent: Caller, clinic: Clinic, day: str) -> None:
        with practice_scope(clinic.practice.id):
            Slot.objects.all().delete()
        for hour in (0, 10, 23):
            start = datetime.fromisoformat(f"{day}T{hour:02}:00").replace(tzinfo=clinic.zone)
            make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=2)
        if day < "2026-04-24":
            # Past by now.
            assert offers(agent, clinic, urgency="routine") == []
            return
        found = offers(agent, clinic, urgency="routine", **{"from": f"{day}T00:00:00-04:00"})
        assert clocks(clinic, found) == ["Sun 00:00", "Sun 23:00", "Sun 10:00"]
        assert not any("another_day" in each for each in reasons(found))


@pytest.mark.parametrize(
    ("audience", "asked", "reason"),
    [
        ("any", "true", []),
        ("new", "true", ["new_patients"]),
        ("returning", "false", ["returning_patients"]),
        ("new", None, []),
    ],
)
def test_a_type_is_for_some_patients(
    agent: Caller, clinic: Clinic, audience: str, asked: str | None, reason: list[str]
) -> None:
    kind = make_type(practice=clinic.practice, audience=audience)
    told = {"newPatient": asked} if asked else {}
    found = offers(agent, clinic, type=kind.code, count=1, **told)
    assert reasons(found) == [["soonest", *reason]]


@pytest.mark.parametrize(("audience", "asked", "who"), [("new", "false", "new"), ("returning", "true", "returning")])
def test_a_type_for_others_is_refused_not_empty(
    agent: Caller, clinic: Clinic, audience: str, asked: str, who: str
) -> None:
    kind = make_type(practice=clinic.practice, audience=audience)
    with changes():
        answer = agent.get(PATH, type=kind.code, newPatient=asked)
    assert_invalid(answer, newPatient=[f"This type of appointment is for {who} patients"])


@pytest.mark.parametrize(
    ("listed", "asked", "reason"),
    [
        (["VSP", "EyeMed"], "vsp", "insurance_accepted"),
        (["VSP ", "EyeMed"], " VSP", "insurance_accepted"),
        (["EyeMed"], "VSP", "insurance_not_listed"),
        ([], "VSP", "insurance_unknown"),
        (None, "VSP", "insurance_unknown"),
    ],
)
def test_an_insurer_is_looked_for_in_the_practice_s_list(
    agent: Caller, clinic: Clinic, listed: list[str] | None, asked: str, reason: str
) -> None:
    """Whoever pays otherwise is offered the same times."""
    if listed is not None:
        with practice_scope(clinic.practice.id):
            FrontDesk.objects.create(insurance=listed)
    found = offers(agent, clinic, insurance=asked, count=2)
    assert reasons(found) == [["soonest", reason], [reason]]


@pytest.mark.parametrize(
    "wrong", [{"urgency": "soon"}, {"urgency": ""}, {"newPatient": "yes"}, {"insurance": "x" * 121}]
)
def test_what_cannot_be_asked_is_said(agent: Caller, clinic: Clinic, wrong: dict[str, str]) -> None:
    with changes():
        answer = agent.get(PATH, type=clinic.exam.code, **wrong)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{name}" for name in wrong]


def test_v1_is_frozen(agent: Caller, clinic: Clinic) -> None:
    assert agent.get("/api/v1/slots/next", type=clinic.exam.code, urgency="urgent").status_code == 400
    rows = agent.get("/api/v1/slots/next", type=clinic.exam.code).json()["results"]
    assert not any({"rank", "reasons"} & set(row) for row in rows)


def test_who_may_only_read_hears_the_same(clinician: Caller, week: Clinic) -> None:
    assert len(offers(clinician, week, urgency="routine")) == 5
