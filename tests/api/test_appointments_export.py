"""Managers take appointments out as a spreadsheet, and each patient's trail tells of it."""

import csv
import io

import pytest

from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from tests.api.refusals import assert_forbidden
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member

PATH = "/api/v2/exports/appointments.csv"


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def days(clinic: Clinic) -> dict[str, str]:
    day = clinic.slots[0].starts_at.astimezone(clinic.zone).date().isoformat()
    return {"from": day, "to": day}


def test_it_holds_the_days_appointments_on_their_own_clock(
    manager: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(last_name="=1+1")
    booked = manager.book(clinic).json()["appointmentId"]
    Caller(other_clinic.agent, other_clinic.practice).book(other_clinic)
    with changes(mybcat_auditentry=1):
        answer = manager.get(PATH, **days(clinic))
    head, row = csv.reader(io.StringIO(answer.content.decode(), newline=""))
    told = dict(zip(head, row, strict=True))
    start = clinic.slots[0].starts_at.astimezone(clinic.zone)
    assert told["id"] == booked
    assert (told["start"], told["status"], told["type"]) == (start.isoformat(), "booked", clinic.exam.code)
    assert (told["practitioner"], told["location"]) == (clinic.practitioner.name, clinic.location.name)
    assert (told["patientId"], told["lastName"]) == (public("pat", clinic.patient.id), "'=1+1")
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(action="appointment.export")
    assert entry.object_ids == [str(clinic.patient.id)]


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_who_may_see_appointments_may_not_take_them_all_out(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    with changes(**REFUSED):
        assert_forbidden(caller.get(PATH, **days(clinic)))
