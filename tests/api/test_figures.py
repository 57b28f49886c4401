"""Reports on time and calls, against data that was counted by hand."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.calls.models import Call
from appointments.figures.filling import filled
from appointments.models import Slot
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practitioner
from tests.api.refusals import assert_forbidden
from tests.callers import Caller, public
from tests.factories import Clinic, make_call, make_hold, make_member, make_slots, make_type, tomorrow_at
from tests.integrations.booked import booked

# In New York clocks went from 2 to 3 on that Sunday.
SUNDAY = date(2026, 3, 8)
MONDAY = SUNDAY + timedelta(days=1)
REPORTS = ("fill-rate", "lead-times", "third-next-available", "call-bookings")
OF_DAYS = ("fill-rate", "lead-times", "call-bookings")


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def report(caller: Caller, name: str, since: date = SUNDAY, until: date = MONDAY, **query: str) -> Any:
    days = {"from": since.isoformat(), "to": until.isoformat()} if name in OF_DAYS else {}
    return caller.get(f"/api/v2/reports/{name}", **days, **query)


def lines(caller: Caller, name: str, *args: Any, **query: str) -> Any:
    answer = report(caller, name, *args, **query)
    assert answer.status_code == 200, answer.content
    assert answer.json()["timeZone"] == "America/New_York"
    return answer.json()["data"]


def sheet(caller: Caller, name: str) -> list[list[str]]:
    answer = report(caller, f"{name}.csv") if name == "third-next-available" else caller.get(
        f"/api/v2/reports/{name}.csv", **{"from": SUNDAY.isoformat(), "to": MONDAY.isoformat()}
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    return list(csv.reader(io.StringIO(answer.content.decode())))


def slots(clinic: Clinic, start: datetime, count: int, practitioner: Practitioner | None = None) -> list[Slot]:
    return make_slots(
        practitioner=practitioner or clinic.practitioner, location=clinic.location, start=start, count=count
    )


def take(clinic: Clinic, taken: list[Slot], **fields: Any) -> None:
    """An appointment that takes these."""
    appointment, _ = booked(clinic, starts_at=taken[0].starts_at, slot=taken[0], **fields)
    with practice_scope(clinic.practice.id):
        Slot.objects.filter(id__in=[slot.id for slot in taken]).update(status="busy", appointment=appointment)


class TestFillRate:
    @pytest.fixture
    def worked(self, clinic: Clinic, other_clinic: Clinic) -> None:
        """Dr Lee's Sunday from midnight, three hours though the clock shows four; Monday's first quarter; Dr Chen's."""
        sunday = slots(clinic, datetime(2026, 3, 8, 5, tzinfo=UTC), 12)
        take(clinic, sunday[:2])
        take(clinic, sunday[4:6], status="noshow")
        make_hold(sunday[8])
        with practice_scope(clinic.practice.id):
            Slot.objects.filter(id__in=[sunday[10].id, sunday[11].id]).update(status="busy-unavailable")
            chen = Practitioner.objects.create(name="Dr Bo Chen")
        # The last of Sunday, at 23:45, and the first of Monday.
        slots(clinic, datetime(2026, 3, 9, 3, 45, tzinfo=UTC), 2)
        slots(clinic, datetime(2026, 3, 8, 15, tzinfo=UTC), 4, chen)
        slots(other_clinic, datetime(2026, 3, 8, 15, tzinfo=UTC), 40)

    def test_minutes_of_each_day_and_practitioner(self, manager: Caller, worked: None) -> None:
        # Twelve slots, two of them closed, and the one before midnight: eleven of a quarter of an hour.
        assert [
            (line["date"], line["practitioner"], line["bookableMinutes"], line["bookedMinutes"], line["rate"])
            for line in lines(manager, "fill-rate")
        ] == [
            ("2026-03-08", "Dr Alice Lee", 165, 60, 0.3636),
            ("2026-03-08", "Dr Bo Chen", 60, 0, 0.0),
            ("2026-03-09", "Dr Alice Lee", 15, 0, 0.0),
        ]

    def test_an_overbooked_appointment_fills_nobody_beyond_the_brim(self, manager: Caller, clinic: Clinic) -> None:
        both = slots(clinic, datetime(2026, 3, 8, 15, tzinfo=UTC), 2)
        take(clinic, both)
        booked(clinic, starts_at=both[0].starts_at, slot=both[0], overbooked=True, overbooking_reason="emergency")
        assert [(line["bookedMinutes"], line["rate"]) for line in lines(manager, "fill-rate")] == [(30, 1.0)]

    def test_a_cancelled_appointment_fills_nothing(self, manager: Caller, clinic: Clinic) -> None:
        later = Caller(clinic.agent, clinic.practice)
        tomorrow = clinic.slots[0].starts_at.astimezone(clinic.zone).date()
        appointment = later.book(clinic).json()["appointmentId"]
        assert [line["bookedMinutes"] for line in lines(manager, "fill-rate", tomorrow, tomorrow)] == [30]
        later.post(f"/api/v2/appointments/{appointment}/cancel", {"reason": "patient_request"})
        assert [line["bookedMinutes"] for line in lines(manager, "fill-rate", tomorrow, tomorrow)] == [0]

    def test_a_spreadsheet_says_the_same(self, manager: Caller, clinic: Clinic, worked: None) -> None:
        head, first, *_ = sheet(manager, "fill-rate")
        assert head == ["date", "practitionerId", "practitioner", "bookableMinutes", "bookedMinutes", "rate"]
        lee = public("pract", clinic.practitioner.id)
        assert first == ["2026-03-08", lee, "Dr Alice Lee", "165", "60", "0.3636"]


class TestLeadTime:
    @pytest.fixture
    def waited(self, clinic: Clinic, other_clinic: Clinic) -> None:
        """Exams booked 0, 1, 1, 3 and 10 days ahead, a fitting 7; and what does not count."""
        at = datetime(2026, 3, 8, 14, tzinfo=UTC)
        for number, days in enumerate((0, 1, 1, 3)):
            starts_at = at + timedelta(minutes=30 * number)
            # By the clock, the night before was an hour shorter.
            booked(clinic, starts_at=starts_at, booked_at=starts_at - timedelta(days=days, minutes=1))
        booked(clinic, starts_at=at + timedelta(hours=3), booked_at=at - timedelta(days=10), status="noshow")
        fitting = make_type(practice=clinic.practice, code="fitting", name="Lens fitting")
        booked(clinic, starts_at=at + timedelta(days=1), booked_at=at - timedelta(days=6), appointment_type=fitting)
        gone = {"cancelled_at": at, "cancelled_by": clinic.agent.id, "cancellation_reason": "other"}
        booked(clinic, starts_at=at, booked_at=at - timedelta(days=90), status="cancelled", **gone)
        booked(clinic, starts_at=at, booked_at=at - timedelta(days=90), status="entered-in-error")
        booked(clinic, starts_at=at + timedelta(hours=5), booked_at=at + timedelta(days=2))
        booked(clinic, starts_at=at + timedelta(days=2), booked_at=at - timedelta(days=90))
        booked(other_clinic, starts_at=at, booked_at=at - timedelta(days=90))

    def test_median_and_p90_of_each_type(self, manager: Caller, waited: None) -> None:
        # Of 0, 1, 1, 3, 10: the third; and six tenths of the way from the fourth to the fifth, 3 + 0.6 * 7.
        assert lines(manager, "lead-times") == [
            {
                "group": "comprehensive_exam",
                "name": "Comprehensive exam",
                "appointments": 5,
                "medianDays": 1.0,
                "p90Days": 7.2,
            },
            {"group": "fitting", "name": "Lens fitting", "appointments": 1, "medianDays": 7.0, "p90Days": 7.0},
        ]

    def test_by_day(self, manager: Caller, waited: None) -> None:
        found = [
            (line["group"], line["appointments"], line["medianDays"]) for line in lines(manager, "lead-times", by="day")
        ]
        assert found == [("2026-03-08", 5, 1.0), ("2026-03-09", 1, 7.0)]

    def test_days_are_those_of_the_calendar(self, manager: Caller, clinic: Clinic) -> None:
        """Booked at 23:30 for 00:30, an hour later: tomorrow. Both are the same day in UTC."""
        booked(
            clinic,
            starts_at=datetime(2026, 3, 8, 5, 30, tzinfo=UTC),
            booked_at=datetime(2026, 3, 8, 4, 30, tzinfo=UTC),
        )
        assert [line["medianDays"] for line in lines(manager, "lead-times")] == [1.0]

    def test_a_spreadsheet_says_the_same(self, manager: Caller, waited: None) -> None:
        assert sheet(manager, "lead-times")[:2] == [
            ["group", "name", "appointments", "medianDays", "p90Days"],
            ["comprehensive_exam", "Comprehensive exam", "5", "1.0", "7.2"],
        ]

    def test_by_nothing_else(self, manager: Caller) -> None:
        answer = report(manager, "lead-times", by="patient")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/by")


class TestThirdNextAvailable:
    def test_the_third_that_does_not_overlap(self, manager: Caller, clinic: Clinic) -> None:
        """Tomorrow from 9:00 there are starts every quarter of an hour; of half-hour exams the third is at 10:00."""
        (line,) = lines(manager, "third-next-available")
        assert line == {
            "type": "comprehensive_exam",
            "typeName": "Comprehensive exam",
            "practitionerId": public("pract", clinic.practitioner.id),
            "practitioner": "Dr Alice Lee",
            "thirdNextAt": line["thirdNextAt"],
            "days": 1,
        }
        assert datetime.fromisoformat(line["thirdNextAt"]) == tomorrow_at("10:00", time_zone="America/New_York")

    def test_buffers_take_their_room(self, manager: Caller, clinic: Clinic) -> None:
        """5 + 30 + 10 minutes each: 9:15, 10:00, and none after it."""
        with practice_scope(clinic.practice.id):
            AppointmentType.objects.update(buffer_before_minutes=5, buffer_after_minutes=10)
        assert [(line["thirdNextAt"], line["days"]) for line in lines(manager, "third-next-available")] == [
            (None, None)
        ]
        slots(clinic, tomorrow_at("09:00", time_zone="America/New_York", days=3), 4)
        assert [line["days"] for line in lines(manager, "third-next-available")] == [3]

    @pytest.mark.parametrize("days", [15, 200])
    def test_a_full_practice_is_asked_for_the_whole_year(self, manager: Caller, clinic: Clinic, days: int) -> None:
        with practice_scope(clinic.practice.id):
            Slot.objects.filter(id__in=[slot.id for slot in clinic.slots[4:]]).update(status="busy-unavailable")
        slots(clinic, tomorrow_at("09:00", time_zone="America/New_York", days=days), 8)
        assert [line["days"] for line in lines(manager, "third-next-available")] == [days]

    def test_who_and_what_is_active_by_name(self, manager: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
        make_type(practice=clinic.practice, code="fitting", name="Lens fitting", duration_minutes=15)
        make_type(practice=clinic.practice, code="old", name="Old", is_active=False)
        with practice_scope(clinic.practice.id):
            chen = Practitioner.objects.create(name="Dr Bo Chen")
            Practitioner.objects.create(name="Dr Gone", is_active=False)
        slots(clinic, tomorrow_at("09:00", time_zone="America/New_York", days=2), 3, chen)
        assert [
            (line["type"], line["practitioner"], line["days"]) for line in lines(manager, "third-next-available")
        ] == [
            ("comprehensive_exam", "Dr Alice Lee", 1),
            ("comprehensive_exam", "Dr Bo Chen", None),
            ("fitting", "Dr Alice Lee", 1),
            ("fitting", "Dr Bo Chen", 2),
        ]

    def test_nothing_is_free_at_a_place_that_is_closed(self, manager: Caller, clinic: Clinic) -> None:
        with practice_scope(clinic.practice.id):
            Location.objects.update(is_active=False)
        assert [line["days"] for line in lines(manager, "third-next-available")] == [None]

    def test_a_spreadsheet_has_the_practice_s_clock(self, manager: Caller) -> None:
        head, line = sheet(manager, "third-next-available")
        assert head == ["type", "typeName", "practitionerId", "practitioner", "thirdNextAt", "days"]
        assert (line[4][10:19], line[5]) == ("T10:00:00", "1")


class TestCallBookings:
    @pytest.fixture
    def rung(self, clinic: Clinic, other_clinic: Clinic) -> str:
        """The agent's Sunday: two booked, three not, one else and one still open; one more at half past midnight."""
        noon, name = datetime(2026, 3, 8, 16, tzinfo=UTC), clinic.agent.name
        for outcome, reason in (
            ("booked", ""),
            ("booked", ""),
            ("not_booked", "price"),
            ("not_booked", "price"),
            ("not_booked", "no_suitable_time"),
            ("information", ""),
        ):
            _call(clinic, noon, outcome, reason)
        for clinic_of, at in ((clinic, noon), (clinic, noon + timedelta(hours=12, minutes=30)), (other_clinic, noon)):
            _call(clinic_of, at)
        return name

    def test_by_day_and_agent(self, manager: Caller, clinic: Clinic, rung: str) -> None:
        sunday, monday = lines(manager, "call-bookings")
        assert (sunday["date"], sunday["agentName"]) == ("2026-03-08", rung)
        assert sunday["agentId"] == public("user", clinic.agent.id)
        assert (sunday["calls"], sunday["booked"], sunday["notBooked"], sunday["rate"]) == (7, 2, 3, 0.4)
        assert {reason: count for reason, count in sunday["reasons"].items() if count} == {
            "price": 2,
            "no_suitable_time": 1,
        }
        assert (monday["date"], monday["calls"], monday["booked"], monday["rate"]) == ("2026-03-09", 1, 0, None)

    def test_a_spreadsheet_has_a_column_for_each_reason(self, manager: Caller, rung: str) -> None:
        head, sunday, monday = sheet(manager, "call-bookings")
        assert head == ["date", "agentId", "agentName", "calls", "booked", "notBooked", "rate", *Call.Reason.values]
        assert [sunday[0], *sunday[2:]] == ["2026-03-08", rung, "7", "2", "3", "0.4", "1", "0", "2", "0", "0", "0", "0"]
        assert monday[6] == ""


def _call(clinic: Clinic, at: datetime, outcome: str = "", reason: str = "") -> None:
    call = make_call(clinic)
    with practice_scope(clinic.practice.id):
        Call.objects.filter(id=call.id).update(
            opened_at=at, ended_at=at if outcome else None, outcome=outcome, reason=reason
        )


@pytest.mark.parametrize("ending", ["", ".csv"])
class TestEachOfThem:
    @pytest.mark.parametrize("name", REPORTS)
    @pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
    def test_is_for_managers(self, clinic: Clinic, name: str, role: Role, ending: str) -> None:
        member = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
        days = {"from": "2026-03-08", "to": "2026-03-09"} if name in OF_DAYS else {}
        assert_forbidden(member.get(f"/api/v2/reports/{name}{ending}", **days))

    @pytest.mark.parametrize(
        ("query", "member"),
        [
            ({}, "from"),
            ({"from": "2026-03-02"}, "to"),
            ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
            ({"from": "2026-01-01", "to": "2027-01-02"}, "to"),
            ({"from": "2026-03-02", "to": "2026-03-02", "colour": "red"}, "colour"),
        ],
    )
    @pytest.mark.parametrize("name", OF_DAYS)
    def test_refuses_a_bad_question_by_name(
        self, manager: Caller, name: str, ending: str, query: dict[str, str], member: str
    ) -> None:
        answer = manager.get(f"/api/v2/reports/{name}{ending}", **query)
        assert answer.status_code == 400
        assert f"#/{member}" in [error["pointer"] for error in answer.json()["errors"]]


def test_days_are_found_by_an_index_and_not_by_walking_through_the_practice(
    clinic: Clinic, owner: psycopg.Connection
) -> None:
    """Of a year of one practice, a week is asked for."""
    start = datetime(2025, 1, 1, 14, tzinfo=UTC)
    fields = {"practitioner": clinic.practitioner, "location": clinic.location}
    quarter = timedelta(minutes=15)
    with practice_scope(clinic.practice.id):
        begins = [start + timedelta(days=day) + number * quarter for day in range(365) for number in range(12)]
        Slot.objects.bulk_create(Slot(starts_at=at, ends_at=at + quarter, **fields) for at in begins)
    owner.execute("ANALYZE appointments_slot")
    week = {"since": date(2025, 3, 3), "until": date(2025, 3, 9), "time_zone": "America/New_York"}
    with practice_scope(clinic.practice.id), CaptureQueriesContext(connection) as asked:
        assert [line.bookable_minutes for line in filled(**week)] == [180] * 7
    query = next(each["sql"] for each in asked if "appointments_slot" in each["sql"])
    with practice_scope(clinic.practice.id), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "slot_practice_starts_at" in plan
    assert "Seq Scan on appointments_slot" not in plan
