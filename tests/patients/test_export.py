"""Managers take their patients out as a spreadsheet, and each patient's trail tells of it."""

import csv
import io
from typing import Any

import pytest

from integrations.clients.scopes import CLIENT_SCOPES
from mybcat.models import AuditEntry
from mybcat.principal import Permission, Role
from mybcat.tenancy import practice_scope
from patients import export
from patients.models import Patient
from tests.api.refusals import assert_forbidden, assert_invalid
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_merge, make_patient

PATH = "/api/v2/patients/export.csv"
HEAD = ["id", "firstName", "lastName", "dateOfBirth", "phone", "email", "insuranceProvider", "smsConsent"]


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def lines(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.content
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


def test_it_holds_every_patient_of_the_practice_in_order_of_names(
    manager: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    make_patient(practice=clinic.practice, first_name="Zoë", last_name='Abbas, "Zo"', phone="")
    answer = manager.get(PATH)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="patients.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    head, abbas, okafor = lines(answer)
    assert head == HEAD
    assert (abbas[1:3], abbas[4]) == (["Zoë", 'Abbas, "Zo"'], "")
    known = clinic.patient
    assert okafor == [
        public("pat", known.id),
        known.first_name,
        known.last_name,
        known.date_of_birth.isoformat(),
        known.phone,
        known.email,
        known.insurance_provider,
        str(known.sms_consent).lower(),
    ]
    assert public("pat", other_clinic.patient.id) not in answer.content.decode()


def test_a_record_that_was_merged_into_another_is_no_patient_of_its_own(manager: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        before = Patient.objects.count()
    merge = make_merge(practice=clinic.practice)
    ids = {line[0] for line in lines(manager.get(PATH))[1:]}
    with practice_scope(clinic.practice.id):
        standing = {public("pat", value) for value in Patient.objects.standing().values_list("id", flat=True)}
    assert ids == standing
    assert len(ids) > before
    assert public("pat", merge.merged_id) not in ids


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_name_is_a_formula(manager: Caller, clinic: Clinic, name: str) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(last_name=name, phone="+12125550123")
    _, line = lines(manager.get(PATH))
    assert line[2] == f"'{name}"
    assert line[4] == "+12125550123"


def test_each_patient_s_trail_tells_who_took_the_data_out(
    manager: Caller, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "AUDITED_TOGETHER", 2)
    others = [make_patient(practice=clinic.practice, last_name=name) for name in ("Ibe", "Moreau")]
    with changes(mybcat_auditentry=2):
        manager.get(PATH)
    with practice_scope(clinic.practice.id):
        entries = list(AuditEntry.objects.filter(action="patient.export"))
    named = sorted(value for entry in entries for value in entry.object_ids)
    assert named == sorted(str(patient.id) for patient in (clinic.patient, *others))
    trail = manager.get(f"/api/v2/patients/{public('pat', others[0].id)}/audit").json()["data"]
    assert [each["action"] for each in trail] == ["patient.export"]


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_who_may_see_patients_may_not_take_them_all_out(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    with changes(**REFUSED):
        assert_forbidden(caller.get(PATH))


def test_no_api_client_can_be_granted_it() -> None:
    assert Permission.PATIENT_EXPORT not in CLIENT_SCOPES


def test_what_it_does_not_know_is_refused_and_nothing_leaves(manager: Caller) -> None:
    with changes():
        answer = manager.get(PATH, search="okafor")
    assert_invalid(answer, search=["Unknown member"])


def test_v1_has_no_such_route(manager: Caller) -> None:
    assert manager.get(PATH.replace("/v2/", "/v1/")).status_code == 404
