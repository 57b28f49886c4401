"""Redis accepts connections and says nothing: booking goes on, readiness tells, and nobody restarts anything."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median

import pytest

from tests.embedded.programs import until
from tests.faults.agents import Agent, Office, Told, each
from tests.faults.product import Api, Product

pytestmark = pytest.mark.processes

AGENTS, BOOKINGS_EACH = 8, 40
# Seconds: one wait for Redis would be longer; of eight at once on a busy machine a few may take as long without.
USUAL = 2.0


def book_all(agent: Agent, slots: range) -> list[Told]:
    return [agent.book(slot, key=f"slot-{slot}") for slot in slots]


def test_bookings_do_not_notice_a_hung_redis(product: Product, api: Api, large_office: Office) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(AGENTS) as threads:
        agents = [stack.enter_context(Agent(api, large_office)) for _ in range(AGENTS)]
        stack.enter_context(product.valkey_hung())
        shares = [range(number * BOOKINGS_EACH, (number + 1) * BOOKINGS_EACH) for number in range(AGENTS)]
        told = [answer for answers in threads.map(book_all, agents, shares) for answer in answers]
    assert {answer.status for answer in told} == {201}
    assert median(answer.seconds for answer in told) < USUAL
    assert large_office.left(product) == each(AGENTS * BOOKINGS_EACH)


def test_signing_in_does_not_need_redis(product: Product, api: Api, office: Office) -> None:
    with product.valkey_hung(), Agent(api, office) as agent:
        assert agent.get("/api/v1/practitioners").status_code == 200
        assert agent.get("/api/v2/slots").status_code == 200


def test_readiness_names_redis_while_it_hangs_and_recovers_with_it(product: Product, api: Api) -> None:
    with product.valkey_hung():
        status, parts = api.readiness()
        assert status == 503
        assert parts == {"database": "ok", "migrations": "ok", "redis": "unavailable", "broker": "unavailable"}
        assert api.answers()
    until(api.ready, seconds=60)
