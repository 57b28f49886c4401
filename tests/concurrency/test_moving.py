"""Moves race with bookings, cancellations and other moves: nobody has two times, no time has two patients."""

from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.db.models import QuerySet

from appointments import moving
from appointments.models import Appointment
from appointments.releasing import free
from mybcat.models import Event
from mybcat.tenancy import practice_scope
from tests.callers import Caller, public
from tests.concurrency.counting import mistaken_slots, overlaps
from tests.concurrency.racing import RACERS, Racers, statuses
from tests.factories import Clinic, make_slots, tomorrow_at

ROUNDS = 12


@pytest.fixture
def booked(clinic: Clinic, agents: list[Caller], quarter: str) -> list[str]:
    """Appointments in every second slot of the day after tomorrow."""
    start = tomorrow_at("08:00", time_zone=clinic.practice.time_zone, days=2)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=48)
    return [agents[0].book(clinic, slot=slot, type=quarter).json()["appointmentId"] for slot in range(0, 32, 2)]


def move(agent: Caller, clinic: Clinic, appointment: str, slot: int) -> Any:
    wanted = {"slotId": public("slot", clinic.slots[slot].id)}
    return agent.post(f"/api/v2/appointments/{appointment}/move", wanted)


def sound(clinic: Clinic) -> bool:
    return overlaps(clinic.practice.id) == 0 and mistaken_slots(clinic.practice.id) == 0


def moves(clinic: Clinic) -> int:
    with practice_scope(clinic.practice.id):
        return Event.objects.filter(type="appointment.moved").count()


def test_of_eight_appointments_moved_to_one_time_one_gets_it(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    for round_ in range(ROUNDS):
        wanted = 33 + round_
        answers = racers.run(
            [partial(move, agent, clinic, booked[place], wanted) for place, agent in enumerate(agents)]
        )
        assert statuses(answers) == [200] + [409] * 7
        assert sound(clinic)
    assert moves(clinic) == ROUNDS


def test_of_eight_who_move_one_appointment_apart_the_last_decides(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    answers = racers.run([partial(move, agent, clinic, booked[0], 33 + place) for place, agent in enumerate(agents)])
    assert statuses(answers) == [200] * RACERS
    assert sound(clinic)
    with practice_scope(clinic.practice.id):
        moved = Appointment.objects.get(slot__in=clinic.slots[33 : 33 + RACERS])
    assert public("appt", moved.id) == booked[0]
    assert moves(clinic) == RACERS


def test_a_time_wanted_by_moves_and_bookings_goes_to_one(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str], quarter: str
) -> None:
    for round_ in range(ROUNDS):
        wanted = 33 + round_
        movers = [partial(move, agent, clinic, booked[place], wanted) for place, agent in enumerate(agents[:4])]
        takers = [partial(agent.book, clinic, slot=wanted, type=quarter) for agent in agents[4:]]
        answers = racers.run([*movers, *takers])
        assert statuses(answers)[1:] == [409] * 7
        assert statuses(answers)[0] in (200, 201)
        assert sound(clinic)


def test_neighbours_that_shift_into_one_another_never_deadlock(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    """All eight move one slot on, and back: each wants slots that others are leaving."""
    for round_ in range(ROUNDS):
        step = 1 - round_ % 2
        answers = racers.run(
            [partial(move, agent, clinic, booked[place], 2 * place + step) for place, agent in enumerate(agents)]
        )
        assert statuses(answers) == [200] * RACERS
        assert sound(clinic)


def test_moved_and_cancelled_at_once_it_is_cancelled_where_it_was_or_where_it_is(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    for place, appointment in enumerate(booked[:ROUNDS]):
        cancel = partial(agents[0].post, f"/api/v2/appointments/{appointment}/cancel", {"reason": "patient_request"})
        movers = [partial(move, agent, clinic, appointment, 33 + place) for agent in agents[1:]]
        cancelled, *answers = racers.run([cancel, *movers])
        assert cancelled.status_code == 200, cancelled.content
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert sound(clinic)
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.filter(status="cancelled").count() == ROUNDS


def test_without_locks_the_constraint_is_still_the_truth_but_slots_tell_lies(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    """The control: what the locks are there for shows as soon as they are gone."""
    lies = 0
    at_once = patch.object(moving, "leave_slots", lambda slots, *, wanted, **_: free(slots, wanted=wanted))
    # What is kept for an undo has a constraint of its own, which would tell the truth as well.
    with patch.object(QuerySet, "select_for_update", lambda rows, **_: rows.all()), at_once:
        for round_ in range(ROUNDS):
            racers.run(
                [
                    partial(move, agent, clinic, booked[0], 33 + (place + round_) % 8)
                    for place, agent in enumerate(agents)
                ]
            )
            lies += mistaken_slots(clinic.practice.id)
    assert overlaps(clinic.practice.id) == 0
    assert lies > 0
