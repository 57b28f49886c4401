"""The hash chain over a practice's audit entries: what is hashed, and in which order of columns it is read.

hash(n) = SHA-256(hash(n - 1) ‖ canonical(entry n)),  hash(0) = 32 zero bytes
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

GENESIS = bytes(32)
# The practice of acts that concern no single practice.
PLATFORM = UUID(int=0)

# In the order of Entry's members; of the table under the alias `e`.
COLUMNS = """
    e.id, coalesce(e.practice_id, '00000000-0000-0000-0000-000000000000'), e.at, e.principal_kind, e.principal_id,
    e.on_behalf_kind, e.on_behalf_id, e.action, e.object_kind, e.object_ids, e.outcome, e.reason, host(e.address),
    e.correlation_id
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An audit entry as it is hashed."""

    id: UUID
    practice_id: UUID
    at: datetime
    principal_kind: str
    principal_id: UUID | None
    on_behalf_kind: str
    on_behalf_id: UUID | None
    action: str
    object_kind: str
    object_ids: list[str]
    outcome: str
    reason: str
    address: str | None
    correlation_id: str

    def canonical(self) -> bytes:
        """JSON with sorted members and without empty ones: a column added later changes no hash of before."""
        members: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        members["at"] = self.at.astimezone(UTC)
        filled = {name: value for name, value in members.items() if value not in (None, "", [])}
        return orjson.dumps(filled, option=orjson.OPT_SORT_KEYS)


def read_entry(values: Sequence[Any]) -> Entry | None:
    """The entry in a row of COLUMNS; None where an outer join found none."""
    if values[0] is None:
        return None
    entry = Entry(*values)
    if isinstance(entry.object_ids, str):
        # Django's cursors leave jsonb as text.
        return Entry(*values[:9], orjson.loads(entry.object_ids), *values[10:])
    return entry


def link(previous: bytes, entry: Entry) -> bytes:
    """The hash of `entry` behind `previous`."""
    return sha256(previous + entry.canonical()).digest()
