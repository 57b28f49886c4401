"""Sealing: every entry once, in a dense chain for each practice, whoever seals and whatever commits late."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from mybcat import audit
from mybcat.auditing import sealer
from mybcat.auditing.chain import GENESIS, PLATFORM
from mybcat.auditing.sealer import CHECKPOINT_EVERY, Sealer, seal
from mybcat.models import AuditEntry, AuditSeal
from mybcat.tenancy import platform_scope, practice_scope
from tests.auditing.records import NOW, chain, findings, sealed, write
from tests.callers import together
from tests.factories import Clinic


def test_each_practice_has_a_chain_of_its_own(clinic: Clinic, other_clinic: Clinic) -> None:
    write(clinic, 2)
    write(other_clinic, 3)
    write(clinic, 2)
    assert seal() == (7, {clinic.practice.id, other_clinic.practice.id})
    for each, count in ((clinic, 4), (other_clinic, 3)):
        seals = chain(each)
        assert [seq for seq, *_ in seals] == list(range(1, count + 1))
        assert [previous for _, previous, *_ in seals] == [GENESIS, *(digest for _, _, digest, _ in seals[:-1])]


def test_the_hash_is_what_the_documentation_says(clinic: Clinic) -> None:
    """Anyone can compute it with nothing of ours."""
    write(clinic, reason="asked")
    seal()
    ((_, _, digest, entry_id),) = chain(clinic)
    canonical = (
        f'{{"action":"patient.read","at":"2026-04-01T12:00:00+00:00","id":"{entry_id}","object_ids":["{clinic.patient.id}"],'
        f'"object_kind":"pat","outcome":"success","practice_id":"{clinic.practice.id}",'
        f'"principal_id":"{clinic.agent.id}","principal_kind":"member","reason":"asked"}}'
    )
    assert digest == sha256(bytes(32) + canonical.encode()).digest()


def test_acts_of_no_practice_have_a_chain_too() -> None:
    with platform_scope(reason="test"):
        audit.record(principal=None, action="admin.sign_in", object_kind="user", object_ids=[], now=NOW)
    assert seal() == (1, {PLATFORM})
    assert findings()[1:] == []


def test_sealing_goes_on_where_it_stopped(clinic: Clinic) -> None:
    write(clinic, 5)
    assert [seal(limit=2)[0] for _ in range(4)] == [2, 2, 1, 0]
    write(clinic, 1)
    assert seal() == (1, {clinic.practice.id})
    assert [seq for seq, *_ in chain(clinic)] == [1, 2, 3, 4, 5, 6]


def test_several_entries_of_one_transaction_may_lie_in_several_batches(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        for _ in range(5):
            audit.record(principal=None, action="a", object_kind="", object_ids=[], now=NOW)
    assert [seal(limit=2)[0] for _ in range(4)] == [2, 2, 1, 0]
    assert len(chain(clinic)) == 5


def test_what_commits_late_is_not_passed_over(clinic: Clinic) -> None:
    """An entry that was written first and commits last: a cursor by time or id would lose it."""
    written, may_commit = Event(), Event()

    def slow() -> None:
        try:
            with practice_scope(clinic.practice.id):
                audit.record(principal=None, action="slow", object_kind="", object_ids=[], now=NOW)
                written.set()
                may_commit.wait(10)
        finally:
            connections.close_all()

    thread = Thread(target=slow)
    thread.start()
    assert written.wait(10)
    write(clinic, 2)
    # The two that came later wait for the one that came before.
    assert seal() == (0, set())
    may_commit.set()
    thread.join()
    assert seal()[0] == 3
    with practice_scope(clinic.practice.id):
        assert set(AuditSeal.objects.values_list("entry_id", flat=True)) == set(
            AuditEntry.objects.values_list("id", flat=True)
        )


def test_what_was_rolled_back_leaves_no_gap(clinic: Clinic) -> None:
    write(clinic)
    with pytest.raises(RuntimeError), practice_scope(clinic.practice.id):
        audit.record(principal=None, action="undone", object_kind="", object_ids=[], now=NOW)
        raise RuntimeError
    write(clinic)
    seal()
    assert [seq for seq, *_ in chain(clinic)] == [1, 2]


def test_several_relays_seal_each_entry_once(clinic: Clinic, other_clinic: Clinic) -> None:
    for each in (clinic, other_clinic):
        write(each, 40)

    def seal_all(_: int) -> int:
        total = 0
        for _ in range(60):
            total += len(seal(limit=7)[1])
        return total

    together(4, seal_all)
    while seal()[0]:
        pass
    sealer.checkpoint(practices=None, now=NOW)
    assert [len(chain(each)) for each in (clinic, other_clinic)] == [40, 40]
    assert findings() == []


def test_after_a_restore_into_a_younger_cluster_new_entries_are_sealed(
    clinic: Clinic, intruder: psycopg.Connection
) -> None:
    """Transactions then count from below what the cursor has seen."""
    sealed(clinic, 3)
    intruder.execute("UPDATE mybcat_auditcursor SET txid = '9000000000000000000'")
    write(clinic, 2)
    while seal()[0]:
        pass
    assert [seq for seq, *_ in chain(clinic)] == [1, 2, 3, 4, 5]
    sealer.checkpoint(practices=None, now=NOW)
    assert findings() == []


def test_nobody_who_serves_moves_the_cursor(clinic: Clinic) -> None:
    sealed(clinic)
    with psycopg.connect(settings.ENVIRONMENT.database_url) as served:
        for statement in ("UPDATE mybcat_auditcursor SET txid = '1'", "DELETE FROM mybcat_auditcursor"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), served.transaction():
                served.execute(statement)


def test_the_sealer_checkpoints_at_once_and_then_every_minute(clinic: Clinic, audit_home: Path) -> None:
    chore = Sealer()

    def lines() -> int:
        return sum(len(path.read_text().splitlines()) for path in audit_home.glob("*.jsonl"))

    write(clinic)
    chore(now=NOW)
    assert lines() == 1
    write(clinic)
    chore(now=NOW + timedelta(seconds=30))
    assert lines() == 1
    chore(now=NOW + CHECKPOINT_EVERY)
    assert lines() == 2
    # Nothing has moved, so there is nothing to say.
    chore(now=NOW + 2 * CHECKPOINT_EVERY)
    assert lines() == 2
    chore(now=NOW + timedelta(hours=1))
    assert lines() == 3


def test_the_first_seals_of_all_are_checkpointed_at_once(clinic: Clinic, audit_home: Path) -> None:
    chore = Sealer()
    chore(now=NOW)
    write(clinic)
    chore(now=NOW + timedelta(seconds=1))
    assert findings() == []


def test_an_idle_sealer_waits_and_a_busy_one_does_not(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "BATCH", 2)
    monkeypatch.setattr(sealer.seal, "__kwdefaults__", {"limit": 2})
    write(clinic, 3)
    chore = Sealer()
    assert [chore(now=NOW), chore(now=NOW)] == [timedelta(), sealer.IDLE]
