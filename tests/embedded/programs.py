"""Starts programs under test, reads what they print, and sees what they leave behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

CHECKOUT = Path(__file__).resolve().parents[2]
# Seconds: generous, because the machine may be busy; what is waited for usually takes a tenth.
# A cold start alone has taken 110 s on a slow machine with other tests beside it.
PATIENCE = 400.0


def surroundings(home: Path, **extra: str) -> dict[str, str]:
    """The environment of a person who has set nothing but a home, in the virtual environment of this run."""
    foreign = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "PORT", "PYTEST_CURRENT_TEST")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "MYBCAT_HOME": str(home), "MYBCAT_VENV": sys.prefix, **extra}


def mybcat(home: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Runs one command to its end."""
    words = [sys.executable, "-m", "mybcat.embedded", *arguments]
    return subprocess.run(
        words,
        cwd=CHECKOUT,
        env=surroundings(home, **extra),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Program:
    """A program that runs on; its output goes to a file, so that nobody has to read it."""

    def __init__(self, *words: str, home: Path, **extra: str) -> None:
        self.output = home.parent / f"{home.name}.output"
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=CHECKOUT,
                env=surroundings(home, **extra),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                # So that a signal for the program never reaches the tests.
                start_new_session=True,
                # Under nohup SIGHUP is ignored, and the product heeds that; these tests are about the signal.
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 (takes no lock)
            )

    @property
    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_for(self, words: str) -> str:
        """What was printed, once `words` stand in it."""
        until(lambda: words in self.text or self.process.poll() is not None)
        assert words in self.text, self.text
        return self.text

    def family(self) -> list[psutil.Process]:
        """Everything that it has started and is alive."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Asks it to stop; answers its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def running(*words: str, home: Path, **extra: str) -> Iterator[Program]:
    """A program that is stopped at the end, with all that it started, come what may."""
    program = Program(*words, home=home, **extra)
    family: list[psutil.Process] = []
    try:
        yield program
    finally:
        if program.process.poll() is None:
            family = program.family()
            program.process.terminate()
            try:
                program.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                program.process.kill()
                program.process.wait()
        for process in family:
            if process.is_running():
                process.kill()


@contextmanager
def supervised(home: Path, *children: dict[str, Any]) -> Iterator[Program]:
    """Children under a supervisor, started."""
    with running("tests.embedded.supervised", str(home), json.dumps(children), home=home) as program:
        program.wait_for("started")
        yield program


def child(name: str, code: str, **how: Any) -> dict[str, Any]:
    """One child of `supervised`."""
    return {"name": name, "code": code, **how}


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Returns when the condition holds, fails when it does not come to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def words(process: psutil.Process) -> list[str]:
    """The words that started it; none where it has ended while we looked."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them lives."""
    return not [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
