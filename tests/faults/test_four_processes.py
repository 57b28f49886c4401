"""Two `api` of two workers each: limits are exact across them, and what ends in one has ended in all."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx
import pytest
import redis

from tests.faults.agents import Agent, Office
from tests.faults.product import PATIENCE, Api, Product, serving

pytestmark = pytest.mark.processes

# Of each worker's share, and what the tier of adding patients admits in a minute.
PROCESSES, CALLS_EACH, ADMITTED = 4, 60, 50
PATIENT = {"firstName": "Ines", "lastName": "Moreau", "dateOfBirth": "1990-05-17"}


@pytest.fixture(scope="module")
def apis(product: Product) -> Iterator[list[Api]]:
    with serving(product, RATE_LIMIT_FACTOR="1") as first, serving(product, RATE_LIMIT_FACTOR="1") as second:
        yield [first, second]


def at_once(apis: list[Api], path: str, token: str, *, method: str = "GET", body: Any = None) -> Counter[int]:
    """Statuses of 60 calls a process, each over a connection of its own."""
    count = PROCESSES * CALLS_EACH
    line = Barrier(count)

    def one(number: int) -> int:
        with httpx.Client(base_url=apis[number % len(apis)].url, timeout=PATIENCE * 4) as http:
            line.wait()
            return http.request(method, path, json=body, headers={"Authorization": token}).status_code

    with ThreadPoolExecutor(count) as threads:
        return Counter(threads.map(one, range(count)))


def test_as_many_pass_as_the_limit_says(product: Product, apis: list[Api], office: Office) -> None:
    with Agent(apis[0], office) as agent:
        statuses = at_once(apis, "/api/v1/patients", agent.authorization, method="POST", body=PATIENT)
    assert statuses == {201: ADMITTED, 429: PROCESSES * CALLS_EACH - ADMITTED}
    added = product.rows("SELECT count(*) FROM patients_patient WHERE practice_id = %s", office.practice)
    # And the one that the practice began with.
    assert added == [(ADMITTED + 1,)]


def test_counting_in_two_steps_would_admit_more(product: Product) -> None:
    """Negative control: read, compare, write, as a cache allows it."""
    key, threads = f"control:{uuid4()}", 60
    line = Barrier(threads)

    def one(_: int) -> bool:
        with redis.Redis.from_url(product.redis_url) as client:
            seen = int(client.get(key) or 0)
            line.wait()
            if seen >= ADMITTED:
                return False
            client.set(key, seen + 1)
            return True

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(one, range(threads))) > ADMITTED


def test_who_signs_out_in_one_process_is_out_in_all(apis: list[Api], office: Office) -> None:
    with Agent(apis[0], office) as agent:
        # Enough connections for every worker to remember the caller.
        assert set(statuses(apis, agent)) == {200}
        answer = httpx.post(
            f"{apis[1].url}/api/auth/logout", headers={"Authorization": agent.authorization}, timeout=PATIENCE
        )
        assert answer.status_code == 204
        assert set(statuses(apis, agent)) == {401}


def statuses(apis: list[Api], agent: Agent) -> list[int]:
    return [
        httpx.get(
            f"{api.url}/api/v2/locations", headers={"Authorization": agent.authorization}, timeout=PATIENCE
        ).status_code
        for api in apis * 8
    ]
