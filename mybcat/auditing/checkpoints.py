"""Signed heads of the chains, outside the database: who can rewrite a chain there cannot rewrite these.

One JSON line a checkpoint, in a file a month, only ever appended to. Each line names the digest of the
line before it and is signed (Ed25519), so a line that is changed, left out or put in shows. Lines cut
off at the end show only where a copy is kept: each digest is logged, and the files may be shipped.
"""

import fcntl
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from mybcat.gateway.keys import kept_file

logger = structlog.get_logger(__name__)

# Some 130 bytes a head.
HEADS_A_LINE = 500
LONGEST_LINE = 100_000


class Damaged(ValueError):
    """A line is not what was once written."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The heads of some chains at one time: sequence number and hash, by practice."""

    heads: dict[UUID, tuple[int, bytes]]
    at: datetime
    # Where it stands.
    file: str
    line: int


def append(*, heads: Mapping[UUID, tuple[int, bytes]], now: datetime) -> None:
    """Add these heads; on the disk when this returns."""
    listed = sorted(heads.items())
    with _locked() as folder:
        for start in range(0, len(listed), HEADS_A_LINE):
            part = {
                str(practice): [seq, digest.hex()] for practice, (seq, digest) in listed[start : start + HEADS_A_LINE]
            }
            _write(folder, part, now)


def _write(folder: Path, heads: dict[str, Any], now: datetime) -> None:
    path = folder / f"checkpoints-{now.astimezone(UTC):%Y-%m}.jsonl"
    last = _last_line(folder)
    key = _key()
    unsigned = {"at": now.astimezone(UTC).isoformat(), "heads": heads, "previous": _digest(last), "key": _key_id(key)}
    line = orjson.dumps({**unsigned, "signature": b64encode(key.sign(_signed(unsigned))).decode()})
    with path.open("ab") as file:
        # A line that a power failure tore stays as it is; the next one begins after it.
        torn = bool(file.tell()) and _tail(path, size=1) != b"\n"
        file.write((b"\n" if torn else b"") + line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    _keep_names(folder)
    logger.info("Audit checkpoint", heads=len(heads), digest=_digest(line))


def _keep_names(folder: Path) -> None:
    """A month's new file is on the disk only when its folder is, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read() -> Iterator[Checkpoint]:
    """Every checkpoint, in order. Raises Damaged at the first line that is not as it was written."""
    keys = {_key_id(key): key.public_key() for key in _keys()}
    previous = _digest(b"")
    for path in files():
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                line = raw.rstrip(b"\n")
                found = _whole(line)
                if found is None:
                    # Torn by a power failure. Were it another line, spoilt, the next one would not follow.
                    continue
                _check(found, previous=previous, keys=keys, where=f"{path.name} line {number}")
                previous = _digest(line)
                heads = {
                    UUID(practice): (seq, bytes.fromhex(digest)) for practice, (seq, digest) in found["heads"].items()
                }
                yield Checkpoint(heads, datetime.fromisoformat(found["at"]), path.name, number)


def files() -> list[Path]:
    """In the order of months."""
    return sorted(Path(settings.AUDIT_HOME).glob("checkpoints-*.jsonl"))


def _check(found: dict[str, Any], *, previous: str, keys: dict[str, Ed25519PublicKey], where: str) -> None:
    try:
        signature = b64decode(found.pop("signature"))
        keys[found["key"]].verify(signature, _signed(found))
    except (KeyError, TypeError, ValueError, InvalidSignature):
        raise Damaged(f"{where} is not signed by a key of ours") from None
    if found["previous"] != previous:
        raise Damaged(f"{where} does not follow the line before it")


@contextmanager
def _locked() -> Iterator[Path]:
    """The folder, while no other relay of this home writes to it."""
    folder = Path(settings.AUDIT_HOME)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _last_line(folder: Path) -> bytes:
    """The last whole one."""
    for path in sorted(folder.glob("checkpoints-*.jsonl"), reverse=True):
        for line in reversed(_tail(path, size=2 * LONGEST_LINE).split(b"\n")):
            if _whole(line) is not None:
                return line
    return b""


def _whole(line: bytes) -> dict[str, Any] | None:
    """The line's members; None where it was torn."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) and "signature" in found else None


def _tail(path: Path, *, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - size, 0))
        return file.read()


def _signed(members: dict[str, Any]) -> bytes:
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


def _digest(line: bytes) -> str:
    return sha256(line).hexdigest()


@cache
def _keys() -> list[Ed25519PrivateKey]:
    """The one that signs first. To rotate, put an `audit-NNNN.pem` that sorts last beside the others; keep them all."""
    folder = Path(settings.MYBCAT_HOME) / "keys"
    kept_file(folder / "audit-0001.pem", _new_key)
    return [_read_key(path) for path in sorted(folder.glob("audit-*.pem"), reverse=True)]


def _key() -> Ed25519PrivateKey:
    return _keys()[0]


def _key_id(key: Ed25519PrivateKey) -> str:
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return sha256(raw).hexdigest()[:16]


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read_key(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path.name} holds no Ed25519 key")
    return key
