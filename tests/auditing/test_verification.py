"""Verification names each way to tamper, and the first bad entry; done by a superuser behind the product's back."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from django.core.management import call_command

from mybcat.auditing import sealer
from mybcat.auditing.chain import COLUMNS, GENESIS, link, read_entry
from mybcat.auditing.sealer import seal
from mybcat.ids import new_uuid, public_id
from tests.auditing.records import NOW, chain, findings, sealed, write
from tests.factories import Clinic

Tamper = Callable[[psycopg.Connection, Clinic], None]
SEAL = "mybcat_auditseal"


def renumber(intruder: psycopg.Connection, clinic: Clinic, *, after: int, by: int) -> None:
    """Two steps, for numbers are unique."""
    where = f"practice_id = '{clinic.practice.id}'"
    intruder.execute(f"UPDATE {SEAL} SET seq = -seq WHERE {where} AND seq > {after}")
    intruder.execute(f"UPDATE {SEAL} SET seq = -seq + {by} WHERE {where} AND seq < 0")


def entry_at(clinic: Clinic, seq: int) -> Any:
    return chain(clinic)[seq - 1][3]


def add_entry(intruder: psycopg.Connection, clinic: Clinic) -> Any:
    identifier = new_uuid()
    intruder.execute(
        "INSERT INTO mybcat_auditentry (id, practice_id, at, principal_kind, action, object_kind, object_ids, outcome,"
        " correlation_id, txid) VALUES (%s, %s, %s, 'member', 'patient.read', 'pat', '[]', 'success', 'forged', '3')",
        [identifier, clinic.practice.id, NOW],
    )
    return identifier


def rechain(intruder: psycopg.Connection, clinic: Clinic) -> None:
    """Makes the chain fit the entries again, as who knows the algorithm would."""
    chained = f"{SEAL} s JOIN mybcat_auditentry e ON e.id = s.entry_id WHERE s.practice_id = %s ORDER BY s.seq"
    query = f"SELECT {COLUMNS} FROM {chained}"
    previous = GENESIS
    for row in intruder.execute(query, [clinic.practice.id]).fetchall():
        entry = read_entry(row)
        digest = link(previous, entry)
        intruder.execute(
            f"UPDATE {SEAL} SET previous = %s, hash = %s WHERE entry_id = %s", [previous, digest, entry.id]
        )
        previous = digest


def edit(intruder: psycopg.Connection, clinic: Clinic) -> None:
    intruder.execute("UPDATE mybcat_auditentry SET action = 'patient.search' WHERE id = %s", [entry_at(clinic, 3)])


def edit_who(intruder: psycopg.Connection, clinic: Clinic) -> None:
    intruder.execute("UPDATE mybcat_auditentry SET principal_id = NULL WHERE id = %s", [entry_at(clinic, 3)])


def move_to_another_practice(intruder: psycopg.Connection, clinic: Clinic) -> None:
    intruder.execute("UPDATE mybcat_auditentry SET practice_id = %s WHERE id = %s", [new_uuid(), entry_at(clinic, 3)])


def edit_the_seal(intruder: psycopg.Connection, clinic: Clinic) -> None:
    intruder.execute(f"UPDATE {SEAL} SET hash = sha256('x') WHERE entry_id = %s", [entry_at(clinic, 3)])


def delete_entry(intruder: psycopg.Connection, clinic: Clinic) -> None:
    intruder.execute("DELETE FROM mybcat_auditentry WHERE id = %s", [entry_at(clinic, 3)])


def delete_both(intruder: psycopg.Connection, clinic: Clinic) -> None:
    identifier = entry_at(clinic, 3)
    intruder.execute("DELETE FROM mybcat_auditentry WHERE id = %s", [identifier])
    intruder.execute(f"DELETE FROM {SEAL} WHERE entry_id = %s", [identifier])


def delete_and_close_the_gap(intruder: psycopg.Connection, clinic: Clinic) -> None:
    delete_both(intruder, clinic)
    renumber(intruder, clinic, after=3, by=-1)


def delete_the_last_entry(intruder: psycopg.Connection, clinic: Clinic) -> None:
    intruder.execute("DELETE FROM mybcat_auditentry WHERE id = %s", [entry_at(clinic, 6)])


def insert_with_a_seal(intruder: psycopg.Connection, clinic: Clinic) -> None:
    previous = chain(clinic)[1][2]
    renumber(intruder, clinic, after=2, by=1)
    identifier = add_entry(intruder, clinic)
    row = intruder.execute(f"SELECT {COLUMNS} FROM mybcat_auditentry e WHERE e.id = %s", [identifier]).fetchone()
    digest = link(previous, read_entry(row))
    intruder.execute(
        f"INSERT INTO {SEAL} VALUES (%s, %s, 3, %s, %s)", [identifier, clinic.practice.id, previous, digest]
    )


def insert_with_a_wrong_seal(intruder: psycopg.Connection, clinic: Clinic) -> None:
    previous = chain(clinic)[1][2]
    renumber(intruder, clinic, after=2, by=1)
    intruder.execute(
        f"INSERT INTO {SEAL} VALUES (%s, %s, 3, %s, sha256('x'))",
        [add_entry(intruder, clinic), clinic.practice.id, previous],
    )


def swap_entries(intruder: psycopg.Connection, clinic: Clinic) -> None:
    third, fifth, aside = entry_at(clinic, 3), entry_at(clinic, 5), new_uuid()
    for old, new in ((third, aside), (fifth, third), (aside, fifth)):
        intruder.execute(f"UPDATE {SEAL} SET entry_id = %s WHERE entry_id = %s", [new, old])


def swap_seals(intruder: psycopg.Connection, clinic: Clinic) -> None:
    for old, new in ((3, -3), (5, 3), (-3, 5)):
        intruder.execute(
            f"UPDATE {SEAL} SET seq = %s WHERE practice_id = %s AND seq = %s", [new, clinic.practice.id, old]
        )


def truncate(intruder: psycopg.Connection, clinic: Clinic) -> None:
    gone = [entry for seq, _, _, entry in chain(clinic) if seq >= 3]
    intruder.execute("DELETE FROM mybcat_auditentry WHERE id = ANY(%s)", [gone])
    intruder.execute(f"DELETE FROM {SEAL} WHERE entry_id = ANY(%s)", [gone])


def truncate_all(intruder: psycopg.Connection, clinic: Clinic) -> None:
    intruder.execute(f"TRUNCATE mybcat_auditentry, {SEAL}")


def rewrite(intruder: psycopg.Connection, clinic: Clinic) -> None:
    edit(intruder, clinic)
    rechain(intruder, clinic)


def truncate_and_go_on(intruder: psycopg.Connection, clinic: Clinic) -> None:
    """New entries grow where the cut was, and are checkpointed as well."""
    truncate(intruder, clinic)
    sealed(clinic, 8)


TAMPERINGS: dict[Tamper, str] = {
    edit: "edit at entry 3",
    edit_who: "edit at entry 3",
    move_to_another_practice: "edit at entry 3",
    edit_the_seal: "edit at entry 3",
    delete_entry: "delete at entry 3",
    delete_both: "delete at entry 3",
    delete_and_close_the_gap: "delete at entry 3",
    delete_the_last_entry: "delete at entry 6",
    insert_with_a_seal: "insert at entry 3",
    insert_with_a_wrong_seal: "insert at entry 3",
    swap_entries: "reorder at entry 3",
    swap_seals: "reorder at entry 3",
    truncate: "truncation at entry 3",
    truncate_all: "truncation at entry 1",
    rewrite: "rewrite at entry 1",
    truncate_and_go_on: "rewrite at entry 1",
}


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_tampering_is_named_with_its_first_bad_entry(
    clinic: Clinic, other_clinic: Clinic, intruder: psycopg.Connection, tamper: Tamper
) -> None:
    sealed(clinic)
    write(other_clinic, 2)
    seal()
    assert findings() == []
    tamper(intruder, clinic)
    whose = public_id("prac", clinic.practice.id)
    found = [line for line in findings() if line.startswith(whose)]
    assert len(found) == 1
    assert found[0].startswith(f"{whose}: {TAMPERINGS[tamper]}"), found
    # Another practice's chain is judged by itself.
    assert findings(other_clinic.practice.id) == []


def test_a_rewrite_is_bounded_by_the_last_checkpoint_that_still_holds(
    clinic: Clinic, intruder: psycopg.Connection
) -> None:
    sealed(clinic, 2)
    sealed(clinic, 4)
    rewrite(intruder, clinic)
    (found,) = findings()
    assert "rewrite at entry 3" in found


def test_an_entry_slipped_past_the_sealer_is_an_insertion(clinic: Clinic, intruder: psycopg.Connection) -> None:
    sealed(clinic)
    identifier = add_entry(intruder, clinic)
    assert seal() == (0, set())
    (found,) = findings()
    assert f"insert ({identifier})" in found


def test_entries_that_nobody_seals_show(clinic: Clinic) -> None:
    sealed(clinic)
    write(clinic, at=NOW)
    assert findings(now=NOW + timedelta(minutes=9)) == []
    (found,) = findings(now=NOW + timedelta(minutes=11))
    assert "unsealed" in found


def test_what_verification_cannot_see(clinic: Clinic, intruder: psycopg.Connection) -> None:
    """The promise has these limits; the decision on sealing names them."""
    sealed(clinic)
    write(clinic)
    # An entry that is not sealed yet.
    intruder.execute(
        "UPDATE mybcat_auditentry SET action = 'x' WHERE id NOT IN (SELECT entry_id FROM mybcat_auditseal)"
    )
    seal()
    # A tail that is not checkpointed yet.
    last = entry_at(clinic, 7)
    intruder.execute("DELETE FROM mybcat_auditentry WHERE id = %s", [last])
    intruder.execute(f"DELETE FROM {SEAL} WHERE entry_id = %s", [last])
    assert findings() == []


class TestCheckpoints:
    @pytest.fixture
    def file(self, clinic: Clinic, audit_home: Path) -> Path:
        for _ in range(3):
            sealed(clinic, 2)
        (path,) = audit_home.glob("*.jsonl")
        return path

    def test_are_readable_by_their_owner_alone(self, file: Path, audit_home: Path) -> None:
        assert audit_home.stat().st_mode & 0o077 == 0
        assert (audit_home.parent / "keys" / "audit-0001.pem").stat().st_mode & 0o077 == 0

    def test_are_on_the_disk_with_the_folder_that_names_them(
        self, clinic: Clinic, audit_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[int] = []

        def sync(descriptor: int) -> None:
            synced.append(os.fstat(descriptor).st_ino)

        monkeypatch.setattr(os, "fsync", sync)
        sealed(clinic, 1)
        (file,) = audit_home.glob("*.jsonl")
        assert synced == [file.stat().st_ino, audit_home.stat().st_ino]

    def test_a_changed_head_shows(self, file: Path) -> None:
        lines = [orjson.loads(line) for line in file.read_bytes().splitlines()]
        (practice,) = lines[1]["heads"]
        lines[1]["heads"][practice][0] = 3
        file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
        assert findings() == [
            "checkpoints: checkpoint: checkpoints-2026-04.jsonl line 2 is not signed by a key of ours"
        ]

    @pytest.mark.parametrize(("member", "value"), [("signature", 5), ("signature", "é"), ("key", ["x"]), ("key", None)])
    def test_what_cannot_even_be_a_signature_shows(self, file: Path, member: str, value: Any) -> None:
        first, second, third = file.read_bytes().splitlines(keepends=True)
        changed = orjson.dumps({**orjson.loads(second), member: value}) + b"\n"
        file.write_bytes(first + changed + third)
        assert findings() == [
            "checkpoints: checkpoint: checkpoints-2026-04.jsonl line 2 is not signed by a key of ours"
        ]

    def test_a_line_left_out_shows(self, file: Path) -> None:
        first, _, third = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(first + third)
        (found,) = findings()
        assert "line 2 does not follow the line before it" in found

    def test_a_line_made_unreadable_shows(self, file: Path) -> None:
        first, _, third = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(first + b"{}\n" + third)
        (found,) = findings()
        assert "line 3 does not follow the line before it" in found

    def test_a_torn_line_is_passed_over_and_written_behind(self, clinic: Clinic, file: Path) -> None:
        with file.open("ab") as half:
            half.write(b'{"at":"2026-04-01T12:00:00+00:00","heads":{"')
        assert findings() == []
        sealed(clinic, 1)
        assert findings() == []
        assert len(file.read_bytes().splitlines()) == 5

    def test_their_absence_shows(self, file: Path) -> None:
        file.unlink()
        assert findings() == ["checkpoints: checkpoint: there is none, though entries were sealed"]

    def test_go_on_in_the_next_month(self, clinic: Clinic, file: Path, audit_home: Path) -> None:
        write(clinic)
        seal()
        sealer.checkpoint(practices={clinic.practice.id}, now=NOW + timedelta(days=31))
        assert len(list(audit_home.glob("*.jsonl"))) == 2
        assert findings() == []

    def test_of_another_key_are_not_ours(self, file: Path, audit_home: Path) -> None:
        from mybcat.auditing import checkpoints

        (audit_home.parent / "keys" / "audit-0001.pem").write_bytes(checkpoints._new_key())
        checkpoints._keys.cache_clear()
        (found,) = findings()
        assert "line 1 is not signed by a key of ours" in found


def test_the_command_tells_by_its_exit_code(
    clinic: Clinic, intruder: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed(clinic)
    whose = public_id("prac", clinic.practice.id)
    call_command("audit", "verify")
    call_command("audit", "verify", "--practice", whose)
    assert capsys.readouterr().out == "The audit record is whole.\n" * 2
    edit(intruder, clinic)
    for arguments in ((), ("--practice", whose)):
        with pytest.raises(SystemExit) as ended:
            call_command("audit", "verify", *arguments)
        assert ended.value.code == 1
        assert capsys.readouterr().out == f"{whose}: edit at entry 3 ({entry_at(clinic, 3)})\n"
