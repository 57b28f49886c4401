"""A core that is left to bookings, while they come, by what yields (`mybcat.yielding` says who does).

`nice` decides how much of a core somebody gets, not when: whoever wakes up where somebody runs waits for the end
of that one's slice, and a booking wakes up a dozen times, in the `api` and in PostgreSQL. So its slowest hundredth
depends on whether there is a core where nothing of ours runs in the background.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

import psycopg

from mybcat.volatile import Away, volatile

# In Redis for as long as bookings come; the gateway sets it where it counts them.
BOOKED = "mybcat:booked"
# After the last one. Agents who book one after the other pause for less; a backlog soon has all cores again.
BOOKED_SECONDS = 5
_LOOK_SECONDS = 0.25

Cores = set[int]


def bookings_come() -> bool:
    """Whether somebody has just booked, moved or cancelled. No, while Redis is away."""
    try:
        return bool(volatile().call(lambda client: client.exists(BOOKED)))
    except Away:
        return False


class Keeper:
    """Keeps this process's threads, and the backends that work for them, where they may be."""

    def __init__(self) -> None:
        self.process_id = os.getpid()
        # Where an operator, or a container, lets them run: never beyond.
        self._own = os.sched_getaffinity(0)
        self._backends: WeakKeyDictionary[psycopg.Connection, Cores] = WeakKeyDictionary()
        self._lock = threading.Lock()
        threading.Thread(target=self._keep, name="free core", daemon=True).start()

    def add(self, connection: psycopg.Connection) -> None:
        """The backend at its other end is a process of this machine, and works for us alone."""
        with suppress(OSError), self._lock:
            self._backends[connection] = os.sched_getaffinity(connection.info.backend_pid)

    def _keep(self) -> None:
        while True:
            leave = bookings_come()
            for process_id, cores in self._workers():
                # One that has ended meanwhile, or that is not ours to move.
                with suppress(OSError):
                    os.sched_setaffinity(process_id, _without_first(cores) if leave else cores)
            time.sleep(_LOOK_SECONDS)

    def _workers(self) -> Iterator[tuple[int, Cores]]:
        for thread in Path("/proc/self/task").iterdir():
            yield int(thread.name), self._own
        with self._lock:
            backends = [(each, cores) for each, cores in self._backends.items() if not each.closed]
        for connection, cores in backends:
            # Closed since.
            with suppress(psycopg.Error):
                yield connection.info.backend_pid, cores


def _without_first(cores: Cores) -> Cores:
    """The same one is left by all; where there is one alone, nothing can be."""
    return cores - {min(cores)} or cores


_keeper: Keeper | None = None
_making = threading.Lock()


def keeper() -> Keeper | None:
    """This process's own, also after a fork; None where a process cannot choose its cores."""
    global _keeper  # noqa: PLW0603
    if not hasattr(os, "sched_setaffinity"):
        return None
    with _making:
        if _keeper is None or _keeper.process_id != os.getpid():
            _keeper = Keeper()
        return _keeper
