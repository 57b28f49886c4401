"""Generated probes: every operation and place of both versions, both practices against each other."""

import itertools
from typing import Any

import pytest

from bench.probing import Report, digest_of, ids_of, probe, recorded, secrets_of
from mybcat.principal import Role
from tests.callers import Caller, public
from tests.contract.openapi import schema
from tests.contract.test_openapi import NAMED
from tests.factories import Clinic, make_member
from tests.isolation.filled import tenant_tables

PROBES = 400


# A limit on one token must not hide what a probe would find.
TOKENS = 8


def sender(clinic: Clinic) -> Any:
    """Requests of managers, whom no permission keeps from the fence, by turns."""
    members = [make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER) for _ in range(TOKENS)]
    callers = itertools.cycle([Caller(member, clinic.practice) for member in members])

    def send(method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, str, bytes]:
        caller = next(callers)
        answer = caller.http.generic(
            method, path, body or b"", "application/json", headers={**caller.headers, **headers}
        )
        return answer.status_code, str(answer.headers), answer.content

    return send


def own_values(clinic: Clinic) -> dict[str, Any]:
    """Good values by the names that operations give them."""
    by_prefix = {"template": "booked.sms.en", "type": clinic.exam.code} | {
        value.split("_")[0]: value for value in ids_of(clinic.practice.id, each=1)
    }
    return {
        **{name: by_prefix[prefix] for name, prefix in NAMED.items()},
        "patientId": public("pat", clinic.patient.id),
        "slotId": public("slot", clinic.slots[4].id),
        "type": clinic.exam.code,
        "firstName": "Ines",
        "lastName": "Moreau",
        "dateOfBirth": "1990-05-17",
        "reason": "other",
    }


def probed(ours: Clinic, theirs: Clinic, *, seed: int) -> Report:
    foreign = ids_of(theirs.practice.id, each=1)
    report, before = Report(), digest_of(theirs.practice.id, tenant_tables())
    for version in ("v1", "v2"):
        probe(
            send=sender(ours),
            document=schema(version),
            own=own_values(ours),
            foreign=foreign,
            texts=[public("slot", slot.id) for slot in theirs.slots if public("slot", slot.id) not in foreign],
            secrets=secrets_of(theirs.practice.id),
            report=report,
            most=PROBES // 4,
            seed=seed,
        )
    report.recorded = recorded(ours.practice.id)
    report.rows_changed = digest_of(theirs.practice.id, tenant_tables()) != before
    return report


@pytest.mark.parametrize("direction", ["ours against theirs", "theirs against ours"])
def test_no_probe_gets_or_changes_anything_and_each_is_on_record(ours: Clinic, theirs: Clinic, direction: str) -> None:
    if direction == "theirs against ours":
        ours, theirs = theirs, ours
    report = probed(ours, theirs, seed=20260401)
    assert (report.leaks, report.unexpected, report.unrecorded, report.rows_changed) == ([], [], set(), False)
    assert report.sent == PROBES // 2
    assert report.statuses[403] > PROBES // 4


def test_ids_that_nobody_has_are_not_refused_so(ours: Clinic, theirs: Clinic) -> None:
    """Negative control: it is the other practice's ids that make attempts, and the report would show a miss."""
    report = Report()
    probe(
        send=sender(ours),
        document=schema("v2"),
        own=own_values(ours),
        foreign=["pat_00000000000000000000000000"],
        texts=[],
        secrets=[],
        report=report,
        most=50,
        seed=1,
    )
    assert report.unexpected
    assert not recorded(ours.practice.id)
