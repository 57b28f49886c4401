"""A patient's record tells the next appointment and the last visit, on the practice's clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appointments.models import Appointment
from mybcat.tenancy import practice_scope
from practices.models import Location
from tests.callers import Caller, public
from tests.factories import Clinic, make_slots

# 10:00 in New York.
NOW = datetime(2026, 4, 24, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def visit(clinic: Clinic, *, at: datetime, status: str = "booked", location: Location | None = None) -> Appointment:
    location = location or clinic.location
    slot = make_slots(practitioner=clinic.practitioner, location=location, start=at, count=1)[0]
    cancelled = {"cancelled_at": NOW, "cancelled_by": clinic.agent.id, "cancellation_reason": "other"}
    with practice_scope(clinic.practice.id):
        return Appointment.objects.create(
            patient=clinic.patient,
            practitioner=clinic.practitioner,
            location=location,
            appointment_type=clinic.exam,
            slot=slot,
            status=status,
            starts_at=at,
            ends_at=slot.ends_at,
            occupied_from=at,
            occupied_until=slot.ends_at,
            booked_by=clinic.agent.id,
            booked_at=NOW,
            **(cancelled if status == "cancelled" else {}),
        )


def shown(agent: Caller, clinic: Clinic, version: str = "v1") -> tuple[object, object]:
    body = agent.get(f"/api/{version}/patients/{public('pat', clinic.patient.id)}").json()
    return body["nextAppointment"], body["lastVisit"]


def test_without_appointments_there_is_neither(agent: Caller, clinic: Clinic) -> None:
    assert shown(agent, clinic) == (None, None)


def test_the_next_is_the_earliest_that_is_booked_and_not_past(agent: Caller, clinic: Clinic) -> None:
    visit(clinic, at=NOW - timedelta(hours=1))
    visit(clinic, at=NOW + timedelta(hours=1), status="cancelled")
    visit(clinic, at=NOW + timedelta(days=9))
    wanted = visit(clinic, at=NOW + timedelta(days=2))
    expected = {"appointmentId": public("appt", wanted.id)}
    assert shown(agent, clinic) == ({**expected, "date": "2026-04-26", "time": "10:00"}, None)
    assert shown(agent, clinic, "v2") == ({**expected, "start": "2026-04-26T10:00:00-04:00"}, None)


def test_what_begins_now_is_next(agent: Caller, clinic: Clinic) -> None:
    wanted = visit(clinic, at=NOW)
    assert shown(agent, clinic) == (
        {"appointmentId": public("appt", wanted.id), "date": "2026-04-24", "time": "10:00"},
        None,
    )


@pytest.mark.parametrize(
    ("status", "last"),
    [("arrived", "2026-04-23"), ("fulfilled", "2026-04-23"), ("booked", None), ("noshow", None), ("cancelled", None)],
)
def test_the_last_visit_is_one_that_the_patient_kept(
    agent: Caller, clinic: Clinic, status: str, last: str | None
) -> None:
    visit(clinic, at=NOW - timedelta(days=1), status=status)
    assert shown(agent, clinic) == (None, last)


def test_the_last_visit_is_the_latest(agent: Caller, clinic: Clinic) -> None:
    for days in (30, 3, 300):
        visit(clinic, at=NOW - timedelta(days=days), status="fulfilled")
    assert shown(agent, clinic) == (None, "2026-04-21")


def test_days_and_times_are_those_of_the_practice(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        honolulu = Location.objects.create(name="Honolulu", time_zone="Pacific/Honolulu")
    # 03:00 UTC is the evening before in Honolulu.
    visit(clinic, at=datetime(2026, 4, 20, 3, tzinfo=UTC), status="fulfilled", location=honolulu)
    wanted = visit(clinic, at=datetime(2026, 4, 30, 3, tzinfo=UTC), location=honolulu)
    assert shown(agent, clinic) == (
        {"appointmentId": public("appt", wanted.id), "date": "2026-04-29", "time": "23:00"},
        "2026-04-19",
    )


def test_a_search_tells_the_same_as_the_record(agent: Caller, clinic: Clinic) -> None:
    visit(clinic, at=NOW - timedelta(days=1), status="fulfilled")
    visit(clinic, at=NOW + timedelta(days=3))
    for version, rows in (("v1", "results"), ("v2", "data")):
        record = agent.get(f"/api/{version}/patients/{public('pat', clinic.patient.id)}").json()
        assert agent.get(f"/api/{version}/patients", search="okafor").json()[rows] == [record]
