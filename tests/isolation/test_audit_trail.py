"""Whoever sees or changes a patient's data is on record, whichever operation it was."""

import re
from typing import Any

import pytest
from django.utils import timezone

from appointments.models import Appointment, Hold
from mybcat.ids import internal_id
from mybcat.models import AuditEntry
from mybcat.tenancy import practice_scope
from tests.callers import Caller
from tests.contract.openapi import operations
from tests.contract.test_openapi import CALLS, Own, agent, filled, own, send
from tests.factories import Clinic

__all__ = ["agent", "own"]

_PATIENT = re.compile(r"pat_[0-7][0-9a-hjkmnp-tv-z]{25}")
_OF_PATIENTS = re.compile("firstName|patientId|patient_id|exportPatients")


def of_patients(version: str) -> list[str]:
    """Operations that take or give anything of a patient's, by their schemas."""
    found = []
    for _, path, operation in operations(version):
        if path.startswith("/api/v") and _OF_PATIENTS.search(path + str(operation) + str(_shapes(version, operation))):
            found.append(operation["operationId"])
    return found


def _shapes(version: str, operation: Any) -> list[Any]:
    """The schemas that the operation names, however deep."""
    from tests.contract.openapi import schema

    named = schema(version)["components"]["schemas"]
    waiting, seen = set(re.findall(r"schemas/(\w+)", str(operation))), set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting |= set(re.findall(r"schemas/(\w+)", str(named[name]))) - seen
    return [named[name] for name in seen]


def _book_again(clinic: Clinic) -> None:
    """What an operation before has ended stands in no other's way."""
    with practice_scope(clinic.practice.id):
        Hold.objects.update(expires_at=timezone.now())
        Appointment.objects.update(
            status="booked",
            booked_at=timezone.now(),
            changed_at=None,
            cancelled_at=None,
            cancelled_by=None,
            cancellation_reason="",
        )


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_operation_leaves_the_patients_that_it_showed_or_changed(
    agent: Caller, clinic: Clinic, own: Own, version: str
) -> None:
    names = of_patients(version)
    assert {"getPatient", "searchPatients", "bookAppointment", "listAppointments", "cancelAppointment"} <= set(names)
    for method, path, operation in operations(version):
        name = operation["operationId"]
        if name not in names:
            continue
        call = CALLS[name]
        body = None if call.body is None else filled(call.body, own)
        address = own.at(path)
        _book_again(clinic)
        answer = send(agent, method, address, filled(call.query, own), body)
        assert answer.status_code == call.status, name
        with practice_scope(clinic.practice.id):
            entries = AuditEntry.objects.filter(
                correlation_id=answer.headers["X-Correlation-Id"], object_kind="pat", outcome="success"
            )
            recorded = {value for entry in entries for value in entry.object_ids}
        shown = set(_PATIENT.findall(f"{address} {body} {answer.content.decode()}"))
        assert entries, name
        assert {str(internal_id("pat", value)) for value in shown} <= recorded, name
