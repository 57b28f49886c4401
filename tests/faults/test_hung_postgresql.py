"""PostgreSQL accepts and says nothing: the process still tells what is wrong, and what was counted."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.embedded.programs import until
from tests.faults.agents import Agent, Office
from tests.faults.product import PATIENCE, Api, Product

pytestmark = pytest.mark.processes

# More than there are threads for requests, in all workers together.
WAITING = 12


def test_readiness_names_a_hung_postgresql_while_all_threads_wait_for_it(
    product: Product, api: Api, office: Office
) -> None:
    with Agent(api, office) as agent, ThreadPoolExecutor(WAITING) as threads:
        with product.postgres_hung():
            stuck = [threads.submit(agent.get, "/api/v1/locations") for _ in range(WAITING)]
            for _ in range(3):
                status, parts = api.readiness()
                assert (status, parts["database"], parts["redis"]) == (503, "unavailable", "ok")
                assert httpx.get(f"{api.url}/healthz", timeout=PATIENCE).status_code == 200
        assert {future.result().status_code for future in stuck} <= {200, 503}
    until(api.ready, seconds=60)
