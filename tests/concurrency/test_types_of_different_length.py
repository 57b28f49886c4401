"""Types of different length and with buffers race for neighbouring slots: nothing ever overlaps."""

import random
from functools import partial
from typing import Any

import psycopg
import pytest

from appointments.models import Appointment
from mybcat.tenancy import practice_scope
from tests.callers import Caller
from tests.concurrency.counting import Left, left_behind, mistaken_slots, overlaps
from tests.concurrency.racing import RACERS, Racers, statuses
from tests.concurrency.without_guards import without_constraints, without_locks
from tests.factories import Clinic, make_slots, make_type, tomorrow_at

ROUNDS = 40
SLOTS = 16
# Minutes before, with and after the patient, each a multiple of a slot.
TYPES = {"short": (0, 15, 0), "long": (0, 45, 0), "cleaned_after": (0, 30, 15), "prepared": (15, 15, 15)}


@pytest.fixture(autouse=True)
def types(clinic: Clinic) -> None:
    for code, (before, duration, after) in TYPES.items():
        make_type(
            practice=clinic.practice,
            code=code,
            duration_minutes=duration,
            buffer_before_minutes=before,
            buffer_after_minutes=after,
        )


def race_across_days(clinic: Clinic, agents: list[Caller], racers: Racers, *, days: int, seed: int) -> list[list[Any]]:
    """A race a day: each caller wants some type at some slot of a morning."""
    wishes = random.Random(seed)
    answers = []
    for day in range(days):
        start = tomorrow_at("08:00", time_zone=clinic.practice.time_zone, days=2 + day)
        clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=SLOTS)
        wanted = [(wishes.choice(list(TYPES)), wishes.randrange(4, 10)) for _ in agents]
        answers.append(
            racers.run(
                [
                    partial(agent.book, clinic, slot=slot, type=code)
                    for agent, (code, slot) in zip(agents, wanted, strict=True)
                ]
            )
        )
    return answers


def test_a_long_and_seven_short_ones_share_out_three_slots(
    clinic: Clinic, agents: list[Caller], racers: Racers
) -> None:
    wishes = [("long", 0), ("long", 0)] + [("short", slot) for slot in (0, 1, 2)] * 2
    answers = racers.run(
        [partial(agent.book, clinic, slot=slot, type=code) for agent, (code, slot) in zip(agents, wishes, strict=True)]
    )
    won = [code for (code, _), answer in zip(wishes, answers, strict=True) if answer.status_code == 201]
    assert set(statuses(answers)) == {201, 409}
    assert won in (["long"], ["short", "short", "short"])
    left = left_behind(clinic.practice.id)
    assert left == Left(appointments=len(won), busy_slots=3, events=len(won), audit_rows=len(won), keys=RACERS)
    assert overlaps(clinic.practice.id) == 0
    assert mistaken_slots(clinic.practice.id) == 0


def test_neighbouring_wishes_of_all_lengths_never_overlap(clinic: Clinic, agents: list[Caller], racers: Racers) -> None:
    answers = race_across_days(clinic, agents, racers, days=ROUNDS, seed=20_260_424)
    # Of each eight at least one has its wish, and nobody sees anything but yes or no.
    assert all({201} <= set(statuses(each)) <= {201, 409} for each in answers)
    won = statuses([answer for each in answers for answer in each]).count(201)
    left = left_behind(clinic.practice.id)
    assert (left.appointments, left.events, left.audit_rows) == (won, won, won)
    assert overlaps(clinic.practice.id) == 0
    assert mistaken_slots(clinic.practice.id) == 0
    with practice_scope(clinic.practice.id):
        booked = Appointment.objects.values_list("appointment_type__code", flat=True)
        assert set(booked) == set(TYPES)


def test_without_the_lock_the_constraint_alone_lets_nothing_overlap(
    clinic: Clinic, agents: list[Caller], racers: Racers, owner: psycopg.Connection
) -> None:
    with without_locks(owner):
        answers = race_across_days(clinic, agents, racers, days=10, seed=7)
    assert all({201} <= set(statuses(each)) <= {201, 409} for each in answers)
    assert overlaps(clinic.practice.id) == 0
    assert mistaken_slots(clinic.practice.id) == 0


def test_without_lock_and_constraint_the_same_race_lets_appointments_overlap(
    clinic: Clinic, agents: list[Caller], racers: Racers, owner: psycopg.Connection
) -> None:
    with without_constraints(owner, "appointments_slot", "appointments_appointment"), without_locks(owner):
        race_across_days(clinic, agents, racers, days=10, seed=7)
        assert overlaps(clinic.practice.id) > 0
