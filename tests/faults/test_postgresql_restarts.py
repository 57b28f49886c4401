"""PostgreSQL goes away under load and comes back: busy meanwhile, nothing lost, nobody restarts the `api`."""

import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import httpx
import psycopg
import pytest

from tests.embedded.programs import until
from tests.faults.agents import Agent, Office, Told, each
from tests.faults.product import PATIENCE, Api, Product

pytestmark = pytest.mark.processes

AGENTS = 8
AWAY = 2.0


class Booking:
    """An agent who books one slot after the other, and repeats under the same key what was not booked."""

    def __init__(self, agent: Agent, slots: range) -> None:
        self.agent = agent
        self.slots = slots
        self.told: list[Told] = []
        self.booked: dict[int, str] = {}

    def until(self, enough: Event) -> None:
        for slot in self.slots:
            while slot not in self.booked:
                told = self.agent.book(slot, key=f"slot-{slot}")
                self.told.append(told)
                if told.status == 201:
                    self.booked[slot] = told.body["appointmentId"]
                elif told.status == 503:
                    time.sleep(0.05)
                else:
                    return
            if enough.is_set():
                return


def postgres_answers(product: Product) -> bool:
    try:
        psycopg.connect(product.administrator, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_restart_under_load_loses_nothing_and_heals_by_itself(
    how: signal.Signals, product: Product, api: Api, large_office: Office
) -> None:
    share = len(large_office.slots) // AGENTS
    enough = Event()
    with ExitStack() as stack, ThreadPoolExecutor(AGENTS) as threads:
        agents = [stack.enter_context(Agent(api, large_office)) for _ in range(AGENTS)]
        bookings = [Booking(agent, range(first * share, (first + 1) * share)) for first, agent in enumerate(agents)]
        running = [threads.submit(booking.until, enough) for booking in bookings]
        until(lambda: all(booking.booked for booking in bookings))
        with product.postgres_away(how):
            time.sleep(AWAY)
            status, parts = api.readiness()
            assert (status, parts["database"], parts["redis"]) == (503, "unavailable", "ok")
            assert api.answers()
        until(lambda: postgres_answers(product))
        until(api.ready)
        time.sleep(0.5)
        enough.set()
        for each_thread in running:
            each_thread.result()

    told = [each_told for booking in bookings for each_told in booking.told]
    assert {answer.status for answer in told} == {201, 503}
    refused = [answer for answer in told if answer.status == 503]
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert {answer.body["error"] for answer in refused} == {"The service is busy. Try again."}
    # Whoever was told of a booking has it, once.
    acknowledged = {identifier for booking in bookings for identifier in booking.booked.values()}
    number = sum(len(booking.booked) for booking in bookings)
    assert len(acknowledged) == number
    assert large_office.left(product) == each(number)


def test_without_postgresql_every_door_says_busy_and_none_breaks(product: Product, api: Api, office: Office) -> None:
    with Agent(api, office) as agent:
        with product.postgres_away(signal.SIGINT):
            doors = {
                "booking": agent.book(0, key="one").status,
                "reading": agent.get("/api/v1/slots").status_code,
                "signing in": httpx.post(
                    f"{api.url}/api/auth/token",
                    json={"email": office.email, "password": office.password},
                    timeout=PATIENCE,
                ).status_code,
                "the admin": httpx.get(
                    f"{api.url}/admin/", cookies={"sessionid": "a" * 32}, timeout=PATIENCE
                ).status_code,
                "readiness": httpx.get(f"{api.url}/readyz", timeout=PATIENCE).status_code,
            }
        until(api.ready)
        assert Counter(doors.values()) == {503: len(doors)}, doors
        assert agent.book(0, key="one").status == 201
    assert office.left(product) == each(1)
