"""While bookings come, what yields leaves a core to them, in PostgreSQL too; and has all of them again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mybcat.embedded.processes import BACKGROUND
from mybcat.free_core import BOOKED, bookings_come
from tests.api.conftest import agent
from tests.callers import Caller
from tests.factories import Clinic
from tests.gateway.redis_of_its_own import redis_of_its_own
from tests.mybcat.processes import Valkey, wait_for
from tests.mybcat.test_yielding import connected

__all__ = ["agent"]

ALL = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
LEFT = ALL - {min(ALL, default=0)}
several = pytest.mark.skipif(len(ALL) < 2, reason="there is one core, or nobody chooses")


@pytest.fixture
def redis_server() -> Iterator[Valkey]:
    with redis_of_its_own() as server:
        yield server


def book(server: Valkey) -> None:
    """As the gateway has it."""
    server.client.set(BOOKED, 1)


def cores_of(process_id: int) -> list[set[int]]:
    """Of each of its threads, without repeating itself."""
    threads = Path(f"/proc/{process_id}/task").iterdir()
    found = [os.sched_getaffinity(int(thread.name)) for thread in threads]
    return [cores for place, cores in enumerate(found) if cores not in found[:place]]


@several
def test_the_first_core_is_left_and_taken_again(redis_server: Valkey) -> None:
    with connected(*BACKGROUND, REDIS_URL=redis_server.url) as (worker, backend):
        assert (cores_of(worker), cores_of(backend)) == ([ALL], [ALL])
        book(redis_server)
        wait_for(lambda: cores_of(worker) == cores_of(backend) == [LEFT], what="the core to be left")
        redis_server.client.delete(BOOKED)
        wait_for(lambda: cores_of(worker) == cores_of(backend) == [ALL], what="all cores")


@several
def test_without_redis_all_cores_are_used(redis_server: Valkey) -> None:
    with connected(*BACKGROUND, REDIS_URL=redis_server.url) as (worker, backend):
        book(redis_server)
        wait_for(lambda: cores_of(backend) == [LEFT], what="the core to be left")
        redis_server.process.kill()
        wait_for(lambda: cores_of(worker) == cores_of(backend) == [ALL], what="all cores")


@several
def test_whoever_was_not_started_to_yield_leaves_none(redis_server: Valkey) -> None:
    book(redis_server)
    with (
        connected(*BACKGROUND, REDIS_URL=redis_server.url) as (_, yielding),
        connected(REDIS_URL=redis_server.url) as (server, backend),
    ):
        wait_for(lambda: cores_of(yielding) == [LEFT], what="the core to be left")
        assert (cores_of(server), cores_of(backend)) == ([ALL], [ALL])


def test_bookings_come_for_a_few_seconds_after_one(agent: Caller, clinic: Clinic, redis_server: Valkey) -> None:
    agent.get("/api/v1/locations")
    assert not bookings_come()
    assert agent.book(clinic).status_code == 201
    assert bookings_come()
    assert 0 < redis_server.client.pttl(BOOKED) <= 5_000


def test_who_asks_for_changes_has_not_booked(agent: Caller, redis_server: Valkey) -> None:
    """That has the limit of bookings, and desks ask by themselves."""
    assert agent.get("/api/v2/changes?after=0").status_code == 200
    assert not bookings_come()
    assert redis_server.client.keys("mybcat:limit:*") != []
