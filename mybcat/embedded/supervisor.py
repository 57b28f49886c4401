"""Keeps processes running until it is asked to stop, then leaves none behind."""

import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Self

from mybcat.embedded.child import Child, Command, Stage, start_process
from mybcat.embedded.console import Console
from mybcat.embedded.home import Home
from mybcat.embedded.leftovers import ProcessList
from mybcat.embedded.refusal import Refusal
from mybcat.embedded.stop_signals import StopSignals

# Longest time between two looks around; ends of children and signals wake us at once.
_TICK = 0.5
# Seconds between two questions whether a server serves.
_ASK_AGAIN = 0.1
# Seconds a process has after its kill signal: PostgreSQL takes some to abort, SIGKILL takes none.
_ABORT = 6.0


class StopRequested(Exception):
    """Somebody wants everything to end: not an error."""


class Supervisor(AbstractContextManager["Supervisor"]):
    """Starts, restarts and stops the processes of one home.

    It is one thread around `select`: threads and fork do not mix, and a child is told of our death
    when the thread that made it ends. Leaving the context stops everything, whatever the reason.
    """

    def __init__(self, *, home: Home, console: Console) -> None:
        self._home = home
        self._console = console
        self._children: list[Child] = []
        self._stopping = False
        self._on_disk = ProcessList(home=home)
        self._signals = StopSignals()
        self._selector = selectors.DefaultSelector()
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        self._resources.enter_context(self._selector)
        self._resources.enter_context(self._signals)
        self._selector.register(self._signals.wakeup, selectors.EVENT_READ, None)
        return self

    def __exit__(self, *_: object) -> None:
        with self._resources:
            self._stop()

    @property
    def requested(self) -> signal.Signals | None:
        """The signal that asked to stop."""
        return self._signals.received[0] if self._signals.received else None

    def start(self, command: Command) -> Child:
        """Runs `command` from now on; a crash is answered by a restart."""
        return self._add(command, once=False)

    def run(self, command: Command) -> int:
        """Runs `command` once, to its end; answers its exit code."""
        child = self._add(command, once=True)
        while child.exit_code is None:
            self._turn()
        self._children.remove(child)
        return child.exit_code

    def run_in_foreground(self, command: Command) -> int:
        """Runs `command` once with our terminal; answers its exit code.

        Requests to stop go to it alone, and it decides; a second one kills it.
        """
        try:
            process = start_process(command, output=None, session=False)
        except OSError as error:
            raise Refusal(f"{command.arguments[0]} cannot be run: {error.strerror}.") from None
        try:
            heeded = 0
            while process.poll() is None:
                self._look_around()
                for number in self._signals.received[heeded:]:
                    _hand_on(process, number, command=command, again=heeded > 0)
                    heeded += 1
        finally:
            if process.returncode is None:
                process.kill()
                process.wait()
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def wait_until(self, condition: Callable[[], bool], *, child: Child, seconds: float) -> None:
        """Returns once `condition` holds; raises Refusal when `child` crashes or time is up before that."""
        deadline = time.monotonic() + seconds
        while not condition():
            if child.crashes or time.monotonic() > deadline:
                log = self._home.log(child.command.name)
                raise Refusal(f"{child.command.name} did not start: the reason stands in {log}.")
            # Not at each line that a child writes: PostgreSQL writes one for each caller whom it must turn away.
            self.supervise(seconds=_ASK_AGAIN)

    def supervise(self, *, seconds: float = float("inf")) -> None:
        """Goes on for so long; raises StopRequested when somebody wants the end."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._turn(longest=left)

    def _turn(self, *, longest: float = _TICK) -> None:
        self._look_around(longest=longest)
        if self._signals.received:
            raise StopRequested

    def _look_around(self, *, longest: float = _TICK) -> None:
        for key, _ in self._selector.select(min(longest, self._until_next_restart())):
            if key.data is None:
                self._signals.drain()
            else:
                self._relay(key.data)
        for child in self._children:
            if child.running and child.ended():
                self._bury(child)
        self._restart_due()

    def _restart_due(self) -> None:
        for child in self._children:
            if not self._stopping and child.restart_at is not None and child.restart_at <= time.monotonic():
                try:
                    self._spawn(child)
                except OSError as error:
                    # Memory or process numbers may be there again later; the others still run.
                    self._plan_restart(child, f"cannot be started ({error.strerror})")

    def _until_next_restart(self) -> float:
        times = [child.restart_at for child in self._children if child.restart_at is not None]
        return min(_TICK, max(0.0, min(times) - time.monotonic())) if times and not self._stopping else _TICK

    def _add(self, command: Command, *, once: bool) -> Child:
        child = Child(command=command, log=self._home.log(command.name), once=once)
        self._children.append(child)
        self._spawn(child)
        return child

    def _spawn(self, child: Child) -> None:
        child.spawn()
        self._selector.register(child.output, selectors.EVENT_READ, child)
        self._on_disk.add(pid=child.pid, stop_signal=child.command.stop_signal, grace=child.command.grace)

    def _relay(self, child: Child) -> None:
        self._show(child, child.read())
        if child.at_end:
            self._selector.unregister(child.output)

    def _show(self, child: Child, lines: list[bytes]) -> None:
        for line in [] if child.command.quiet else lines:
            self._console.relay(child.command.name, line)

    def _bury(self, child: Child) -> None:
        if not child.at_end:
            self._selector.unregister(child.output)
        self._show(child, child.last_words())
        self._on_disk.remove(pid=child.pid)
        if not (child.once or self._stopping or self._signals.received):
            self._plan_restart(child, f"ended with {child.exit_code}")

    def _plan_restart(self, child: Child, reason: str) -> None:
        pause = child.plan_restart()
        self._console.say(f"{child.command.name} {reason}; starting it again in {pause:g} s")

    def _stop(self) -> None:
        self._stopping = True
        if any(child.running for child in self._children):
            self._console.say("stopping")
        for stage in sorted(Stage, reverse=True):
            self._stop_stage([child for child in reversed(self._children) if child.command.stage == stage])

    def _stop_stage(self, children: list[Child]) -> None:
        """Asks all at once, newest first; they owe each other nothing, so the slowest sets the pace."""
        begun = time.monotonic()
        for child in children:
            child.signal(child.command.stop_signal)
        while running := [child for child in children if child.running]:
            passed = time.monotonic() - begun
            for child in running:
                if passed > child.command.grace + _ABORT:
                    child.signal(signal.SIGKILL)
                elif passed > child.command.grace or self._impatient():
                    child.signal(child.command.kill_signal)
            self._look_around(longest=0.1)

    def _impatient(self) -> bool:
        return len(self._signals.received) > 1


def _hand_on(process: subprocess.Popen[bytes], number: signal.Signals, *, command: Command, again: bool) -> None:
    if again:
        process.kill()
    elif number != signal.SIGINT:
        process.send_signal(command.stop_signal)
    elif not sys.stdin.isatty():
        # From a terminal it came to the process directly; a second copy would count as impatience.
        process.send_signal(signal.SIGINT)
