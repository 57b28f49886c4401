"""A task's log lines carry the id of the request that asked for it; beat's tasks carry one of their own."""

import json
from typing import Any
from uuid import UUID

import pytest

from mybcat.celery import app
from mybcat.correlation import correlated, correlation_id
from tests.mybcat.processes import Running, valkey, wait_for, worker

pytestmark = pytest.mark.processes


def ask(broker: str, **kwargs: Any) -> None:
    """Sends a task that says one line and does nothing: no worker knows the listener."""
    with app.connection_for_write(broker) as connection:
        app.send_task("mybcat.tasks.drain", kwargs=kwargs, queue="told", connection=connection)


def told(running: Running) -> dict[str, str]:
    """By listener, the correlation id of the line about it."""
    lines = [json.loads(line) for line in running.output.splitlines() if "No such listener" in line]
    return {line["listener"]: line["correlationId"] for line in lines}


def test_a_task_continues_its_request_and_hands_nothing_to_the_next() -> None:
    with valkey() as broker:
        with correlated("call-4711"):
            ask(broker.url, listener="asked")
        assert correlation_id() == ""
        ask(broker.url, listener="beat one")
        ask(broker.url, listener="beat two")
        with worker(queue="told", REDIS_URL=broker.url) as running:
            wait_for(lambda: len(told(running)) == 3, what="three tasks")
            found = told(running)
    assert found["asked"] == "call-4711"
    assert found["beat one"] != found["beat two"]
    for name in ("beat one", "beat two"):
        assert UUID(found[name]).version == 4


def test_a_failure_is_logged_with_it() -> None:
    with valkey() as broker:
        with correlated("call-4711"):
            # No such argument: the task fails before it begins.
            ask(broker.url)
        with worker(queue="told", REDIS_URL=broker.url) as running:
            wait_for(lambda: "Task failed" in running.output, what="the failure")
            (line,) = [json.loads(line) for line in running.output.splitlines() if "Task failed" in line]
    assert line["correlationId"] == "call-4711"
