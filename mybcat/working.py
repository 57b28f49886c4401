"""Working off what is due for one listener: one delivery after the other, or several at once in threads."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Condition, Thread

import structlog
from django.db import InterfaceError, OperationalError, connection

from mybcat.claims import LEASE, claim
from mybcat.correlation import correlated
from mybcat.listeners import DeliveryError, Listener
from mybcat.models import Delivery
from mybcat.settling import Attempted, recover_lost, settle

logger = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

# A task claims nothing after 10 s, which leaves the last attempt 35 s until the soft limit.
WORK_BUDGET = timedelta(seconds=10)
# Longest pause between two looks for what has become due.
_LOOK = timedelta(seconds=0.5)
# What ends within this time is marked together: a transaction costs more than a mark.
_TOGETHER = timedelta(milliseconds=15)


def work_off(*, listener: Listener, clock: Clock) -> bool:
    """Claim and attempt what is due for at most WORK_BUDGET; True when there may be more."""
    end = clock() + WORK_BUDGET
    recover_lost(listener=listener)
    # What was there when workers vanished is tried alone: it must not use up the attempts of others again. Nor their
    # time: where it takes all of a task's, the next task is theirs.
    if listener.name in _others_turn:
        _others_turn.discard(listener.name)
    elif _one_by_one(listener, clock, end, suspects=True):
        _others_turn.add(listener.name)
        return True
    if listener.concurrency == 1:
        return _one_by_one(listener, clock, end)
    return crew_of(listener).work_off(clock=clock, end=end)


# Listeners whose last task, in this process, had time for suspects alone.
_others_turn: set[str] = set()


def attempt(*, delivery: Delivery, listener: Listener, clock: Clock) -> Attempted:
    """Do the listener's work outside any transaction. Raises nothing."""
    error: Exception | None = None
    response = None
    started_at, begun = clock(), time.monotonic()
    with correlated(delivery.event.correlation_id):
        try:
            response = listener.handler(delivery=delivery, now=started_at)
        except DeliveryError as known:
            error, response = known, known.response
        except Exception as unknown:  # one listener's mistake must not stop its other deliveries
            error = unknown
            logger.error("A listener raised", deliveryId=str(delivery.id), listener=listener.name, exc_info=unknown)
    return Attempted(delivery, error, response, started_at, timedelta(seconds=time.monotonic() - begun))


def _one_by_one(listener: Listener, clock: Clock, end: datetime, *, suspects: bool = False) -> bool:
    while True:
        claimed = claim(listener=listener, limit=1, suspects=suspects)
        for delivery in claimed.deliveries:
            settle(listener=listener, attempted=[attempt(delivery=delivery, listener=listener, clock=clock)])
        if not claimed.deliveries:
            if claimed.wait is None or claimed.wait > _LOOK:
                return False
            time.sleep(claimed.wait.total_seconds())
        if clock() >= end:
            return True


class Crew:
    """Threads of this process that make a listener's attempts, and one more that marks how they ended.

    They outlive the task that claimed for them: attempts that hang hold up neither the task nor the
    attempts that the next one starts.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._pool = ThreadPoolExecutor(listener.concurrency, thread_name_prefix=listener.name)
        self._free = listener.concurrency
        self._attempted: list[Attempted] = []
        self._changed = Condition()
        self._closed = False
        self._settler = Thread(target=self._settle, name=f"{listener.name} settler", daemon=True)
        self._settler.start()

    def work_off(self, *, clock: Clock, end: datetime) -> bool:
        """Start attempts until `end`, as threads come free; True when there may be more to start."""
        while clock() < end:
            if not self._wait_for(lambda: self._free):
                continue
            # Read before the claim: what ends during it may let go what the claim did not see.
            free = self._free
            claimed = claim(listener=self._listener, limit=free)
            if claimed.deliveries:
                self._start(claimed.deliveries, clock)
            elif claimed.wait is not None and claimed.wait <= _LOOK:
                time.sleep(claimed.wait.total_seconds())
            elif free == self._listener.concurrency:
                return False
            else:
                self._wait_for(partial(self._freer_than, free))
        return True

    def close(self) -> None:
        """Wait for what runs, and mark it."""
        self._pool.shutdown()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._settler.join()

    def _freer_than(self, before: int) -> bool:
        return self._free > before

    def _wait_for(self, condition: Callable[[], object]) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(condition, _LOOK.total_seconds()))

    def _start(self, deliveries: list[Delivery], clock: Clock) -> None:
        with self._changed:
            self._free -= len(deliveries)
        for delivery in deliveries:
            self._pool.submit(self._attempt, delivery, clock)

    def _attempt(self, delivery: Delivery, clock: Clock) -> None:
        done = attempt(delivery=delivery, listener=self._listener, clock=clock)
        with self._changed:
            self._attempted.append(done)
            self._changed.notify_all()

    def _settle(self) -> None:
        """Whatever has ended since the last time, in one transaction; until closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._attempted or self._closed)
            if not self._closed:
                time.sleep(_TOGETHER.total_seconds())
            with self._changed:
                done, self._attempted = self._attempted, []
            if not done:
                connection.close()
                return
            self._mark(done)
            with self._changed:
                self._free += len(done)
                self._changed.notify_all()

    def _mark(self, done: list[Attempted]) -> None:
        """As long as the leases last; after that, others have them, and the listener gets them again.

        One that cannot be marked, whatever the reason, costs no other its mark, nor this thread its life.
        """
        latest = time.monotonic() + LEASE.total_seconds()
        while True:
            try:
                settle(listener=self._listener, attempted=done)
            except (OperationalError, InterfaceError) as error:
                connection.close()
                if time.monotonic() > latest:
                    logger.error("Attempts could not be marked", listener=self._listener.name, exc_info=error)
                    return
                time.sleep(1)
            except Exception as error:
                connection.close()
                if len(done) == 1:
                    logger.error("An attempt could not be marked", listener=self._listener.name, exc_info=error)
                    return
                for one in done:
                    self._mark([one])
                return
            else:
                return


_crews: dict[str, Crew] = {}


def crew_of(listener: Listener) -> Crew:
    """This process's threads for the listener."""
    if listener.name not in _crews:
        _crews[listener.name] = Crew(listener)
    return _crews[listener.name]
