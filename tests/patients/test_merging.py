"""Two records of one person become one, and two again when that was a mistake."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from mybcat.models import AuditEntry, Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient, PatientMerge
from tests.api.refusals import assert_forbidden
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public, together
from tests.factories import Clinic, make_member, make_patient, make_related_person


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def copy(clinic: Clinic) -> Patient:
    """A second record of the clinic's patient."""
    return make_patient(practice=clinic.practice, first_name="Ada", last_name="Okaphor")


def merge(caller: Caller, kept: Patient, merged: Patient) -> Any:
    body = {"mergedPatientId": public("pat", merged.id)}
    return caller.post(f"/api/v2/patients/{public('pat', kept.id)}/merge", body)


def undo(caller: Caller, merge_id: str) -> Any:
    return caller.post(f"/api/v2/patient-merges/{merge_id}/undo", {})


def patient_of_all_appointments(clinic: Clinic) -> set[Any]:
    with practice_scope(clinic.practice.id):
        return set(Appointment.objects.values_list("patient_id", flat=True))


def test_what_named_the_copy_names_the_record_that_stands(manager: Caller, clinic: Clinic, copy: Patient) -> None:
    booked = manager.book(clinic, patientId=public("pat", copy.id)).json()["appointmentId"]
    mother = make_related_person(patient=copy)
    answer = merge(manager, clinic.patient, copy)
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["patientId"], shown["mergedPatientId"], shown["undoneAt"]) == (
        public("pat", clinic.patient.id),
        public("pat", copy.id),
        None,
    )
    kept = public("pat", clinic.patient.id)
    assert manager.get(f"/api/v2/appointments/{booked}").json()["patientId"] == kept
    assert manager.get(f"/api/v2/patients/{kept}").json()["nextAppointment"]["appointmentId"] == booked
    (person,) = manager.get(f"/api/v2/patients/{kept}/related-persons").json()["data"]
    assert person["id"] == public("rel", mother.id)


def test_the_copy_is_found_no_more_but_its_id_still_leads_somewhere(
    manager: Caller, clinic: Clinic, copy: Patient
) -> None:
    merge(manager, clinic.patient, copy)
    for version, rows in (("v1", "results"), ("v2", "data")):
        for query in ({}, {"search": "okaphor"}, {"search": "ada"}):
            found = [row["id"] for row in manager.get(f"/api/{version}/patients", **query).json()[rows]]
            assert public("pat", copy.id) not in found
        read = manager.get(f"/api/{version}/patients/{public('pat', copy.id)}")
        assert (read.status_code, read.json()["id"]) == (200, public("pat", clinic.patient.id))


def test_nobody_writes_to_a_copy(manager: Caller, clinic: Clinic, copy: Patient) -> None:
    merge(manager, clinic.patient, copy)
    path = f"/api/v2/patients/{public('pat', copy.id)}"
    # A refusal that a retry would meet again is remembered under its key.
    with changes(mybcat_idempotencykey=2):
        changed = manager.patch(path, {"lastName": "Ibe"})
        related = manager.post(f"{path}/related-persons", {"name": "X", "relationship": "parent"})
        booked = [manager.book(clinic, patientId=public("pat", copy.id), version=each) for each in ("v1", "v2")]
    for refused in (changed, related, booked[1]):
        assert (refused.status_code, refused.json()["code"]) == (409, "patient_merged")
        assert refused.json()["patientId"] == public("pat", clinic.patient.id)
    assert (booked[0].status_code, booked[0].json()["patientId"]) == (409, public("pat", clinic.patient.id))


def test_undo_brings_back_what_had_moved_and_leaves_what_came_since(
    manager: Caller, clinic: Clinic, copy: Patient
) -> None:
    before = manager.book(clinic, slot=0, patientId=public("pat", copy.id)).json()["appointmentId"]
    merge_id = merge(manager, clinic.patient, copy).json()["mergeId"]
    since = manager.book(clinic, slot=4).json()["appointmentId"]
    answer = undo(manager, merge_id)
    assert answer.status_code == 200
    assert answer.json()["undoneAt"] is not None
    patients = {each: manager.get(f"/api/v2/appointments/{each}").json()["patientId"] for each in (before, since)}
    assert patients == {before: public("pat", copy.id), since: public("pat", clinic.patient.id)}
    found = manager.get("/api/v2/patients", search="okaphor").json()["data"]
    assert [row["id"] for row in found] == [public("pat", copy.id)]


def test_a_merge_can_be_done_anew_after_it_was_undone(manager: Caller, clinic: Clinic, copy: Patient) -> None:
    first = merge(manager, clinic.patient, copy).json()["mergeId"]
    undo(manager, first)
    assert merge(manager, clinic.patient, copy).status_code == 201
    shown = manager.get("/api/v2/patient-merges").json()["data"]
    assert [each["undoneAt"] is None for each in shown] == [False, True]


def test_what_was_merged_is_not_merged_again_nor_into(manager: Caller, clinic: Clinic, copy: Patient) -> None:
    third = make_patient(practice=clinic.practice)
    merge(manager, clinic.patient, copy)
    with changes():
        again = [merge(manager, third, copy), merge(manager, copy, third), merge(manager, clinic.patient, copy)]
        itself = merge(manager, third, third)
    assert [answer.json()["code"] for answer in again] == ["already_merged"] * 3
    assert (itself.status_code, itself.json()["code"]) == (409, "merged_with_itself")


def test_merges_that_build_on_each_other_are_undone_from_the_last(
    manager: Caller, clinic: Clinic, copy: Patient
) -> None:
    third = make_patient(practice=clinic.practice)
    inner = merge(manager, copy, third).json()["mergeId"]
    outer = merge(manager, clinic.patient, copy).json()["mergeId"]
    read = manager.get(f"/api/v2/patients/{public('pat', third.id)}")
    assert read.json()["id"] == public("pat", clinic.patient.id)
    with changes():
        assert undo(manager, inner).json()["code"] == "already_merged"
    assert undo(manager, outer).status_code == 200
    assert undo(manager, inner).status_code == 200
    with changes():
        twice = undo(manager, inner)
    assert (twice.status_code, twice.json()["code"]) == (409, "already_undone")


def test_each_into_the_other_at_once_merges_once(manager: Caller, clinic: Clinic, copy: Patient) -> None:
    pairs = [(clinic.patient, copy), (copy, clinic.patient)] * 3
    answers = together(6, lambda number: merge(manager, *pairs[number]))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    with practice_scope(clinic.practice.id):
        assert Patient.objects.filter(merged_into=None).count() == 1


def test_agents_do_not_merge(agent: Caller, clinic: Clinic, copy: Patient) -> None:
    with changes(**REFUSED):
        assert_forbidden(merge(agent, clinic.patient, copy))
    with changes(**REFUSED):
        assert_forbidden(agent.get("/api/v2/patient-merges"))


def test_another_practice_s_patient_is_not_merged(manager: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        assert_forbidden(merge(manager, clinic.patient, other_clinic.patient))


def test_merges_leave_events_and_both_ids_on_record(manager: Caller, clinic: Clinic, copy: Patient) -> None:
    undo(manager, merge(manager, clinic.patient, copy).json()["mergeId"])
    with practice_scope(clinic.practice.id):
        types = list(Event.objects.order_by("id").values_list("type", flat=True))
        entries = AuditEntry.objects.filter(action__in=("patient.merged", "patient.merge_undone"))
        assert types == ["patient.merged", "patient.merge_undone"]
        assert {tuple(entry.object_ids) for entry in entries} == {(str(clinic.patient.id), str(copy.id))}
        row = PatientMerge.objects.get()
    assert row.undone_at - row.merged_at < timedelta(minutes=1)
    assert patient_of_all_appointments(clinic) == set()
