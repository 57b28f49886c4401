"""The dashboard's client against the real processes, which are killed one after the other under load."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from mybcat.embedded.ports import free_ports
from mybcat.environment import CHECKOUT
from tests.callers import Caller
from tests.dashboard.test_library import NODE
from tests.factories import Clinic, make_change
from tests.mybcat.processes import Valkey, api, live, relay, valkey, wait_for

pytestmark = pytest.mark.processes
DASHBOARDS = 10


class Product:
    """`api`, `live` and their Redis, each of which can be killed and started again; and a relay."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.broker: Valkey = stack.enter_context(valkey())
        self.port = free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        self.told = {
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "MYBCAT_DEVELOPMENT": "1",
            "RATE_LIMIT_FACTOR": "1000",
            "REDIS_URL": self.broker.url,
        }
        stack.enter_context(relay(**self.told))
        self.start_api()
        self.start_live()

    def start_api(self) -> None:
        self.api = self.stack.enter_context(api(port=self.port, **self.told))

    def start_live(self) -> None:
        self.live = self.stack.enter_context(live(port=self.port + 1, **self.told))

    def kill_live(self) -> None:
        self.live.process.kill()
        self.live.process.wait()
        time.sleep(1)
        self.start_live()

    def kill_redis(self) -> None:
        self.broker.process.kill()
        self.broker.process.wait()
        time.sleep(1)
        again = subprocess.Popen(self.broker.process.args, stdout=subprocess.DEVNULL)
        self.stack.callback(again.wait)
        self.stack.callback(again.kill)

    def kill_api(self) -> None:
        # Its workers go with it, as the supervisor of `make up` sees to.
        self.api.kill()
        time.sleep(1)
        self.start_api()


@pytest.fixture
def product(_migrated: None) -> Iterator[Product]:
    with ExitStack() as stack:
        yield Product(stack)


@contextmanager
def following(product: Product, caller: Caller, log: Path) -> Iterator[Callable[[], list[str]]]:
    """What a dashboard has been told so far, line by line."""
    command = [NODE, "tests/follow.ts", product.url, caller.token]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=CHECKOUT / "dashboard", stdout=output, stderr=output)
    try:
        yield lambda: log.read_text().splitlines()
    finally:
        process.kill()
        process.wait()


def test_whatever_is_killed_every_dashboard_knows_all(product: Product, clinic: Clinic, tmp_path: Path) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    with ExitStack() as opened:
        told = [opened.enter_context(following(product, agent, tmp_path / str(n))) for n in range(DASHBOARDS)]
        wait_for(lambda: all("live" in each() for each in told), what="all dashboards")
        total = 0
        for kill in (product.kill_live, product.kill_redis, product.kill_api):
            for _ in range(10):
                make_change(clinic)
            kill()
            for _ in range(10):
                make_change(clinic)
            total += 20
            wait_for(lambda: all(numbers(each())[-1:] == [total] for each in told), what="every change")  # noqa: B023
        for each in told:
            # Each once, in order.
            assert numbers(each()) == list(range(1, total + 1))
            assert "resync" not in each()
        wait_for(lambda: all(states(each())[-1] == "live" for each in told), what="sockets")


def numbers(lines: list[str]) -> list[int]:
    return [int(line) for line in lines if line.isdigit()]


def states(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.isdigit()]
