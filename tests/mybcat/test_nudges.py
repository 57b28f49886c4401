"""Nudges: a hint that reaches its queue, and never holds up whoever gives it."""

import base64
import json
from collections.abc import Iterator
from threading import Event as Flag
from threading import Thread

import pytest

from mybcat import nudges
from mybcat.celery import app
from mybcat.listeners import Listener
from mybcat.nudges import Nudger, Publisher
from mybcat.relay import Relay
from tests.factories import Clinic
from tests.mybcat.engine import Clock, all_events, log_lines, make_listener, patient_updated, pausing, registered
from tests.mybcat.processes import Valkey, valkey, wait_for

LISTENER = make_listener()


@pytest.fixture(scope="module")
def _broker() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


@pytest.fixture
def broker(_broker: Valkey) -> Iterator[Valkey]:
    yield _broker
    _broker.go_on()
    with _broker.client as client:
        client.flushall()


def waiting(broker: Valkey) -> list[dict[str, object]]:
    """The keyword arguments of the tasks in the listener's queue."""
    with broker.client as client:
        messages = [json.loads(message) for message in client.lrange(LISTENER.queue, 0, -1)]
    return [json.loads(base64.b64decode(message["body"]))[1] for message in messages]


def finishes(work: Thread) -> bool:
    """Whether it ends at all: Celery's own publishing would wait for 25 s and more."""
    work.start()
    work.join(10)
    return not work.is_alive()


def test_a_nudge_names_its_listener_and_nothing_else(broker: Valkey) -> None:
    with Publisher(broker_url=broker.url) as publisher:
        assert publisher.nudge(LISTENER) is True
    assert waiting(broker) == [{"listener": LISTENER.name}]


def test_nudges_do_not_pile_up_while_no_worker_runs(broker: Valkey) -> None:
    with Publisher(broker_url=broker.url) as publisher:
        assert {publisher.nudge(LISTENER) for _ in range(20)} == {True}
    assert len(waiting(broker)) == nudges.WAITING_LIMIT


def test_whoever_sends_a_drain_it_goes_to_the_listeners_queue() -> None:
    with registered(LISTENER):
        arguments = {"kwargs": {"listener": LISTENER.name}}
        route = app.amqp.router.route({}, "mybcat.tasks.drain", **arguments)
        assert route["queue"].name == LISTENER.queue
        route = app.amqp.router.route({}, "mybcat.tasks.forget_idempotency_keys", kwargs={})
        assert route["queue"].name == "maintenance"


@pytest.mark.parametrize("warm", [True, False])
def test_a_hung_broker_is_given_up_and_found_again(
    broker: Valkey, warm: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answers = []
    publisher = Publisher(broker_url=broker.url)
    if warm:
        publisher.nudge(LISTENER)
    broker.hang()
    for _ in range(3):
        assert finishes(Thread(target=lambda: answers.append(publisher.nudge(LISTENER)), daemon=True))
    assert answers == [False, False, False]

    broker.go_on()
    wait_for(lambda: publisher.nudge(LISTENER), what="the broker")
    said = [record.msg["event"] for record in caplog.records if record.name == "mybcat.nudges"]  # type: ignore[index]
    assert said == ["Broker is away: deliveries wait for their workers", "Broker is back"]
    assert not any("stack" not in line for line in log_lines(caplog) if "Broker is away" in line)


def test_an_absent_broker_is_given_up_and_found_again() -> None:
    with valkey() as gone:
        publisher = Publisher(broker_url=gone.url)
        assert publisher.nudge(LISTENER) is True
    for _ in range(2):
        assert finishes(Thread(target=lambda: publisher.nudge(LISTENER), daemon=True))
    assert publisher.nudge(LISTENER) is False


class BlockedPublisher:
    """Stands for whatever no time-out covers, such as a resolver that does not answer."""

    def __init__(self) -> None:
        self.entered, self.release = Flag(), Flag()
        self.nudged: list[str] = []
        self.refused: set[str] = set()

    def nudge(self, listener: Listener) -> bool:
        self.entered.set()
        self.release.wait(30)
        self.nudged.append(listener.name)
        return listener.name not in self.refused


def test_the_relay_goes_on_while_a_nudge_hangs(clinic: Clinic) -> None:
    publisher = BlockedPublisher()
    nudger = Nudger(publisher=publisher)  # type: ignore[arg-type]
    nudger.start()
    with registered(LISTENER):
        loop = Relay(nudger=nudger, clock=Clock())
        for _ in range(3):
            patient_updated(clinic)
            loop.run(pause=pausing(1))
            assert publisher.entered.wait(10)
    assert [event.seq for event in all_events()] == [1, 2, 3]
    assert publisher.nudged == []

    publisher.release.set()
    # What was wanted meanwhile was wanted once.
    wait_for(lambda: len(publisher.nudged) == 2, what="two nudges")


def test_a_broker_that_refuses_one_nudge_is_not_asked_for_the_others() -> None:
    publisher = BlockedPublisher()
    publisher.refused = {"one"}
    nudger = Nudger(publisher=publisher)  # type: ignore[arg-type]
    nudger.want([make_listener(name=name) for name in ("one", "two", "three")])
    nudger.start()
    publisher.release.set()
    wait_for(lambda: publisher.nudged, what="the first nudge")
    nudger.want([make_listener(name="four")])
    wait_for(lambda: "four" in publisher.nudged, what="the next round")
    assert publisher.nudged == ["one", "four"]
