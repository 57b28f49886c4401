"""A worker of the web server is killed while it books: nothing half-written, and the same request again succeeds."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from tests.embedded.programs import gone, until
from tests.faults.agents import Agent, Office, each
from tests.faults.product import WORKERS, Api, Product, serving

pytestmark = pytest.mark.processes

LOCK_PATIENT = "SELECT 1 FROM patients_patient WHERE id = %s FOR UPDATE"
# Whom we hold up, and the port of its client.
_WAITING = """
    SELECT a.pid, a.client_port FROM pg_stat_activity a
    WHERE pg_backend_pid() = ANY(pg_blocking_pids(a.pid))
"""
_SLOT_LOCKS = """
    SELECT count(*) FROM pg_locks
    WHERE pid = %s AND relation = 'appointments_slot'::regclass AND mode = 'RowShareLock' AND granted
"""
# Seconds in which a caller who repeats must have succeeded: a limit for what hangs, as in tests/faults/product.py.
RECOVERY = 60.0


def waiting_for(other: psycopg.Connection) -> tuple[int, int]:
    """The connection to PostgreSQL that this transaction holds up, and the port of its client's end."""
    found: list[tuple[int, int]] = []

    def somebody_waits() -> bool:
        other.execute("SELECT pg_stat_clear_snapshot()")
        found.extend(other.execute(_WAITING).fetchall())
        return bool(found)

    until(somebody_waits, seconds=60)
    return found[0]


def book_until_done(agent: Agent, slot: int, *, key: str) -> list[int]:
    """What a patient client is told."""
    begun, told = time.monotonic(), []
    while time.monotonic() - begun < RECOVERY:
        try:
            told.append(agent.book(slot, key=key).status)
        except httpx.TransportError:
            told.append(0)
        if told[-1] == 201:
            break
        time.sleep(0.1)
    return told


@contextmanager
def killed_while_booking(product: Product, api: Api, office: Office) -> Iterator[None]:
    """A worker dies with key and slot locked; PostgreSQL does not learn of it before the end of the block."""
    with Agent(api, office) as agent, ThreadPoolExecutor(1) as thread, product.superuser() as other:
        other.execute(LOCK_PATIENT, [office.patient_row])
        lost = thread.submit(agent.book, 0, key="one")
        backend, client_port = waiting_for(other)
        assert other.execute(_SLOT_LOCKS, [backend]).fetchone() == (1,)
        worker = api.worker_with_connection(client_port)
        worker.kill()
        until(lambda: gone([worker]))
        with pytest.raises(httpx.TransportError):
            lost.result()
        yield


def test_a_worker_killed_while_it_holds_the_slot_leaves_nothing_and_the_repetition_books(
    product: Product, office: Office
) -> None:
    with serving(product) as api:
        with killed_while_booking(product, api, office):
            assert office.left(product) == each(0)
        # The other worker is there at once.
        with Agent(api, office) as agent:
            told = book_until_done(agent, 0, key="one")
            assert told[-1] == 201
            assert set(told[:-1]) <= {409, 503}
            assert office.left(product) == each(1)
            assert agent.book(0, key="one").headers["Idempotent-Replayed"] == "true"
            others = [book_until_done(agent, slot, key=f"key-{slot}") for slot in range(1, 20)]
        assert others == [[201]] * 19
        assert office.left(product) == each(20)
        # And the dead one's successor soon.
        until(lambda: api.listening() == WORKERS)
        with Agent(api, office) as agent:
            assert agent.book(19, key="key-19").status == 201
