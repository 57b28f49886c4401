"""An appointment is cancelled: for a coded reason, once, and its time is free again."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine

from appointments.models import Appointment, Slot
from appointments.schedules import replace_hours
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import practice_scope
from practices.models import WorkingHours
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_type

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])

REASONS = [
    "patient_request",
    "patient_unwell",
    "practitioner_unavailable",
    "practice_closed",
    "booked_in_error",
    "other",
]
CANCELLED = {"appointments_appointment": 0, "appointments_slot": 0, "mybcat_event": 1, "mybcat_auditentry": 1}
NOT_CANCELLABLE = "Only an appointment that is still booked can be cancelled"


def booked(agent: Caller, clinic: Clinic, *, slot: int = 0, **body: Any) -> str:
    return agent.book(clinic, slot=slot, **body).json()["appointmentId"]


def cancel(caller: Caller, identifier: str, *, version: str = "v1", reason: Any = "patient_request") -> Any:
    return caller.post(f"/api/{version}/appointments/{identifier}/cancel", {"reason": reason})


@pytest.mark.parametrize("reason", REASONS)
def test_an_appointment_is_cancelled_for_a_coded_reason(agent: Caller, clinic: Clinic, reason: str) -> None:
    identifier = booked(agent, clinic)
    moment = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(moment, tick=False), changes(**CANCELLED):
        answer = cancel(agent, identifier, reason=reason)
    assert answer.status_code == 200
    with practice_scope(clinic.practice.id):
        row = Appointment.objects.get()
    assert (row.status, row.cancellation_reason, row.cancelled_at, row.cancelled_by) == (
        "cancelled",
        reason,
        moment,
        clinic.agent.id,
    )


@both_versions
def test_the_answer_is_the_appointment_as_it_is_now(agent: Caller, clinic: Clinic, version: str) -> None:
    identifier = booked(agent, clinic)
    before = agent.get(f"/api/{version}/appointments/{identifier}").json()
    answer = cancel(agent, identifier, version=version)
    assert answer.json() == {**before, "status": "cancelled"}
    assert agent.get(f"/api/{version}/appointments/{identifier}").json() == answer.json()


def test_an_event_and_an_audit_row_tell_of_it(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    cancel(agent, identifier)
    with practice_scope(clinic.practice.id):
        event = Event.objects.get(type="appointment.cancelled")
        entry = AuditEntry.objects.get(action="appointment.cancelled")
    assert public("appt", event.subject_id) == identifier
    assert event.data == {
        "appointmentId": identifier,
        "patientId": public("pat", clinic.patient.id),
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
        "slotId": public("slot", clinic.slots[0].id),
    }
    assert (entry.principal_id, entry.object_kind, entry.object_ids, entry.outcome) == (
        clinic.agent.id,
        "pat",
        [str(clinic.patient.id)],
        "success",
    )


def test_its_time_is_free_and_bookable_at_once(agent: Caller, clinic: Clinic) -> None:
    kind = make_type(practice=clinic.practice, duration_minutes=30, buffer_before_minutes=15, buffer_after_minutes=15)
    identifier = booked(agent, clinic, slot=2, type=kind.code)
    neighbour = booked(agent, clinic, slot=5)
    assert cancel(agent, identifier).status_code == 200
    with practice_scope(clinic.practice.id):
        rows = list(Slot.objects.order_by("starts_at").values_list("status", "appointment_id"))
        kept = Appointment.objects.get(status="booked")
    assert public("appt", kept.id) == neighbour
    assert rows == [("free", None)] * 5 + [("busy", kept.id)] * 2 + [("free", None)]
    assert agent.book(clinic, slot=2, type=kind.code).status_code == 201


@both_versions
def test_a_second_time_is_refused(agent: Caller, clinic: Clinic, version: str) -> None:
    identifier = booked(agent, clinic)
    assert cancel(agent, identifier).status_code == 200
    with changes():
        answer = cancel(agent, identifier, version=version, reason="other")
    assert_refused(answer, status=409, code="not_cancellable", sentence=NOT_CANCELLABLE)


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "noshow"])
def test_what_has_begun_or_passed_is_not_cancelled(agent: Caller, clinic: Clinic, status: str) -> None:
    identifier = booked(agent, clinic)
    with practice_scope(clinic.practice.id):
        Appointment.objects.update(status=status)
    with changes():
        answer = cancel(agent, identifier)
    assert_refused(answer, status=409, code="not_cancellable", sentence=NOT_CANCELLABLE)


@both_versions
def test_an_unknown_reason_is_refused(agent: Caller, clinic: Clinic, version: str) -> None:
    identifier = booked(agent, clinic)
    with changes():
        for reason in ("", "no idea", "PATIENT_REQUEST", 7, True, ["other"], {"other": 1}):
            assert_invalid(cancel(agent, identifier, version=version, reason=reason), reason=["No such reason"])


def test_a_reason_is_required(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    with changes():
        answer = agent.post(f"/api/v1/appointments/{identifier}/cancel", {})
    assert_invalid(answer, reason=["This field is required."])


def test_nothing_else_is_taken(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    body = {"reason": "other", "note": "called back"}
    with changes():
        answer = agent.post(f"/api/v1/appointments/{identifier}/cancel", body)
    assert_invalid(answer, note=["Unknown member"])


@both_versions
def test_an_unknown_appointment_is_not_found(agent: Caller, clinic: Clinic, version: str) -> None:
    with changes():
        answer = cancel(agent, public("appt", new_uuid()), version=version)
    assert_not_found(answer)


@both_versions
def test_practitioners_may_not_cancel(agent: Caller, clinician: Caller, clinic: Clinic, version: str) -> None:
    identifier = booked(agent, clinic)
    with changes(**REFUSED):
        answer = cancel(clinician, identifier, version=version)
    assert_forbidden(answer)


def test_another_practice_s_appointment_stays_as_it_is(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    there = Caller(other_clinic.agent, other_clinic.practice)
    identifier = booked(there, other_clinic)
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        answer = cancel(agent, identifier)
    assert_forbidden(answer)


def test_slots_that_the_hours_no_longer_hold_stay_blocked(agent: Caller, clinic: Clinic) -> None:
    identifier = booked(agent, clinic)
    with practice_scope(clinic.practice.id):
        hours = [
            WorkingHours(
                location=clinic.location, weekday=day, starts=time(9, 15), ends=time(11), valid_from=date(2020, 1, 1)
            )
            for day in range(7)
        ]
        replace_hours(practitioner=clinic.practitioner, hours=hours, by=clinic.principal, now=datetime.now(UTC))
    assert cancel(agent, identifier).status_code == 200
    with practice_scope(clinic.practice.id):
        early, wanted = (Slot.objects.get(id=slot.id) for slot in clinic.slots[:2])
    assert (early.status, early.appointment_id) == ("busy-unavailable", None)
    assert (wanted.status, wanted.appointment_id) == ("free", None)
