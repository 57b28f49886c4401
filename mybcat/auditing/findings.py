"""What verification can find wrong with the record."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from mybcat.auditing.chain import PLATFORM
from mybcat.ids import public_id


class Tampering(StrEnum):
    """How a chain differs from what was sealed."""

    EDIT = "edit"
    DELETE = "delete"
    INSERT = "insert"
    REORDER = "reorder"
    TRUNCATION = "truncation"
    REWRITE = "rewrite"
    # Entries that wait to be sealed for longer than a relay takes: it is down, or was made to pass them over.
    UNSEALED = "unsealed"
    # A file of checkpoints, not a chain.
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first bad entry of a chain: its number, and its id where it is still there."""

    practice_id: UUID | None
    tampering: Tampering
    seq: int | None = None
    entry_id: UUID | None = None
    detail: str = ""

    def __str__(self) -> str:
        whose = "platform" if self.practice_id == PLATFORM else public_id("prac", self.practice_id or PLATFORM)
        where = f" at entry {self.seq}" if self.seq is not None else ""
        which = f" ({self.entry_id})" if self.entry_id else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{whose if self.practice_id else 'checkpoints'}: {self.tampering}{where}{which}{detail}"
