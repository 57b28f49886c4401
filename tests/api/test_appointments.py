"""Appointments are read: one, a patient's, those of some days; each reading leaves an audit row."""

from datetime import UTC, datetime
from typing import Any

import pytest

from appointments.models import Appointment
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry
from mybcat.tenancy import practice_scope
from practices.models import Location, Practitioner
from tests.api.refusals import assert_invalid, assert_not_found
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient, make_slots

pytestmark = pytest.mark.usefixtures("april")
both_versions = pytest.mark.parametrize("version", ["v1", "v2"])

ROWS = {"v1": "results", "v2": "data"}
DAY = {"from": "2026-04-25"}


def identifier(booked: Any) -> str:
    assert booked.status_code == 201, booked.content
    return booked.json()["appointmentId"]


def entries(clinic: Clinic, action: str) -> list[AuditEntry]:
    with practice_scope(clinic.practice.id):
        return list(AuditEntry.objects.filter(action=action))


def shape(clinic: Clinic, booked: str, version: str, status: str) -> dict[str, Any]:
    """The appointment at the clinic's first slot."""
    shown = {
        "appointmentId": booked,
        "patientId": public("pat", clinic.patient.id),
        "slotId": public("slot", clinic.slots[0].id),
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
        "status": status,
        "type": "comprehensive_exam",
    }
    if version == "v1":
        return {**shown, "date": "2026-04-25", "time": "09:00"}
    return {
        **shown,
        "start": "2026-04-25T13:00:00+00:00",
        "end": "2026-04-25T13:30:00+00:00",
        "overbooked": False,
        "groupId": None,
        "confirmedAt": None,
    }


@pytest.mark.parametrize(
    ("status", "v1", "v2"),
    [
        ("booked", "confirmed", "booked"),
        ("arrived", "arrived", "arrived"),
        ("fulfilled", "completed", "fulfilled"),
        ("noshow", "no_show", "noshow"),
    ],
)
def test_every_reading_shows_an_appointment_alike(agent: Caller, clinic: Clinic, status: str, v1: str, v2: str) -> None:
    booked = identifier(agent.book(clinic))
    with practice_scope(clinic.practice.id):
        Appointment.objects.update(status=status)
    for version, word in (("v1", v1), ("v2", v2)):
        shown = shape(clinic, booked, version, word)
        rest = {"count": 1} if version == "v1" else {"nextCursor": None}
        page = {ROWS[version]: [shown], **rest}
        patient = public("pat", clinic.patient.id)
        assert agent.get(f"/api/{version}/appointments/{booked}").json() == shown
        assert agent.get(f"/api/{version}/appointments", **DAY).json() == page
        assert agent.get(f"/api/{version}/patients/{patient}/appointments").json() == page


@both_versions
def test_cancelled_ones_are_listed_too(agent: Caller, clinic: Clinic, version: str) -> None:
    booked = identifier(agent.book(clinic))
    agent.post(f"/api/v1/appointments/{booked}/cancel", {"reason": "other"})
    again = identifier(agent.book(clinic))
    rows = agent.get(f"/api/{version}/appointments", **DAY).json()[ROWS[version]]
    assert sorted((row["appointmentId"], row["status"]) for row in rows) == sorted(
        [(booked, "cancelled"), (again, "confirmed" if version == "v1" else "booked")]
    )


def test_days_narrow(agent: Caller, clinic: Clinic) -> None:
    clinic.slots += make_slots(
        practitioner=clinic.practitioner,
        location=clinic.location,
        # 23:30 on the 27th in New York.
        start=datetime(2026, 4, 28, 3, 30, tzinfo=UTC),
        count=4,
    )
    on_25th, on_27th, on_28th = (identifier(agent.book(clinic, slot=slot)) for slot in (0, 8, 10))

    def listed(**days: str) -> list[str]:
        return [row["appointmentId"] for row in agent.get("/api/v1/appointments", **days).json()["results"]]

    assert listed() == []
    assert listed(**DAY) == [on_25th]
    assert listed(to="2026-04-27") == [on_27th]
    assert listed(**{"from": "2026-04-25", "to": "2026-04-27"}) == [on_25th, on_27th]
    assert listed(**{"from": "2026-04-26", "to": "2026-04-30"}) == [on_27th, on_28th]


def test_practitioners_and_locations_narrow(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        colleague = Practitioner.objects.create(name="Dr Noor Haddad")
        uptown = Location.objects.create(name="Uptown", time_zone="America/New_York")
    start = clinic.slots[0].starts_at
    clinic.slots += make_slots(practitioner=colleague, location=uptown, start=start, count=2)
    here, there = (identifier(agent.book(clinic, slot=slot)) for slot in (2, 8))

    def listed(**query: str) -> list[str]:
        rows = agent.get("/api/v1/appointments", **DAY, **query).json()["results"]
        return [row["appointmentId"] for row in rows]

    alice, noor = public("pract", clinic.practitioner.id), public("pract", colleague.id)
    assert listed() == [there, here]
    assert listed(practitioner=alice) == [here]
    assert listed(practitioner=noor) == [there]
    assert listed(practitioner=f"{alice},{noor}") == [there, here]
    assert listed(location=public("loc", uptown.id)) == [there]
    assert listed(practitioner=alice, location=public("loc", uptown.id)) == []


def test_a_day_is_walked_by_cursor_through_appointments_that_begin_together(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        colleagues = [Practitioner.objects.create(name=f"Dr {number}") for number in range(3)]
    start = clinic.slots[0].starts_at
    for colleague in colleagues:
        clinic.slots += make_slots(practitioner=colleague, location=clinic.location, start=start, count=2)
    booked = {identifier(agent.book(clinic, slot=slot)) for slot in (2, 0, 8, 10, 12)}
    whole = [row["appointmentId"] for row in agent.get("/api/v2/appointments", **DAY).json()["data"]]
    walked, page = [], agent.get("/api/v2/appointments", **DAY, limit=1).json()
    while page["nextCursor"] is not None:
        walked += page["data"]
        page = agent.get("/api/v2/appointments", **DAY, limit=1, cursor=page["nextCursor"]).json()
    assert [row["appointmentId"] for row in [*walked, *page["data"]]] == whole
    assert set(whole) == booked


def test_the_cursor_of_an_earlier_day_does_not_widen_a_later_one(agent: Caller, clinic: Clinic) -> None:
    for slot in (0, 2):
        identifier(agent.book(clinic, slot=slot))
    cursor = agent.get("/api/v2/appointments", **DAY, limit=1).json()["nextCursor"]
    assert agent.get("/api/v2/appointments", **{"from": "2026-04-26"}, cursor=cursor).json()["data"] == []


def test_a_patient_s_appointments_are_all_and_only_theirs(agent: Caller, clinic: Clinic) -> None:
    neighbour = make_patient(practice=clinic.practice)
    late, early = identifier(agent.book(clinic, slot=4)), identifier(agent.book(clinic, slot=0))
    identifier(agent.book(clinic, slot=2, patientId=public("pat", neighbour.id)))
    rows = agent.get(f"/api/v1/patients/{public('pat', clinic.patient.id)}/appointments").json()
    assert ([row["appointmentId"] for row in rows["results"]], rows["count"]) == ([early, late], 2)


@both_versions
def test_reading_one_leaves_an_audit_row(agent: Caller, clinic: Clinic, version: str) -> None:
    booked = identifier(agent.book(clinic))
    with changes(mybcat_auditentry=1):
        answer = agent.get(f"/api/{version}/appointments/{booked}")
    (entry,) = entries(clinic, "appointment.read")
    assert (entry.object_kind, entry.object_ids, entry.principal_id) == (
        "pat",
        [str(clinic.patient.id)],
        clinic.agent.id,
    )
    assert (entry.outcome, entry.correlation_id) == ("success", answer.headers["X-Correlation-Id"])


@both_versions
def test_reading_a_day_leaves_an_audit_row_with_each_patient_once(agent: Caller, clinic: Clinic, version: str) -> None:
    neighbour = make_patient(practice=clinic.practice)
    for slot, patient in ((0, clinic.patient), (2, clinic.patient), (4, neighbour)):
        identifier(agent.book(clinic, slot=slot, patientId=public("pat", patient.id)))
    with changes(mybcat_auditentry=1):
        agent.get(f"/api/{version}/appointments", **DAY)
    (entry,) = entries(clinic, "appointment.list")
    assert (entry.object_kind, entry.object_ids) == ("pat", sorted([str(clinic.patient.id), str(neighbour.id)]))


def test_only_what_a_page_shows_is_said_to_be_read(agent: Caller, clinic: Clinic) -> None:
    neighbour = make_patient(practice=clinic.practice)
    identifier(agent.book(clinic, slot=0))
    identifier(agent.book(clinic, slot=2, patientId=public("pat", neighbour.id)))
    agent.get("/api/v1/appointments", **DAY, pageSize=1, page=2)
    (entry,) = entries(clinic, "appointment.list")
    assert entry.object_ids == [str(neighbour.id)]


@both_versions
def test_reading_a_patient_s_appointments_leaves_an_audit_row(agent: Caller, clinic: Clinic, version: str) -> None:
    with changes(mybcat_auditentry=1):
        agent.get(f"/api/{version}/patients/{public('pat', clinic.patient.id)}/appointments")
    (entry,) = entries(clinic, "patient.appointments")
    assert (entry.object_kind, entry.object_ids) == ("pat", [str(clinic.patient.id)])


def test_slots_tell_of_no_patient_and_leave_no_audit_row(agent: Caller, clinic: Clinic) -> None:
    identifier(agent.book(clinic))
    with changes():
        agent.get("/api/v1/slots", **DAY)
        agent.get("/api/v1/slots/next", type="comprehensive_exam")


@both_versions
def test_an_unknown_appointment_is_not_found(agent: Caller, version: str) -> None:
    with changes():
        assert_not_found(agent.get(f"/api/{version}/appointments/{public('appt', new_uuid())}"))


@pytest.mark.parametrize("path", ["appointments", "slots", "practitioners", "locations", "appointment-types"])
@both_versions
def test_an_unknown_parameter_is_named(agent: Caller, version: str, path: str) -> None:
    with changes():
        assert_invalid(agent.get(f"/api/{version}/{path}", day="2026-04-25"), day=["Unknown member"])


@both_versions
def test_clinicians_read_what_agents_read(clinician: Caller, agent: Caller, clinic: Clinic, version: str) -> None:
    booked = identifier(agent.book(clinic))
    for path in (f"appointments/{booked}", "appointments?from=2026-04-25", "slots?from=2026-04-25", "locations"):
        theirs, ours = clinician.get(f"/api/{version}/{path}"), agent.get(f"/api/{version}/{path}")
        assert (theirs.status_code, theirs.content) == (200, ours.content)
