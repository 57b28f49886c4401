"""Processor time, which a busy machine does not stretch as it stretches the clock."""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

_PROCESSES = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat behind the name: see proc(5). Own time, then that of children that have ended.
_PARENT = 1
_TIMES = slice(11, 15)


@dataclass
class Spent:
    """Seconds of processor time, known once the block that measures them has ended."""

    api: float = 0.0
    postgres: float = 0.0


@contextmanager
def spending(*, api: int) -> Iterator[Spent]:
    """What the process `api` and PostgreSQL, each with all below it, spend meanwhile.

    PostgreSQL must run on this machine; Linux only.
    """
    spent, server = Spent(), _postgres()
    before = _seconds(api), _seconds(server)
    yield spent
    spent.api, spent.postgres = _seconds(api) - before[0], _seconds(server) - before[1]


def seconds_of(process: int) -> float:
    """What one process of one thread has spent, to the microsecond: for batches shorter than a tick."""
    # Nanoseconds on a processor, waiting for one, turns: see proc_pid_schedstat(5).
    return int((_PROCESSES / str(process) / "schedstat").read_text().split()[0]) / 1e9


def _postgres() -> int:
    """The server above our own backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    return int(_fields(_PROCESSES / str(backend))[_PARENT])


def _seconds(root: int) -> float:
    times: dict[int, int] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for process in _PROCESSES.glob("[0-9]*"):
        try:
            fields = _fields(process)
        except (FileNotFoundError, ProcessLookupError):
            continue
        times[int(process.name)] = sum(map(int, fields[_TIMES]))
        children[int(fields[_PARENT])].append(int(process.name))
    total, waiting = 0, [root]
    while waiting:
        process_id = waiting.pop()
        total += times.get(process_id, 0)
        waiting += children[process_id]
    return total / _TICKS


def _fields(process: Path) -> list[str]:
    # The name, in brackets, may hold spaces and brackets of its own.
    return (process / "stat").read_text().rpartition(")")[2].split()
