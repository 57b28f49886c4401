"""Is the record as it was sealed? Chains against themselves, against the checkpoints, and against what is unsealed.

Not to be found: a change to an entry before its seal (half a second), a cut of the tail within the
minute before the next checkpoint, and entries that whoever may insert invented, which are sealed as such.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from mybcat.auditing import checkpoints
from mybcat.auditing.chain import COLUMNS, GENESIS, PLATFORM, Entry, link, read_entry
from mybcat.auditing.findings import Finding, Tampering
from mybcat.auditing.sealer import sealed_practices
from mybcat.tenancy import platform_scope

BATCH = 2000
# A relay that was restarted seals within seconds.
PATIENCE = timedelta(minutes=10)

_CHAIN = f"""
    SELECT s.seq, s.previous, s.hash, s.entry_id, {COLUMNS}
    FROM mybcat_auditseal s LEFT JOIN mybcat_auditentry e ON e.id = s.entry_id
    WHERE s.practice_id = %s AND s.seq > %s ORDER BY s.seq LIMIT %s
"""  # noqa: S608
_WITHOUT_SEAL = """
    SELECT e.id, e.at, coalesce((e.txid, e.id) <= (c.txid, c.entry_id), false)
    FROM mybcat_auditentry e LEFT JOIN mybcat_auditcursor c ON true
    WHERE {of_practice} AND NOT EXISTS (SELECT FROM mybcat_auditseal s WHERE s.entry_id = e.id)
    ORDER BY e.txid, e.id LIMIT 1
"""
_AGAINST_CHECKPOINT = """
    SELECT c.practice, c.seq, s.hash = c.hash, s.entry_id,
           (SELECT max(seq) FROM mybcat_auditseal WHERE practice_id = c.practice)
    FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS c(practice, seq, hash)
    LEFT JOIN mybcat_auditseal s ON s.practice_id = c.practice AND s.seq = c.seq
"""
_PRACTICES_WITH_ENTRIES = """
    WITH RECURSIVE practice(id) AS (
        (SELECT practice_id FROM mybcat_auditentry WHERE practice_id IS NOT NULL ORDER BY practice_id LIMIT 1)
        UNION ALL
        SELECT (SELECT practice_id FROM mybcat_auditentry WHERE practice_id > practice.id ORDER BY practice_id LIMIT 1)
        FROM practice WHERE practice.id IS NOT NULL
    )
    SELECT id FROM practice WHERE id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class _Seal:
    seq: int
    previous: bytes
    hash: bytes
    entry_id: UUID
    entry: Entry | None

    def holds(self, entry: Entry | None) -> bool:
        """Whether the seal was made of this entry."""
        return entry is not None and link(self.previous, entry) == self.hash


def verify(*, practice_id: UUID | None = None, now: datetime) -> Iterator[Finding]:
    """The first thing wrong with each chain, or with this practice's; nothing where the record is whole."""
    against_checkpoints = _against_checkpoints(practice_id)
    damaged = against_checkpoints.pop(None, None)
    if damaged:
        yield damaged
    practices = {practice_id} if practice_id else _practices() | set(against_checkpoints)
    for practice in sorted(practice for practice in practices if practice):
        # The chain itself tells most precisely where it was broken.
        found = _of_chain(practice) or against_checkpoints.get(practice) or _of_unsealed(practice, now=now)
        if found:
            yield found


def _practices() -> set[UUID | None]:
    with platform_scope(reason="verify the audit record"), _patient_cursor() as cursor:
        cursor.execute(_PRACTICES_WITH_ENTRIES)
        return {PLATFORM, *sealed_practices(), *(practice for (practice,) in cursor.fetchall())}


def _patient_cursor() -> Any:
    """Verification reads all there is; no request waits for it."""
    cursor = connection.cursor()
    cursor.execute("SET LOCAL statement_timeout = 0")
    return cursor


def _seals(practice: UUID, *, after: int = 0) -> Iterator[_Seal]:
    while True:
        with platform_scope(reason="verify the audit record"), _patient_cursor() as cursor:
            cursor.execute(_CHAIN, [practice, after, BATCH])
            rows = cursor.fetchall()
        for seq, previous, digest, entry_id, *values in rows:
            yield _Seal(seq, bytes(previous), bytes(digest), entry_id, read_entry(values))
        if len(rows) < BATCH:
            return
        after = rows[-1][0]


def _of_chain(practice: UUID) -> Finding | None:
    previous, expected = GENESIS, 1
    for seal in _seals(practice):
        if seal.seq != expected:
            return Finding(practice, Tampering.DELETE, expected, detail="entry and seal are gone")
        if seal.entry is None:
            return Finding(practice, Tampering.DELETE, seal.seq, seal.entry_id, "the entry is gone")
        if not seal.holds(seal.entry):
            return _of_content(practice, seal, previous)
        if seal.previous != previous:
            return _of_position(practice, seal)
        previous, expected = seal.hash, expected + 1
    return None


def _of_content(practice: UUID, bad: _Seal, previous: bytes) -> Finding:
    """A seal that its entry does not fit."""
    following = next(_seals(practice, after=bad.seq), None)
    if following and following.previous == previous:
        return Finding(practice, Tampering.INSERT, bad.seq, bad.entry_id)
    if any(bad.holds(seal.entry) for seal in _seals(practice, after=bad.seq)):
        return Finding(practice, Tampering.REORDER, bad.seq, bad.entry_id, "a later entry was sealed here")
    return Finding(practice, Tampering.EDIT, bad.seq, bad.entry_id)


def _of_position(practice: UUID, bad: _Seal) -> Finding:
    """A seal that fits its entry, but not the seal before it: where is the one that it was made behind?"""
    before = 0 if bad.previous == GENESIS else None
    for seal in _seals(practice):
        if seal.hash == bad.previous:
            before = seal.seq
            break
    if before is None:
        return Finding(practice, Tampering.DELETE, bad.seq, detail="what stood here is gone, the rest was renumbered")
    if before < bad.seq:
        return Finding(practice, Tampering.INSERT, before + 1, detail="put in here, the rest was renumbered")
    return Finding(practice, Tampering.REORDER, bad.seq, bad.entry_id, "it was sealed further behind")


def _of_unsealed(practice: UUID, *, now: datetime) -> Finding | None:
    with platform_scope(reason="verify the audit record"), _patient_cursor() as cursor:
        of_practice = "e.practice_id IS NULL" if practice == PLATFORM else "e.practice_id = %s"
        query = _WITHOUT_SEAL.format(of_practice=of_practice)
        cursor.execute(query, None if practice == PLATFORM else [practice])
        found = cursor.fetchone()
    if found is None:
        return None
    entry_id, at, passed_over = found
    if passed_over:
        return Finding(
            practice, Tampering.INSERT, entry_id=entry_id, detail="in no chain, though sealing has passed it"
        )
    if now - at > PATIENCE:
        return Finding(practice, Tampering.UNSEALED, entry_id=entry_id, detail="no relay has sealed it")
    return None


def _against_checkpoints(wanted: UUID | None) -> dict[UUID | None, Finding]:
    """By practice, the first checkpoint that its chain contradicts; under None, what is wrong with the files."""
    found: dict[UUID | None, Finding] = {}
    good: dict[UUID, int] = {}
    try:
        for checkpoint in checkpoints.read():
            heads = {practice: head for practice, head in checkpoint.heads.items() if wanted in (None, practice)}
            for practice, seq, same, entry_id, last in _compared(heads):
                if same:
                    good[practice] = max(good.get(practice, 0), seq)
                elif practice not in found:
                    found[practice] = _contradiction(practice, seq, entry_id, last, good.get(practice, 0))
    except checkpoints.Damaged as damage:
        found[None] = Finding(None, Tampering.CHECKPOINT, detail=str(damage))
    if not checkpoints.files() and _anything_sealed():
        found[None] = Finding(None, Tampering.CHECKPOINT, detail="there is none, though entries were sealed")
    return found


def _compared(heads: dict[UUID, tuple[int, bytes]]) -> list[tuple[UUID, int, bool | None, UUID | None, int | None]]:
    with platform_scope(reason="verify the audit record"), _patient_cursor() as cursor:
        columns = [list(heads), [seq for seq, _ in heads.values()], [digest for _, digest in heads.values()]]
        cursor.execute(_AGAINST_CHECKPOINT, columns)
        return cursor.fetchall()


def _contradiction(practice: UUID, seq: int, entry_id: UUID | None, last: int | None, good: int) -> Finding:
    if entry_id is None and (last or 0) < seq:
        return Finding(practice, Tampering.TRUNCATION, (last or 0) + 1, detail=f"there were {seq}")
    detail = f"sealed anew somewhere up to entry {seq}, consistently"
    return Finding(practice, Tampering.REWRITE, good + 1, entry_id, detail)


def _anything_sealed() -> bool:
    with platform_scope(reason="verify the audit record"):
        return bool(sealed_practices())
