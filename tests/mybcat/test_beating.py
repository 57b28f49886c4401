"""Beat: what it sends while no worker takes anything."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Scheduler as CelerysScheduler
from kombu.connection import Connection

from mybcat.beating import Scheduler
from mybcat.celery import app
from mybcat.celeryconfig import beat_schedule
from tests.mybcat.processes import Valkey, beat, valkey, wait_for

QUEUES = ("maintenance", "bulk", "stripe")
AWAY = 20


@pytest.fixture(scope="module")
def _broker() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


@pytest.fixture
def broker(_broker: Valkey) -> Iterator[Valkey]:
    yield _broker
    with _broker.client as client:
        client.flushall()


def waiting(broker: Valkey) -> Counter[str]:
    """How often each task waits."""
    with broker.client as client:
        messages = [json.loads(message) for queue in QUEUES for message in client.lrange(queue, 0, -1)]
    return Counter(message["headers"]["task"] for message in messages)


def all_fall_due(scheduler: Any, broker: Valkey) -> None:
    with app.connection_for_write(broker.url) as connection:
        send_all(scheduler, connection)


def send_all(scheduler: Any, connection: Connection) -> None:
    producer = app.amqp.Producer(connection, auto_declare=False)
    for name, entry in beat_schedule.items():
        scheduler.apply_entry(scheduler._maybe_entry(name, entry), producer=producer)


def test_a_worker_that_was_away_finds_each_chore_once(broker: Valkey) -> None:
    for _ in range(AWAY):
        all_fall_due(Scheduler(app=app, lazy=True), broker)
    assert waiting(broker) == Counter(entry["task"] for entry in beat_schedule.values())


def test_celerys_own_scheduler_piles_them_up(broker: Valkey) -> None:
    for _ in range(AWAY):
        all_fall_due(CelerysScheduler(app=app, lazy=True), broker)
    assert waiting(broker) == Counter(AWAY * [entry["task"] for entry in beat_schedule.values()])


def test_what_was_taken_is_sent_again(broker: Valkey) -> None:
    scheduler = Scheduler(app=app, lazy=True)
    all_fall_due(scheduler, broker)
    with broker.client as client:
        for queue in QUEUES:
            assert client.rpop(queue)
    assert waiting(broker).total() == len(beat_schedule) - len(QUEUES)
    all_fall_due(scheduler, broker)
    assert set(waiting(broker).values()) == {1}
    assert waiting(broker).total() == len(beat_schedule)


def test_another_broker_is_written_to_though_it_cannot_be_looked_into() -> None:
    with app.connection_for_write("memory://") as connection:
        queue = connection.SimpleQueue("bulk")
        send_all(Scheduler(app=app, lazy=True), connection)
        assert queue.get(timeout=1).headers["task"] == "integrations.tasks.send_bulk"
        queue.close()


@pytest.mark.processes
def test_beat_itself(tmp_path: Path) -> None:
    with valkey() as broker, beat(home=tmp_path, REDIS_URL=broker.url):
        # Due every 15 s: what is due every two or three was so many times before.
        wait_for(lambda: "practices.tasks.mail_invitations" in waiting(broker), what="a quarter of a minute of beat")
        assert set(waiting(broker).values()) == {1}
        with broker.client as client:
            client.flushall()
        wait_for(lambda: "integrations.tasks.send_bulk" in waiting(broker), what="the next time")
