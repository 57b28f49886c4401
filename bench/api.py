"""The `api` process, just as `make up` starts it, for as long as a measurement needs it."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mybcat.embedded import ports, processes
from mybcat.embedded.child import Command, start_process
from mybcat.embedded.home import Home

# Seconds that a start may take on a machine that does other things as well.
_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Api:
    """Where it listens, and the process above its workers."""

    port: int
    process_id: int


@contextmanager
def serving(*, wsgi: str | None = None) -> Iterator[Api]:
    """Yields the product's `api`; `wsgi`: that WSGI application, in one worker of one thread."""
    home = Home.of(os.environ)
    home.prepare()
    port = ports.free_ports()
    command = _command(home, port)
    if wsgi is not None:
        command = replace(command, arguments=(*command.arguments[:-1], "--blocking-threads", "1", wsgi))
        for option, value in (("--workers", "1"), ("--interface", "wsgi")):
            command = _with(command, option, value)
    with home.log("bench-api").open("wb") as log:
        process = start_process(command, output=log.fileno(), session=True)
        try:
            _wait(process, port)
            yield Api(port, process.pid)
        finally:
            _stop(process, command)


def _command(home: Home, port: int) -> Command:
    # A few callers ask as often as thousands would.
    commands = processes.processes(home=home, port=port, environment={**os.environ, "RATE_LIMIT_FACTOR": "100000"})
    return next(command for command in commands if command.name == "api")


def _with(command: Command, option: str, value: str) -> Command:
    place = command.arguments.index(option) + 1
    return replace(command, arguments=(*command.arguments[:place], value, *command.arguments[place + 1 :]))


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the api does not answer: logs/bench-api.log says why")


def _stop(process: subprocess.Popen[bytes], command: Command) -> None:
    process.terminate()
    try:
        process.wait(timeout=command.grace)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
