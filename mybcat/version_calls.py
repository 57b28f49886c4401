"""Who still calls a version that ends: counted in memory, written down every few seconds.

A request pays for a dictionary's entry and nothing else; a process that is killed loses the last FLUSH_SECONDS.
"""

from dataclasses import dataclass
from datetime import date, datetime
from threading import Event, Lock, Thread
from uuid import UUID

import structlog
from django.db import Error, connection

from mybcat.ids import new_uuid
from mybcat.principal import Principal
from mybcat.tenancy import platform_scope

logger = structlog.get_logger(__name__)

FLUSH_SECONDS = 15.0

# In the order of the unique index, as every process writes them, so that two cannot deadlock.
_ADD = """
    INSERT INTO mybcat_versioncall AS known
        (id, version, day, practice_id, principal_kind, principal_id, calls, last_at)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::date[], %s::uuid[], %s::text[], %s::uuid[], %s::int[],
                         %s::timestamptz[])
    ON CONFLICT (practice_id, version, principal_kind, principal_id, day)
    DO UPDATE SET calls = known.calls + excluded.calls, last_at = greatest(known.last_at, excluded.last_at)
"""


@dataclass(frozen=True, slots=True, order=True)
class _Caller:
    practice_id: UUID
    version: str
    principal_kind: str
    principal_id: UUID
    day: date


class Counter:
    """The calls of this process that are not written yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stopped = Event()
        self._calls: dict[_Caller, tuple[int, datetime]] = {}

    def count(self, caller: Principal, *, now: datetime) -> None:
        """One more v1 call of `caller`, on the day of `now` (UTC)."""
        self._add({_Caller(caller.practice_id, "v1", caller.kind, caller.id, now.date()): (1, now)})

    def flush(self) -> None:
        """Write what was counted. While PostgreSQL is away it stays counted."""
        with self._lock:
            taken, self._calls = self._calls, {}
        if not taken:
            return
        try:
            with platform_scope(reason="version calls"), connection.cursor() as cursor:
                cursor.execute(_ADD, _columns(taken))
        except Error as error:
            self._add(taken)
            logger.warning("Version calls are not written yet", exc_info=error)

    def start(self) -> None:
        """Flush every FLUSH_SECONDS, in a thread of its own, until `stop`."""

        def run() -> None:
            while not self._stopped.wait(FLUSH_SECONDS):
                self.flush()

        Thread(target=run, name="version-calls", daemon=True).start()

    def stop(self) -> None:
        """Flush what is left, and no more after that."""
        self._stopped.set()
        self.flush()

    def _add(self, calls: dict[_Caller, tuple[int, datetime]]) -> None:
        with self._lock:
            for caller, (number, at) in calls.items():
                known, last = self._calls.get(caller, (0, at))
                self._calls[caller] = known + number, max(last, at)


def _columns(calls: dict[_Caller, tuple[int, datetime]]) -> list[list[object]]:
    rows = [
        (new_uuid(), key.version, key.day, key.practice_id, key.principal_kind, key.principal_id, *calls[key])
        for key in sorted(calls)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


counter = Counter()
