"""Answers that have not changed since they were made: sent again, not made again.

In this process's memory, the latest of each address, until room is needed. Nothing is sent unless its tag is what the
rows behind it ask for now (conditional.py): so whoever changes a row, in whatever process, need not know of this.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

# Of bodies. A day of 200 appointments takes 60 kB.
ROOM_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer's body and tag, and whose data it shows."""

    tag: str
    body: bytes
    patients: Sequence[UUID]


class Memory:
    """By address, which names the practice; the one that was asked for longest ago goes first."""

    def __init__(self, *, room: int = ROOM_BYTES) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._room = room
        self._bytes = 0
        self._lock = Lock()

    def get(self, address: str) -> Kept | None:
        with self._lock:
            if (kept := self._kept.get(address)) is not None:
                self._kept.move_to_end(address)
            return kept

    def put(self, address: str, kept: Kept) -> None:
        with self._lock:
            if (before := self._kept.pop(address, None)) is not None:
                self._bytes -= len(before.body)
            self._kept[address] = kept
            self._bytes += len(kept.body)
            while self._bytes > self._room:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.body)


memory = Memory()
