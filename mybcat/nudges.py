"""Tell Celery that a listener has work: a hint that may be lost, sent by callers that must not wait."""

from contextlib import suppress
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self

import structlog
from kombu.common import maybe_declare
from kombu.connection import Connection
from kombu.entity import Queue

from mybcat.celery import app
from mybcat.listeners import Listener
from mybcat.metrics import broker_failures

logger = structlog.get_logger(__name__)

# Celery's own `.delay()` waits 25 s and more on a broker that accepts but does not answer. These are
# per step; `max_retries` 0 is what stops kombu from stepping again.
SOCKET_SECONDS = 0.15
BROKER_OPTIONS: dict[str, Any] = {
    "socket_timeout": SOCKET_SECONDS,
    "socket_connect_timeout": SOCKET_SECONDS,
    "health_check_interval": 0,
    "max_retries": 0,
}
# More hints than this in a queue say nothing new; without the limit they would pile up while no worker runs.
WAITING_LIMIT = 8


class Publisher:
    """One connection that only sends nudges."""

    def __init__(self, *, broker_url: str | None = None) -> None:
        self._broker_url = broker_url
        self._connection: Connection | None = None
        self._reachable = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._disconnect()

    def nudge(self, listener: Listener) -> bool:
        """Ask a worker to look after `listener`; False when the broker did not take it. Never raises."""
        return self.hint("mybcat.tasks.drain", queue=listener.queue, listener=listener.name)

    def hint(self, task: str, *, queue: str, **arguments: str) -> bool:
        """Likewise of any task that looks for itself what there is to do."""
        try:
            self._send(task, queue, arguments)
        except Exception as error:  # noqa: BLE001  # kombu's transports raise what they like
            self._disconnect()
            broker_failures.inc()
            self._note(reachable=False, error=error)
            return False
        self._note(reachable=True)
        return True

    def _send(self, task: str, name: str, arguments: dict[str, str]) -> None:
        if self._connection is None:
            self._connection = app.connection_for_write(
                self._broker_url, connect_timeout=SOCKET_SECONDS, transport_options=BROKER_OPTIONS
            )
        # `default_channel`, not `channel()`: only the former heeds max_retries.
        channel = self._connection.default_channel
        queue: Queue = app.amqp.queues[name]
        maybe_declare(queue, channel)  # type: ignore[no-untyped-call]
        if _waiting(self._connection, channel, queue) < WAITING_LIMIT:
            app.send_task(task, kwargs=arguments, queue=queue, producer=app.amqp.Producer(channel), retry=False)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.release()  # type: ignore[no-untyped-call]

    def _note(self, *, reachable: bool, error: Exception | None = None) -> None:
        """Once per change of state: the relay nudges every second."""
        if reachable and not self._reachable:
            logger.info("Broker is back")
        if not reachable and self._reachable:
            logger.warning("Broker is away: deliveries wait for their workers", exc_info=error)
        self._reachable = reachable


def _waiting(connection: Connection, channel: Any, queue: Queue) -> int:
    try:
        waiting: int = channel.queue_declare(queue=queue.name, passive=True).message_count
    except connection.channel_errors:
        # Redis forgets an empty queue.
        return 0
    return waiting


class Nudger(Thread):
    """Sends nudges in its own thread, so that its owner never waits for broker, network or DNS."""

    def __init__(self, *, publisher: Publisher) -> None:
        super().__init__(name="nudger", daemon=True)
        self._publisher = publisher
        self._wanted: dict[str, Listener] = {}
        self._changed = Condition()

    def want(self, listeners: list[Listener]) -> None:
        """Nudge these soon. Returns at once; asking again before that changes nothing."""
        with self._changed:
            self._wanted.update((listener.name, listener) for listener in listeners)
            self._changed.notify()

    def run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
                wanted, self._wanted = self._wanted, {}
            for listener in wanted.values():
                if not self._publisher.nudge(listener):
                    # The relay asks again within a second for whatever is still due.
                    break
