"""What a process has counted outlives its orderly end."""

import pytest

from tests.embedded.programs import until
from tests.faults.agents import Agent, Office
from tests.faults.product import Product, serving

pytestmark = pytest.mark.processes


def test_calls_that_are_not_written_yet_are_written_at_the_end(product: Product, office: Office) -> None:
    def calls() -> int:
        query = "SELECT coalesce(sum(calls), 0) FROM mybcat_versioncall WHERE practice_id = %s"
        return int(product.rows(query, office.practice)[0][0])

    with serving(product) as api, Agent(api, office) as agent:
        for _ in range(7):
            assert agent.get("/api/v1/locations").status_code == 200
    until(lambda: calls() == 7, seconds=60)
