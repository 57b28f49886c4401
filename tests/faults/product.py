"""The product's own servers and its `api` process, apart from those of the suite, to be broken and mended."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from mybcat.embedded import environment, external, ports, processes, template
from mybcat.embedded.addresses import in_database
from mybcat.embedded.child import start_process
from mybcat.embedded.home import CHECKOUT, Home
from mybcat.embedded.servers import Servers
from tests.embedded.programs import Program, gone, running, until

DATABASE = template.DATABASE
# Seconds of patience with a process that starts on a busy machine.
_START = 180.0
# And with one answer: a limit for what hangs, not a promise.
PATIENCE = 60.0
WORKERS = 2


@dataclass(frozen=True)
class Product:
    """PostgreSQL and Valkey under the supervisor of `make up`; a database with the product's tables."""

    home: Home
    program: Program
    administrator: str
    redis_url: str
    environment: Mapping[str, str]

    def server(self, name: str) -> psutil.Process:
        """The process that the supervisor started as `name`; another one after a restart."""
        children = psutil.Process(self.program.process.pid).children()
        (found,) = [child for child in children if Path(child.cmdline()[0]).name.startswith(name)]
        return found

    @contextmanager
    def postgres_away(self, how: signal.Signals) -> Iterator[None]:
        """PostgreSQL is ended by a signal, and started again by its supervisor after the block."""
        server = self.server("postgres")
        supervisor = psutil.Process(self.program.process.pid)
        # Suspended, it cannot start PostgreSQL again before its time.
        supervisor.suspend()
        try:
            server.send_signal(how)
            until(lambda: gone([server]))
            yield
        finally:
            supervisor.resume()

    @contextmanager
    def valkey_hung(self) -> Iterator[None]:
        """Valkey accepts connections and says nothing, until the end of the block."""
        server = self.server("valkey")
        server.suspend()
        try:
            yield
        finally:
            server.resume()

    @contextmanager
    def postgres_hung(self) -> Iterator[None]:
        """PostgreSQL accepts connections and says nothing, until the end of the block."""
        server = self.server("postgres")
        family = [server, *server.children(recursive=True)]
        for each in family:
            each.suspend()
        try:
            yield
        finally:
            for each in family:
                each.resume()

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """As a superuser, who sees every practice."""
        with self.superuser() as connection:
            return connection.execute(query, parameters).fetchall()

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection]:
        """A transaction that is rolled back at the end."""
        with psycopg.connect(in_database(self.administrator, DATABASE)) as connection:
            yield connection
            connection.rollback()


@contextmanager
def installed(root: Path) -> Iterator[Product]:
    """A product with its servers running and its tables made."""
    home = Home(root / "home")
    if model := template.named():
        home.prepare()
        template.copy(model, to=home)
    with running("tests.embedded.serving", str(home.root), home=home.root) as program:
        found = json.loads(program.wait_for("}"))
        database = external.as_administrator(found["administrator"], variable="PostgreSQL", default=DATABASE)
        servers = Servers(database=database, redis_url=found["redis"])
        told = environment.settings(home=home, servers=servers, port=0, environ={})
        product = Product(
            home=home,
            program=program,
            administrator=found["administrator"],
            redis_url=found["redis"],
            environment=environment.for_children(told, environ=os.environ),
        )
        run(product, "manage.py", "migrate", "--database", "owner", "--no-input")
        yield product


def run(product: Product, *words: str) -> str:
    """What a Python program with the product's settings printed."""
    done = subprocess.run(
        [sys.executable, *words], cwd=CHECKOUT, env=product.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Api:
    """The `api` process, as `make up` starts it."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[psutil.Process]:
        """Those that serve requests."""
        return psutil.Process(self.process.pid).children()

    def listening(self) -> int:
        """How many workers accept connections: each has a socket of its own, once it has started."""
        return sum(any(each.status == psutil.CONN_LISTEN for each in _sockets(worker)) for worker in self.workers())

    def worker_with_connection(self, client_port: int) -> psutil.Process:
        """The worker whose end of a connection has this port."""
        (found,) = [
            worker for worker in self.workers() if any(each.laddr.port == client_port for each in _sockets(worker))
        ]
        return found

    def readiness(self) -> tuple[int, dict[str, str]]:
        """What /readyz says of each part."""
        answer = httpx.get(f"{self.url}/readyz", timeout=PATIENCE)
        return answer.status_code, answer.json()["parts"]

    def ready(self) -> bool:
        with suppress(httpx.TransportError):
            return self.readiness()[0] == 200
        return False

    def answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/healthz", timeout=PATIENCE).status_code == 200
        return False


def _sockets(process: psutil.Process) -> list[Any]:
    with suppress(psutil.NoSuchProcess):
        return process.net_connections("tcp")
    return []


@contextmanager
def serving(product: Product, **surroundings: str) -> Iterator[Api]:
    """The product's `api`, once it answers; over at the end."""
    port = ports.free_port()
    told = {**product.environment, **surroundings}
    command = next(
        each for each in processes.processes(home=product.home, port=port, environment=told) if each.name == "api"
    )
    output = product.home.root / f"api-{port}.output"
    with output.open("wb") as file:
        process = start_process(command, output=file.fileno(), session=True)
    api = Api(process, port, output)
    family: list[psutil.Process] = []
    try:
        until(lambda: api.listening() == WORKERS, seconds=_START)
        assert api.answers()
        yield api
        family = api.workers() if process.poll() is None else []
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
