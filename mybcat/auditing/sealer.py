"""Seal new audit entries into the chains of their practices, and checkpoint the chains' heads now and then.

Writers only insert. An entry is taken when its transaction, and every one that began before it, has
ended: `txid` below the snapshot's oldest running transaction. So nothing that commits late is passed
over, and the cursor needs no mark on the entry itself, which nobody may update.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection

from mybcat.auditing import checkpoints
from mybcat.auditing.chain import COLUMNS, GENESIS, Entry, link, read_entry
from mybcat.metrics import audit_entries_sealed
from mybcat.tenancy import platform_scope

logger = structlog.get_logger(__name__)

BATCH = 1000
IDLE = timedelta(milliseconds=500)
# What is younger than this could be cut off unnoticed.
CHECKPOINT_EVERY = timedelta(minutes=1)
# All heads, not only those that moved: another relay may have died before it wrote its own.
ALL_HEADS_EVERY = timedelta(hours=1)
_NOBODY = UUID(int=0)
# Of all that MyBCAT locks by advice: one relay seals at a time.
_LOCK = 0x6D79_6263_6175_6474

_CURSOR = """
    SELECT CASE WHEN txid < pg_snapshot_xmax(pg_current_snapshot()) THEN txid::text ELSE '0' END, entry_id
    FROM mybcat_auditcursor
"""
_UNSEALED = f"""
    SELECT e.txid::text, s.entry_id IS NOT NULL, {COLUMNS}
    FROM mybcat_auditentry e LEFT JOIN mybcat_auditseal s ON s.entry_id = e.id
    WHERE (e.txid, e.id) > (%s::xid8, %s::uuid) AND e.txid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY e.txid, e.id LIMIT %s
"""  # noqa: S608
_HEADS = """
    SELECT p.id, head.seq, head.hash FROM unnest(%s::uuid[]) AS p(id)
    JOIN LATERAL (
        SELECT seq, hash FROM mybcat_auditseal WHERE practice_id = p.id ORDER BY seq DESC LIMIT 1
    ) head ON true
"""
_SEAL = """
    INSERT INTO mybcat_auditseal (entry_id, practice_id, seq, previous, hash)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bytea[], %s::bytea[])
"""
_MOVE = """
    INSERT INTO mybcat_auditcursor (txid, entry_id) VALUES (%s::xid8, %s)
    ON CONFLICT (one) DO UPDATE SET txid = EXCLUDED.txid, entry_id = EXCLUDED.entry_id
"""
# One step into the index a practice, however many seals each has.
_PRACTICES = """
    WITH RECURSIVE practice(id) AS (
        (SELECT practice_id FROM mybcat_auditseal ORDER BY practice_id LIMIT 1)
        UNION ALL
        SELECT (SELECT practice_id FROM mybcat_auditseal WHERE practice_id > practice.id ORDER BY practice_id LIMIT 1)
        FROM practice WHERE practice.id IS NOT NULL
    )
    SELECT id FROM practice WHERE id IS NOT NULL
"""

# Sequence number and hash of a practice's last seal.
Head = tuple[int, bytes]


def seal(*, limit: int = BATCH) -> tuple[int, set[UUID]]:
    """Seal up to `limit` entries; how many were looked at, and whose chains grew.

    (0, nobody's) while another relay seals.
    """
    with platform_scope(reason="seal the audit record"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0, set()
        cursor.execute(_CURSOR)
        # After a restore into another cluster transactions count from below; then all is looked at anew.
        txid, entry_id = cursor.fetchone() or ("0", _NOBODY)
        cursor.execute(_UNSEALED, [txid, entry_id if txid != "0" else _NOBODY, limit])
        rows = cursor.fetchall()
        entries = [entry for _, sealed, *values in rows if not sealed and (entry := read_entry(values))]
        if entries:
            _append(cursor, entries)
        if rows:
            cursor.execute(_MOVE, [rows[-1][0], rows[-1][2]])
    audit_entries_sealed.inc(len(entries))
    return len(rows), {entry.practice_id for entry in entries}


def _append(cursor: Any, entries: list[Entry]) -> None:
    heads = _heads_of(cursor, {entry.practice_id for entry in entries})
    columns: list[list[Any]] = [[], [], [], [], []]
    for entry in entries:
        seq, previous = heads[entry.practice_id]
        current = link(previous, entry)
        heads[entry.practice_id] = (seq + 1, current)
        for column, value in zip(columns, (entry.id, entry.practice_id, seq + 1, previous, current), strict=True):
            column.append(value)
    cursor.execute(_SEAL, columns)


def _heads_of(cursor: Any, practices: set[UUID]) -> dict[UUID, Head]:
    heads: dict[UUID, Head] = defaultdict(lambda: (0, GENESIS))
    cursor.execute(_HEADS, [sorted(practices)])
    heads.update({practice: (seq, bytes(digest)) for practice, seq, digest in cursor.fetchall()})
    return heads


def sealed_practices() -> set[UUID]:
    """All who have a chain. In platform scope."""
    with connection.cursor() as cursor:
        cursor.execute(_PRACTICES)
        return {practice for (practice,) in cursor.fetchall()}


def checkpoint(*, practices: set[UUID] | None, now: datetime) -> bool:
    """Write the heads of these chains, or of all, outside the database; False where there is none yet."""
    with platform_scope(reason="checkpoint the audit record"), connection.cursor() as cursor:
        heads = _heads_of(cursor, sealed_practices() if practices is None else practices)
    if heads:
        checkpoints.append(heads=dict(heads), now=now)
    return bool(heads)


class Sealer:
    """A chore of the relay's process: seals as entries come, checkpoints every minute."""

    def __init__(self) -> None:
        self._moved: set[UUID] = set()
        self._checkpointed_at: datetime | None = None
        self._all_checkpointed_at: datetime | None = None

    def __call__(self, *, now: datetime) -> timedelta:
        """One round; how long to wait for the next."""
        looked_at, moved = seal()
        self._moved |= moved
        if _due(self._all_checkpointed_at, ALL_HEADS_EVERY, now):
            written = checkpoint(practices=None, now=now)
            self._moved, self._all_checkpointed_at = set(), now
            self._checkpointed_at = now if written else None
        elif self._moved and _due(self._checkpointed_at, CHECKPOINT_EVERY, now):
            checkpoint(practices=self._moved, now=now)
            self._moved, self._checkpointed_at = set(), now
        return timedelta() if looked_at == BATCH else IDLE


def _due(last: datetime | None, interval: timedelta, now: datetime) -> bool:
    # abs(): a clock that is set back must not stop checkpoints until it has caught up.
    return last is None or abs(now - last) >= interval
