"""One process that is kept running."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import IO, cast

from mybcat.embedded.home import CHECKOUT, MEGABYTE
from mybcat.embedded.isolation import Account, preparation

_ROTATE_ABOVE = 10 * MEGABYTE
# A line longer than this is shown in pieces rather than kept in memory.
_LONGEST_LINE = 64 * 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
# Alive this long, a process has proved that it works: its next crash counts as the first.
_PROVED = 30.0


class Stage(IntEnum):
    """Later ones are stopped before earlier ones."""

    POSTGRES = 0
    VALKEY = 1
    APPLICATION = 2


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run, and how it wishes to be stopped."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    stage: Stage = Stage.APPLICATION
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    # Seconds between the polite signal and the rude one.
    grace: float = 10.0
    account: Account = Account.OWN
    directory: Path = CHECKOUT
    # Whether its output goes to its log alone.
    quiet: bool = False


class Child:
    """A process of `command`, its log, and when to start it again. Spawned from the main thread only."""

    def __init__(self, *, command: Command, log: Path, once: bool) -> None:
        self.command = command
        self.once = once
        self.crashes = 0
        self.exit_code: int | None = None
        self.at_end = False
        self.restart_at: float | None = None
        self._pause = _FIRST_PAUSE
        self._log = log
        self._partial = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        _rotate(log)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._started.pid

    @property
    def output(self) -> int:
        """The descriptor from which `read` reads."""
        return self._pipe.fileno()

    def spawn(self) -> None:
        """Starts the process, for the first time or again."""
        self.at_end = False
        self.restart_at = None
        self._started_at = time.monotonic()
        self._process = start_process(self.command, output=subprocess.PIPE, session=True)
        os.set_blocking(self.output, False)

    def read(self) -> list[bytes]:
        """The lines that have come, also appended to the log; sets `at_end` after the last."""
        data = self._available()
        self.at_end = data == b""
        return [] if data is None else self._lines(data)

    def last_words(self) -> list[bytes]:
        """The same for a process that has ended, though something it started may keep its output open."""
        lines = []
        while data := self._available():
            lines += self._lines(data)
        self._pipe.close()
        return lines + self._lines(b"")

    def ended(self) -> bool:
        """Whether the process is gone, and with it whatever it had started."""
        if self._started.poll() is None:
            return False
        # Workers outlive a master that was killed, and would keep its port.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.exit_code = self._started.returncode
        return True

    def plan_restart(self) -> float:
        """Counts a crash; answers the seconds until the next start: 0.5 doubling to 10."""
        now = time.monotonic()
        if now - self._started_at >= _PROVED:
            self._pause = _FIRST_PAUSE
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        self.crashes += 1
        self.restart_at = now + pause
        return pause

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the process; to all it has started, too, if that is SIGKILL."""
        if not self.running:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, number)
            if number == signal.SIGKILL:
                os.killpg(self.pid, number)

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self.command.name} was never started")
        return self._process

    @property
    def _pipe(self) -> IO[bytes]:
        return cast("IO[bytes]", self._started.stdout)

    def _available(self) -> bytes | None:
        """What can be read now: nothing yet (None), or the end (empty)."""
        try:
            return os.read(self.output, _LONGEST_LINE)
        except BlockingIOError:
            return None

    def _lines(self, data: bytes) -> list[bytes]:
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        if self._partial and (not data or len(self._partial) > _LONGEST_LINE):
            lines.append(self._partial)
            self._partial = b""
        full = False
        # A full disk costs lines of the log, never the supervision.
        with contextlib.suppress(OSError), self._log.open("ab") as file:
            file.writelines(line + b"\n" for line in lines)
            full = file.tell() > _ROTATE_ABOVE
        if full:
            _rotate(self._log)
        return lines


def start_process(command: Command, *, output: int | None, session: bool) -> subprocess.Popen[bytes]:
    """Starts `command` bound to our life. `session` cuts it off our terminal, input included."""
    uid = command.account.uid
    return subprocess.Popen(  # noqa: S603  # our own commands
        command.arguments,
        cwd=command.directory,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL if session else None,
        stdout=output,
        stderr=subprocess.STDOUT if output == subprocess.PIPE else None,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
        # Safe, because this program has no other thread then.
        preexec_fn=preparation(account=command.account, stop_signal=command.stop_signal, session=session),  # noqa: PLW1509
    )


def _rotate(log: Path) -> None:
    """Sets a log aside that has grown: two of them are kept, however long we run."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > _ROTATE_ABOVE:
            log.replace(log.with_name(f"{log.name}.1"))
