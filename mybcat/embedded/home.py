"""Where this checkout keeps what it writes, and who may write it: one running command at a time."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mybcat.embedded.refusal import Refusal

CHECKOUT = Path(__file__).resolve().parents[2]
MEGABYTE = 1024 * 1024


class Busy(Refusal):
    """Another command runs from this home."""


@dataclass(frozen=True)
class Home:
    """The layout of `$MYBCAT_HOME`."""

    root: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Home":
        """The home that the environment names, else `.mybcat/` in the checkout."""
        named = environ.get("MYBCAT_HOME")
        return cls(Path(named).expanduser().absolute() if named else CHECKOUT / ".mybcat")

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def test(self) -> "Home":
        """Where `test` keeps its throw-away servers, so that it runs beside `up`."""
        return Home(self.root / "test")

    def lane(self, number: int) -> "Home":
        """Where the tests that run beside those of this home keep theirs."""
        return Home(self.root / f"lane{number}")

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def file(self, name: str) -> Path:
        return self.root / name

    def prepare(self) -> None:
        """Makes the directories; raises Refusal where that is not allowed."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Refusal(f"{self.root} cannot be written to ({error.strerror}): set MYBCAT_HOME.") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds this home; raises Busy when another process does. Released by the kernel at the latest."""
        with self.file("lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"MyBCAT already runs from {self.root}{_holder(self.file('lock'))}.") from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @contextmanager
    def visited(self) -> Iterator[None]:
        """Asks whoever holds this home to keep its servers until we are done."""
        with self.file("guests").open("w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    def has_guests(self) -> bool:
        """Whether anybody has asked so."""
        with self.file("guests").open("w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def _holder(lock: Path) -> str:
    pid = lock.read_text(encoding="utf-8").strip()
    return f" (process {pid})" if pid else ""


def check_free_space(*, home: Home, free: int) -> None:
    """Raises Refusal when `free` bytes are too few to install (500 MB) or to go on (200 MB)."""
    needed = 200 if home.postgres.exists() else 500
    if free < needed * MEGABYTE:
        raise Refusal(
            f"The disk under {home.root} is nearly full: {free // MEGABYTE} MB are free, {needed} MB are needed."
        )


def read_json(path: Path) -> dict[str, Any]:
    """What `path` holds, or nothing when it is absent."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise Refusal(f"{path} is damaged: restore it, or delete it to have it made anew.") from None
    return dict(stored)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Replaces `path` as a whole, readable by its owner only, also when the power fails midway."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
