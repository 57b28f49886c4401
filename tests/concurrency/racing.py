"""Callers who act at the same moment, each in a thread with a database connection of its own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from threading import Barrier
from types import TracebackType
from typing import Any, Self

from django.db import connections
from django.test import Client

from tests.callers import Caller

RACERS = 8
# Seconds that the slowest may take to the line; beyond that the race has broken down.
_PATIENCE = 60.0


class Racers:
    """Threads that start together, again and again, and keep their connections in between."""

    def __init__(self, count: int = RACERS) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count)
        self._line = Barrier(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run([connections.close_all] * self.count)
        self._pool.shutdown()

    def run(self, acts: Sequence[Callable[[], Any]]) -> list[Any]:
        """Each act in a thread of its own, none before all are at the line; the results in the order of `acts`."""
        assert len(acts) == self.count
        # Nobody leaves the line before all have come, so no thread can take two acts.
        return list(self._pool.map(self._at_the_line, acts))

    def _at_the_line(self, act: Callable[[], Any]) -> Any:
        self._line.wait(_PATIENCE)
        return act()


@contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[Future[Any]]:
    """One act in another thread, while the test goes on; over at the end."""
    with ThreadPoolExecutor(1) as thread:
        try:
            yield thread.submit(act)
        finally:
            thread.submit(connections.close_all)


def each_alone(caller: Caller, count: int = RACERS) -> list[Caller]:
    """The same caller `count` times, for as many threads: a test client keeps state of its request."""
    twins = [copy(caller) for _ in range(count)]
    for twin in twins:
        twin.http = Client(raise_request_exception=False)
    return twins


def statuses(answers: Sequence[Any]) -> list[int]:
    """In ascending order, because who wins is nobody's business."""
    return sorted(answer.status_code for answer in answers)
