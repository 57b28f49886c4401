"""What the relay's process does beside relaying, each in a thread of its own so that none waits for another."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from time import sleep
from typing import Protocol

import structlog
from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string

from mybcat.metrics import chore_failures

logger = structlog.get_logger(__name__)

FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(milliseconds=200), timedelta(seconds=5)


class Work(Protocol):
    """One round of a chore, safe to run in several processes at once; how long to wait for the next."""

    def __call__(self, *, now: datetime) -> timedelta: ...


class Chore(Thread):
    """Rounds without end. A round that fails is repeated, sooner at first; the process's end ends it."""

    def __init__(self, *, name: str, work: Work, clock: Callable[[], datetime]) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._clock = clock
        self._backoff = FIRST_BACKOFF

    def run(self) -> None:
        while True:
            sleep(self.round().total_seconds())

    def round(self) -> timedelta:
        """One round, whatever happens in it; how long to wait for the next."""
        try:
            wait = self._work(now=self._clock())
        except Exception as error:
            if isinstance(error, Error):
                connection.close()
            chore_failures.labels(self.name).inc()
            if self._backoff == FIRST_BACKOFF:
                logger.error("A chore failed", chore=self.name, exc_info=error)
            wait, self._backoff = self._backoff, min(self._backoff * 2, LONGEST_BACKOFF)
            return wait
        self._backoff = FIRST_BACKOFF
        return wait


def start(*, clock: Callable[[], datetime]) -> None:
    """Start the chores that settings name."""
    for name, path in settings.RELAY_CHORES.items():
        Chore(name=name, work=import_string(path)(), clock=clock).start()
