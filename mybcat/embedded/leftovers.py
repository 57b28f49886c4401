"""Finds and stops what an earlier run left behind.

The kernel stops our children when we are killed (see `isolation.py`), but not on every system and
not at once; so each child is also written down, and the next start waits for the last one's end.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from mybcat.embedded.home import Home, read_json, write_json


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One process that was started."""

    pid: int
    born: str
    stop_signal: int
    # Seconds it may take to stop by itself.
    grace: float


class ProcessList:
    """The children of this home, on disk."""

    def __init__(self, *, home: Home) -> None:
        self._path = home.file("processes.json")
        self._entries: dict[int, Entry] = {}

    def add(self, *, pid: int, stop_signal: int, grace: float) -> None:
        """Remembers a child that has just been started."""
        self._entries[pid] = Entry(pid=pid, born=_birth(pid), stop_signal=stop_signal, grace=grace)
        self._save()

    def remove(self, *, pid: int) -> None:
        """Forgets a child that has ended."""
        self._entries.pop(pid, None)
        self._save()

    def _save(self) -> None:
        # A full disk must not end the supervision of what runs.
        with contextlib.suppress(OSError):
            write_json(self._path, {str(pid): asdict(entry) for pid, entry in self._entries.items()})


def stop_leftovers(*, home: Home) -> None:
    """Ends every process that an earlier run of this home left; harmless when there is none."""
    path = home.file("processes.json")
    entries = [Entry(**stored) for stored in read_json(path).values()]
    for entry in entries:
        _signal(entry, entry.stop_signal)
    begun = time.monotonic()
    while alive := [entry for entry in entries if _alive(entry)]:
        for entry in alive:
            if time.monotonic() - begun > entry.grace:
                _signal(entry, signal.SIGKILL)
        time.sleep(0.05)
    path.unlink(missing_ok=True)


def _signal(entry: Entry, number: int) -> None:
    if not _alive(entry):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(entry.pid, number)
        if number == signal.SIGKILL:
            os.killpg(entry.pid, number)


def _alive(entry: Entry) -> bool:
    return bool(entry.born) and _birth(entry.pid) == entry.born


def _birth(pid: int) -> str:
    """What tells a process from a later one with the same number; empty when it has ended."""
    if sys.platform != "linux":
        return _birth_by_ps(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    state, started = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot} {started}"


def _birth_by_ps(pid: int) -> str:
    words = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    found = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    return found.stdout.strip()
