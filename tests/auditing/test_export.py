"""The accounting of disclosures: who saw and changed one patient's data."""

import csv
import io
from datetime import date, timedelta

import orjson
import pytest
from django.core.management import CommandError, call_command

from mybcat import audit
from mybcat.auditing import export
from mybcat.auditing.sealer import seal
from mybcat.models import AuditEntry
from mybcat.operators.trace import Operator
from mybcat.tenancy import practice_scope
from patients.merging import merge_patients, undo_merge
from tests.auditing.records import NOW, chain, write
from tests.callers import public
from tests.factories import Clinic, make_patient, make_user


def exported(clinic: Clinic, *options: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    whose = ("--practice", public("prac", clinic.practice.id), "--patient", public("pat", clinic.patient.id))
    call_command("audit", "export", *whose, *options)
    return capsys.readouterr().out


def test_it_tells_of_this_patient_and_no_other(
    clinic: Clinic, other_clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_patient(practice=clinic.practice)
    operator = Operator(id=make_user(name="Olga").id)
    write(clinic)
    write(other_clinic)
    with practice_scope(clinic.practice.id):
        both = [other.id, clinic.patient.id]
        for ids, by in ((both, None), ([other.id], None), ([clinic.patient.id], operator)):
            audit.record(
                principal=by,
                action="patient.search",
                object_kind="pat",
                object_ids=ids,
                now=NOW + timedelta(minutes=1),
                on_behalf_of=clinic.principal if by else None,
                reason="support" if by else "",
            )
    seal()
    rows = [orjson.loads(line) for line in exported(clinic, "--format", "json", capsys=capsys).splitlines()]
    told = [(row["number"], row["action"], row["who"], row["name"], row["onBehalfOf"], row["reason"]) for row in rows]
    agent = f"member {clinic.agent.id}"
    assert told[:3] == [
        (1, "patient.read", agent, clinic.agent.name, None, ""),
        (2, "patient.search", "platform", None, None, ""),
        (4, "patient.search", f"operator {operator.id}", "Olga", agent, "support"),
    ]
    assert rows[0]["hash"] == chain(clinic)[0][2].hex()


def test_it_tells_of_records_that_were_merged_into_this_one(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    copy = make_patient(practice=clinic.practice)
    with practice_scope(clinic.practice.id):
        audit.record(principal=None, action="patient.read", object_kind="pat", object_ids=[copy.id], now=NOW)

    def actions() -> list[str]:
        lines = exported(clinic, "--format", "json", capsys=capsys).splitlines()
        return [orjson.loads(line)["action"] for line in lines]

    assert actions() == ["audit.exported"]
    with practice_scope(clinic.practice.id):
        merged = merge_patients(kept_id=clinic.patient.id, merged_id=copy.id, by=clinic.principal, now=NOW)
    assert actions() == ["patient.read", "patient.merged", "audit.exported", "audit.exported"]
    with practice_scope(clinic.practice.id):
        undo_merge(merge_id=merged.id, by=clinic.principal, now=NOW)
    assert actions() == ["patient.merged", "patient.merge_undone", *["audit.exported"] * 3]


def test_as_csv_with_all_members(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    write(clinic, 2)
    rows = list(csv.DictReader(io.StringIO(exported(clinic, capsys=capsys))))
    assert tuple(rows[0]) == export.MEMBERS
    assert [row["at"] for row in rows[:2]] == ["2026-04-01T12:00:00+00:00", "2026-04-01T12:00:01+00:00"]


def test_the_export_is_on_record_itself(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    exported(clinic, capsys=capsys)
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_ids) == ("audit.exported", [str(clinic.patient.id)])


def test_long_records_come_in_pieces_and_whole(
    clinic: Clinic, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 3)
    with practice_scope(clinic.practice.id):
        # Of one instant, so that time alone would not tell where a piece ended.
        for number in range(8):
            audit.record(
                principal=None, action=f"act.{number}", object_kind="pat", object_ids=[clinic.patient.id], now=NOW
            )
    rows = exported(clinic, "--format", "json", capsys=capsys).splitlines()
    assert len(set(rows)) == 9


def test_since_a_day(clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    write(clinic, at=NOW)
    write(clinic, at=NOW + timedelta(days=2))
    since = str(date(2026, 4, 2))
    rows = exported(clinic, "--format", "json", "--since", since, capsys=capsys).splitlines()
    assert orjson.loads(rows[0])["at"][:10] == "2026-04-03"


@pytest.mark.parametrize("wrong", ["pat_x", "prac_0", "1"])
def test_what_is_no_id_is_refused(clinic: Clinic, wrong: str) -> None:
    with pytest.raises(CommandError, match="is no id of the form pat_"):
        call_command("audit", "export", "--practice", public("prac", clinic.practice.id), "--patient", wrong)
