"""Who was started to yield does so among the machine's sessions, and PostgreSQL's backend with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from mybcat.embedded.home import CHECKOUT
from mybcat.embedded.processes import BACKGROUND
from mybcat.yielding import _serves

# Connects, names its backend, and stays.
_PROGRAM = """
import django, time
django.setup()
from django.db import connection
connection.ensure_connection()
print(connection.connection.info.backend_pid, flush=True)
time.sleep(600)
"""
AUTOGROUP = Path("/proc/self/autogroup")
grouped = pytest.mark.skipif(not AUTOGROUP.exists(), reason="this system does not group processes by session")


@contextmanager
def connected(*before: str, session: bool = True, **environment: str) -> Iterator[tuple[int, int]]:
    """A process of the product and its backend."""
    words, among = [*before, sys.executable, "-c", _PROGRAM], {**os.environ, **environment}
    with subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, start_new_session=session, env=among) as process:
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGKILL)


def priority_of(process_id: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, process_id)


def niceness_of_session(process_id: int) -> int:
    """None of its own where the file says nothing: who never began a session is in the machine's own group."""
    return int((Path(f"/proc/{process_id}/autogroup").read_text().split() or ["0"])[-1])


def test_the_backend_yields_with_its_client() -> None:
    with connected(*BACKGROUND) as (_, backend):
        assert priority_of(backend) == priority_of(0) + 10


@grouped
def test_both_sessions_yield() -> None:
    with connected(*BACKGROUND) as (client, backend):
        assert (niceness_of_session(client), niceness_of_session(backend)) == (10, 10)


@grouped
def test_a_session_that_others_share_does_not_yield_on_their_account() -> None:
    with connected(*BACKGROUND, session=False) as (client, backend):
        assert niceness_of_session(client) == niceness_of_session(os.getpid())
        assert niceness_of_session(backend) == 10


@grouped
def test_whoever_was_not_started_to_yield_does_not() -> None:
    with connected() as (client, backend):
        assert (priority_of(client), priority_of(backend)) == (priority_of(0), priority_of(0))
        assert (niceness_of_session(client), niceness_of_session(backend)) == (0, 0)


def test_no_other_process_is_made_to_yield() -> None:
    """A number may be another machine's process, or another client's backend."""
    url = settings.ENVIRONMENT.database_url
    with psycopg.connect(url) as ours, psycopg.connect(url) as other:
        backend = ours.info.backend_pid
        assert _serves(backend, ours.fileno())
        assert not _serves(backend, other.fileno())
        assert not _serves(os.getpid(), ours.fileno())
