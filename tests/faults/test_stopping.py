"""The `api` is asked to stop while it works."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.embedded.programs import gone
from tests.faults.agents import Agent, Office, each
from tests.faults.product import PATIENCE, Product, serving
from tests.faults.test_killed_worker import LOCK_PATIENT, waiting_for

pytestmark = pytest.mark.processes


def test_a_request_that_runs_when_the_api_is_stopped_gets_its_answer(product: Product, office: Office) -> None:
    with serving(product) as api, Agent(api, office) as agent, ThreadPoolExecutor(1) as thread:
        family = api.workers()
        with product.superuser() as other:
            other.execute(LOCK_PATIENT, [office.patient_row])
            answer = thread.submit(agent.book, 0, key="one")
            waiting_for(other)
            api.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        told = answer.result()
        assert told.status == 201
        assert api.process.wait(PATIENCE) == 0
        assert gone(family)
        with pytest.raises(httpx.ConnectError):
            agent.get("/healthz")
    assert office.left(product) == each(1)
