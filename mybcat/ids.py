"""Public ids: TypeIDs, a prefix and a UUIDv7 in base 32 (typeid.io, version 0.3)."""

import re
from collections import deque
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import uuid_utils

from mybcat.errors import UnknownId

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
# Ten and fifteen bits at a time; the latter takes 1.7 MB.
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_TRIPLES = [pair + third for pair in _PAIRS for third in _DIGITS]
# 26 digits hold 130 bits: the first may not be above 7.
_SUFFIX = re.compile("[0-7][0-9a-hjkmnp-tv-z]{25}")
# To the digits that int() reads.
_READABLE = str.maketrans(_DIGITS, "0123456789abcdefghijklmnopqrstuv")

# What the current request has made, the latest of it.
_minted: ContextVar[deque[UUID] | None] = ContextVar("minted", default=None)
_MINTED_KEPT = 64


def new_uuid() -> UUID:
    """A UUIDv7 (RFC 9562): unguessable, and nearly ascending, which keeps indexes compact."""
    value = UUID(int=uuid_utils.uuid7().int)
    if (minted := _minted.get()) is not None:
        minted.append(value)
    return value


def earliest_uuid(*, at: datetime) -> UUID:
    """The least UUIDv7 of the millisecond `at` (aware): what was made before sorts before it."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def watch_minting() -> None:
    """From here on `minted()` tells what this request makes."""
    _minted.set(deque(maxlen=_MINTED_KEPT))


def referenced(*values: UUID) -> None:
    """A row that this request has just written names these, by references within its practice; `minted()` tells.

    PostgreSQL has looked them up by practice and id then, without row-level security and whoever asked.
    """
    if (minted := _minted.get()) is not None:
        minted.extend(values)


def minted() -> frozenset[UUID]:
    """The latest ids that this request has made, or shown to be its practice's: nobody else's row has one of them."""
    return frozenset(_minted.get() or ())


def public_id(prefix: str, value: UUID) -> str:
    """`value` as callers see it, such as `appt_01m848prweekhr0mc0n2n7fq50`."""
    n, t = value.int, _TRIPLES
    # Written out, since a calendar shows a thousand of them: a loop costs three times as much.
    return (
        f"{prefix}_{_PAIRS[n >> 120]}{t[n >> 105 & 32767]}{t[n >> 90 & 32767]}{t[n >> 75 & 32767]}"
        f"{t[n >> 60 & 32767]}{t[n >> 45 & 32767]}{t[n >> 30 & 32767]}{t[n >> 15 & 32767]}{t[n & 32767]}"
    )


def familiar_id(prefix: str, value: UUID) -> str:
    """public_id() of what many rows name, such as a practitioner or a location: remembered."""
    return _remembered(prefix, value.int)


@lru_cache(maxsize=10_000)
def _remembered(prefix: str, number: int) -> str:
    return public_id(prefix, UUID(int=number))


def internal_id(prefix: str, text: object) -> UUID:
    """The UUID behind a public id.

    Raises UnknownId for anything malformed: to a caller it is no different from an id that nothing has.
    """
    found = parsed(text) if isinstance(text, str) else None
    if found is None or found[0] != prefix:
        raise UnknownId(prefix=prefix, value=None)
    return found[1]


def parsed(text: str) -> tuple[str, UUID] | None:
    """Prefix and UUID of a public id; None for any other text."""
    prefix, _, suffix = text.rpartition("_")
    if not prefix or not _SUFFIX.fullmatch(suffix):
        return None
    return prefix, UUID(int=int(suffix.translate(_READABLE), 32))
