"""Celery beat, except that a chore still waiting in its queue is not sent once more.

A worker that was away for a day finds each chore once, and the queue is never longer than their list.
"""

import json
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry

# Of the newest messages. Hints of others wait in the same queues, a few of each (nudges.WAITING_LIMIT).
LOOKED_AT = 100


class Scheduler(PersistentScheduler):
    """Named in celeryconfig.py."""

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        if not self._waits(entry, producer):
            super().apply_entry(entry, producer=producer)

    def _waits(self, entry: ScheduleEntry, producer: Any) -> bool:
        try:
            # A copy: the router changes what it is given.
            queue = self.app.amqp.router.route({**entry.options}, entry.task)["queue"].name
            messages = producer.channel.client.lrange(queue, 0, LOOKED_AT - 1)
        except Exception:  # noqa: BLE001  # kombu's transports raise what they like; sending logs what is wrong
            return False
        return any(json.loads(message)["headers"].get("task") == entry.task for message in messages)
