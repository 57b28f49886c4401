"""Many callers want one slot at the same moment: contracts.md, section 10."""

from collections import Counter
from functools import partial
from typing import Any

import psycopg
import pytest

from appointments.models import Slot
from mybcat.tenancy import practice_scope
from tests.api.refusals import EXPLANATION
from tests.callers import Caller
from tests.concurrency.counting import Left, left_behind, mistaken_slots, overlaps
from tests.concurrency.racing import RACERS, Racers, statuses
from tests.concurrency.without_guards import without_constraints, without_locks
from tests.factories import Clinic, make_slots, tomorrow_at

SLOTS = 40
CONTROL_SLOTS = 10


def open_day(clinic: Clinic, slots: int) -> None:
    """The practitioner's day after tomorrow, free, in place of the clinic's slots."""
    start = tomorrow_at("08:00", time_zone=clinic.practice.time_zone, days=2)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=slots)


def race_for_each(clinic: Clinic, agents: list[Caller], racers: Racers, *, type_code: str) -> list[list[Any]]:
    """The answers to all callers, slot by slot; each sends a key of its own."""
    return [
        racers.run([partial(agent.book, clinic, slot=number, type=type_code) for agent in agents])
        for number in range(len(clinic.slots))
    ]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_loser_is_told_so_in_the_words_of_the_contract(
    version: str, clinic: Clinic, agents: list[Caller], racers: Racers
) -> None:
    answers = racers.run([partial(agent.book, clinic, version=version) for agent in agents])
    assert statuses(answers) == [201] + [409] * 7
    for loser in (answer for answer in answers if answer.status_code == 409):
        correlation_id = loser["X-Correlation-Id"]
        v1 = {"error": "Slot is no longer available", "correlationId": correlation_id}
        v2 = {
            "type": "https://mybcat.example/problems/slot-taken",
            "title": "Conflict",
            "status": 409,
            "detail": "Slot is no longer available",
            "code": "slot_taken",
            "correlationId": correlation_id,
            "errors": [],
        }
        told = {name: value for name, value in loser.json().items() if name not in EXPLANATION}
        assert told == {"v1": v1, "v2": v2}[version]


def test_of_eight_callers_one_gets_each_of_forty_slots(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str
) -> None:
    open_day(clinic, SLOTS)
    answers = race_for_each(clinic, agents, racers, type_code=quarter)
    assert [statuses(each) for each in answers] == [[201] + [409] * 7] * SLOTS
    # A loser's key keeps its refusal, and nothing else of it is left.
    assert left_behind(clinic.practice.id) == Left(
        appointments=SLOTS, busy_slots=SLOTS, events=SLOTS, audit_rows=SLOTS, keys=SLOTS * RACERS
    )
    assert overlaps(clinic.practice.id) == 0
    assert mistaken_slots(clinic.practice.id) == 0


def test_without_the_lock_the_constraint_alone_keeps_one_booking_to_a_slot(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, owner: psycopg.Connection
) -> None:
    open_day(clinic, CONTROL_SLOTS)
    with without_locks(owner):
        answers = race_for_each(clinic, agents, racers, type_code=quarter)
    assert [statuses(each) for each in answers] == [[201] + [409] * 7] * CONTROL_SLOTS
    words = Counter(answer.json()["error"] for each in answers for answer in each if answer.status_code == 409)
    assert words == {"Slot is no longer available": CONTROL_SLOTS * 7}
    assert overlaps(clinic.practice.id) == 0
    assert mistaken_slots(clinic.practice.id) == 0


def test_without_the_constraint_the_lock_alone_keeps_one_booking_to_a_slot(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, owner: psycopg.Connection
) -> None:
    with without_constraints(owner, "appointments_slot", "appointments_appointment"):
        open_day(clinic, CONTROL_SLOTS)
        answers = race_for_each(clinic, agents, racers, type_code=quarter)
        assert [statuses(each) for each in answers] == [[201] + [409] * 7] * CONTROL_SLOTS
        assert overlaps(clinic.practice.id) == 0


def test_without_lock_and_constraint_the_same_race_books_slots_twice(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, owner: psycopg.Connection
) -> None:
    with without_constraints(owner, "appointments_slot", "appointments_appointment"), without_locks(owner):
        open_day(clinic, CONTROL_SLOTS)
        answers = race_for_each(clinic, agents, racers, type_code=quarter)
        winners = statuses([answer for each in answers for answer in each]).count(201)
        assert winners > CONTROL_SLOTS
        assert left_behind(clinic.practice.id).appointments == winners
        assert overlaps(clinic.practice.id) >= winners - CONTROL_SLOTS
    with practice_scope(clinic.practice.id):
        assert Slot.objects.filter(status="busy").count() == 0  # the real table saw none of it
