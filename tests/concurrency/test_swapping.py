"""Swaps race with swaps, moves, bookings and undos: no deadlock, nobody has two times, no time has two patients."""

from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.db.models import QuerySet

from appointments.models import Appointment
from mybcat.models import Event
from mybcat.tenancy import practice_scope
from tests.callers import Caller, public
from tests.concurrency.racing import RACERS, Racers, statuses
from tests.concurrency.test_moving import booked, move, sound
from tests.factories import Clinic

__all__ = ["booked"]
# Eight at a time.
ROUNDS = 25

pytestmark = pytest.mark.usefixtures("unhurried")


def swap(agent: Caller, first: str, second: str) -> Any:
    return agent.post(f"/api/v2/appointments/{first}/swap", {"withAppointmentId": second})


def places(clinic: Clinic, booked: list[str]) -> list[int]:
    """Which of the clinic's slots each begins with."""
    numbers = {slot.id: number for number, slot in enumerate(clinic.slots)}
    with practice_scope(clinic.practice.id):
        found = {public("appt", row.id): numbers[row.slot_id] for row in Appointment.objects.all()}
    return [found[each] for each in booked]


def test_two_swapped_there_and_back_two_hundred_times_at_once(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    """A with B by some, B with A by others: an even number of swaps, and all is as before."""
    first, second = booked[:2]
    for _ in range(ROUNDS):
        acts = [
            partial(swap, agent, *((first, second) if place % 2 else (second, first)))
            for place, agent in enumerate(agents)
        ]
        assert statuses(racers.run(acts)) == [200] * RACERS
    assert sound(clinic)
    assert places(clinic, booked) == list(range(0, 32, 2))
    with practice_scope(clinic.practice.id):
        assert Event.objects.filter(type="appointment.moved").count() == 2 * RACERS * ROUNDS


def test_a_ring_of_swaps_never_deadlocks(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    ring = booked[:RACERS]
    for _ in range(ROUNDS // 2):
        acts = [partial(swap, agent, ring[place], ring[(place + 1) % RACERS]) for place, agent in enumerate(agents)]
        assert statuses(racers.run(acts)) == [200] * RACERS
        assert sound(clinic)
    assert sorted(places(clinic, booked)) == list(range(0, 32, 2))


def test_among_moves_bookings_and_undos_all_stays_sound(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str], quarter: str
) -> None:
    for round_ in range(ROUNDS // 2):
        answers = racers.run(
            [
                partial(swap, agents[0], booked[0], booked[1]),
                partial(swap, agents[1], booked[1], booked[0]),
                partial(swap, agents[2], booked[1], booked[2]),
                partial(move, agents[3], clinic, booked[0], 33 + round_ % 4),
                partial(move, agents[4], clinic, booked[1], 33 + round_ % 4),
                partial(agents[5].book, clinic, slot=1, type=quarter),
                partial(agents[6].post, f"/api/v2/appointments/{booked[0]}/undo", None),
                partial(agents[7].post, f"/api/v2/appointments/{booked[2]}/undo", None),
            ]
        )
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
        assert sound(clinic)


def test_without_locks_swaps_are_lost(clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]) -> None:
    """The control: what the locks are there for shows as soon as they are gone."""
    first, second = booked[:2]
    with patch.object(QuerySet, "select_for_update", lambda rows, **_: rows.all()):
        for _ in range(2 * ROUNDS):
            before = places(clinic, booked)
            answers = racers.run([partial(swap, agent, first, second) for agent in agents])
            even = statuses(answers).count(200) % 2 == 0
            if even != (places(clinic, booked) == before) or not sound(clinic):
                return
    pytest.fail("nobody raced")
