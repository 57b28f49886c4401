"""One practice's thousands do not block another's few."""

from datetime import timedelta
from itertools import groupby

from integrations.bulk import claiming, working
from mybcat.listeners import DeliveryFailed
from tests.callers import Caller
from tests.factories import Clinic
from tests.integrations.bulk.conftest import NOON
from tests.integrations.bulk.jobs import submitted, texts
from tests.integrations.bulk.providers import Instant


def turns(instant: type[Instant]) -> list[tuple[object, int]]:
    """Who was served, and how many texts long."""
    return [(practice, len(list(group))) for practice, group in groupby(row[0] for row in instant.sent)]


def work() -> None:
    while working.work_off(clock=lambda: NOON):
        pass


def test_a_few_come_after_one_batch_of_the_many(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, instant: type[Instant]
) -> None:
    submitted(agent, texts(5000))
    submitted(Caller(other_clinic.agent, other_clinic.practice), texts(100))
    work()
    assert turns(instant) == [(clinic.practice.id, 1000), (other_clinic.practice.id, 100), (clinic.practice.id, 4000)]


def test_practices_take_turns_however_many_jobs_each_has(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, instant: type[Instant]
) -> None:
    for number in range(4):
        submitted(agent, texts(1000, first=number * 1000))
    submitted(Caller(other_clinic.agent, other_clinic.practice), texts(3000))
    work()
    ours, theirs = clinic.practice.id, other_clinic.practice.id
    assert turns(instant)[:6] == [(ours, 1000), (theirs, 1000)] * 3


def test_jobs_of_one_practice_take_turns(agent: Caller, instant: type[Instant]) -> None:
    submitted(agent, texts(3000))
    submitted(agent, texts(10, first=9000))
    work()
    assert instant.numbers()[1000:1010] == [message["to"] for message in texts(10, first=9000)]


def test_a_slow_provider_s_batch_gives_way(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, instant: type[Instant]
) -> None:
    submitted(agent, texts(1000))
    submitted(Caller(other_clinic.agent, other_clinic.practice), texts(10))
    clock = NOON

    def passing(to: str) -> None:
        nonlocal clock
        clock += timedelta(seconds=0.01)

    instant.before.append(passing)
    while working.work_off(clock=lambda: clock):
        pass
    # A turn ends with the chunk in which its 5 s are over.
    assert turns(instant) == [(clinic.practice.id, 500), (other_clinic.practice.id, 10), (clinic.practice.id, 500)]


def test_a_practice_whose_provider_is_down_does_not_stop_another(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, instant: type[Instant]
) -> None:
    submitted(agent, texts(2000))
    submitted(Caller(other_clinic.agent, other_clinic.practice), texts(1500, first=5000))
    instant.before.append(lambda to: DeliveryFailed("http_503") if to < "+12120005000" else None)
    work()
    assert turns(instant) == [(other_clinic.practice.id, 1500)]
    assert claiming.claim() is None
