"""One idempotency key, sent by several at the same moment: one effect, one answer."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
import pytest

from mybcat.models import IdempotencyKey
from mybcat.tenancy import practice_scope
from patients.models import Patient
from tests.callers import Caller
from tests.concurrency.counting import Left, left_behind
from tests.concurrency.racing import RACERS, Racers, statuses
from tests.concurrency.without_guards import without_constraints
from tests.factories import Clinic, make_member, make_slots, tomorrow_at

ROUNDS = 20
# Of a control: a busy machine may let eight pass one after the other.
TRIES = 10
ONE_EACH = Left(appointments=ROUNDS, busy_slots=ROUNDS, events=ROUNDS, audit_rows=ROUNDS, keys=ROUNDS)


def open_day(clinic: Clinic, *, slots: int, day: int = 0) -> None:
    start = tomorrow_at("08:00", time_zone=clinic.practice.time_zone, days=2 + day)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=slots)


def told(answer: Any) -> tuple[int, str, bytes]:
    return answer.status_code, answer["Content-Type"], answer.content


def all_send(
    key: str, clinic: Clinic, agents: list[Caller], racers: Racers, *, type_code: str, slots: list[int]
) -> list[Any]:
    """The answers to all, each of whom wants its own of `slots` under the same key."""
    return racers.run(
        [
            partial(agent.book, clinic, slot=slot, type=type_code, key=key)
            for agent, slot in zip(agents, slots, strict=True)
        ]
    )


def test_the_same_request_eight_times_at_once_has_one_effect_and_one_answer(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str
) -> None:
    open_day(clinic, slots=ROUNDS)
    for slot in range(ROUNDS):
        answers = all_send(f"key-{slot}", clinic, agents, racers, type_code=quarter, slots=[slot] * RACERS)
        assert statuses(answers) == [201] * RACERS
        assert len({answer.content for answer in answers}) == 1
        assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": 7}
    assert left_behind(clinic.practice.id) == ONE_EACH


def test_one_key_with_eight_bodies_at_once_has_one_effect_and_refuses_the_others(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str
) -> None:
    for slot in range(ROUNDS):
        # Eight free slots for each round, so that nothing but the key stands between eight callers and eight bookings.
        open_day(clinic, day=slot, slots=RACERS)
        answers = all_send(f"key-{slot}", clinic, agents, racers, type_code=quarter, slots=list(range(RACERS)))
        assert statuses(answers) == [201] + [422] * 7
        errors = {answer.json()["error"] for answer in answers if answer.status_code == 422}
        assert errors == {"This idempotency key was used with another request"}
    assert left_behind(clinic.practice.id) == ONE_EACH


def test_the_same_key_of_two_agents_names_two_requests(clinic: Clinic, agents: list[Caller], quarter: str) -> None:
    open_day(clinic, slots=2)
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    answers = [
        agent.book(clinic, slot=slot, type=quarter, key="the same") for slot, agent in enumerate((agents[0], colleague))
    ]
    assert statuses(answers) == [201, 201]


def test_a_key_that_lost_its_slot_keeps_saying_so(clinic: Clinic, agents: list[Caller], racers: Racers) -> None:
    requests = [partial(agent.book, clinic, key=f"key-{number}") for number, agent in enumerate(agents)]
    answers = racers.run(requests)
    before = left_behind(clinic.practice.id)
    again = racers.run(requests)
    assert statuses(answers) == [201] + [409] * 7
    assert [told(answer) for answer in again] == [told(answer) for answer in answers]
    assert [answer.headers.get("Idempotent-Replayed") for answer in again] == ["true"] * RACERS
    assert left_behind(clinic.practice.id) == before


def test_without_the_unique_key_the_same_race_has_eight_effects(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, owner: psycopg.Connection
) -> None:
    with without_constraints(owner, "mybcat_idempotencykey"):
        effects = 0
        for day in range(TRIES):
            open_day(clinic, day=day, slots=RACERS)
            answers = all_send(f"key-{day}", clinic, agents, racers, type_code=quarter, slots=list(range(RACERS)))
            effects += statuses(answers).count(201)
            assert left_behind(clinic.practice.id).appointments == effects
            if statuses(answers).count(201) > 1:
                return
    pytest.fail("nobody raced")


def test_without_the_unique_key_the_same_request_is_refused_to_its_own_sender(
    clinic: Clinic, agents: list[Caller], racers: Racers, quarter: str, owner: psycopg.Connection
) -> None:
    with without_constraints(owner, "mybcat_idempotencykey"):
        for day in range(TRIES):
            open_day(clinic, day=day, slots=1)
            answers = all_send(f"key-{day}", clinic, agents, racers, type_code=quarter, slots=[0] * RACERS)
            if 409 in statuses(answers):
                return
    pytest.fail("nobody raced")


def test_an_expired_key_eight_times_at_once_has_one_more_effect(
    clinic: Clinic, agents: list[Caller], racers: Racers
) -> None:
    body = {"firstName": "Ines", "lastName": "Moreau", "dateOfBirth": "1990-05-17"}
    for number in range(5):
        key = f"old-{number}"
        assert agents[0].post("/api/v1/patients", body, key=key).status_code == 201
        with practice_scope(clinic.practice.id):
            IdempotencyKey.objects.filter(key=key).update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))
            before = Patient.objects.count()
        answers = racers.run([partial(agent.post, "/api/v1/patients", body, key=key) for agent in agents])
        assert statuses(answers) == [201] * RACERS
        assert len({answer.json()["id"] for answer in answers}) == 1
        with practice_scope(clinic.practice.id):
            assert Patient.objects.count() == before + 1
