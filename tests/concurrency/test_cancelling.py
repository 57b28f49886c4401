"""Cancelling races with itself and with booking: one of each wins, and slots tell what appointments tell."""

from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.db.models import QuerySet

from appointments.models import Appointment, Slot
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import practice_scope
from tests.callers import Caller
from tests.concurrency.counting import left_behind, mistaken_slots, overlaps
from tests.concurrency.racing import RACERS, Racers, statuses
from tests.factories import Clinic, make_slots, tomorrow_at

ROUNDS = 20


@pytest.fixture
def booked(clinic: Clinic, agents: list[Caller], quarter: str) -> list[str]:
    """Appointments that fill the day after tomorrow, one a slot."""
    start = tomorrow_at("08:00", time_zone=clinic.practice.time_zone, days=2)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=ROUNDS)
    answers = [agents[0].book(clinic, slot=slot, type=quarter) for slot in range(ROUNDS)]
    return [answer.json()["appointmentId"] for answer in answers]


def cancel(agent: Caller, appointment: str, *, key: str | None = None) -> Any:
    return agent.post(f"/api/v1/appointments/{appointment}/cancel", {"reason": "patient_request"}, key=key)


def cancellations(clinic: Clinic) -> tuple[int, int, int]:
    """Appointments cancelled, events and audit rows of it."""
    with practice_scope(clinic.practice.id):
        return (
            Appointment.objects.filter(status="cancelled").count(),
            Event.objects.filter(type="appointment.cancelled").count(),
            AuditEntry.objects.filter(action="appointment.cancelled").count(),
        )


def test_of_eight_who_cancel_at_once_one_does(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    for appointment in booked:
        answers = racers.run([partial(cancel, agent, appointment) for agent in agents])
        assert statuses(answers) == [200] + [409] * 7
        errors = {answer.json()["error"] for answer in answers if answer.status_code == 409}
        assert errors == {"Only an appointment that is still booked can be cancelled"}
    assert cancellations(clinic) == (ROUNDS, ROUNDS, ROUNDS)
    assert left_behind(clinic.practice.id).busy_slots == 0
    assert mistaken_slots(clinic.practice.id) == 0


def test_without_the_lock_the_same_race_cancels_more_than_once(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    with patch.object(QuerySet, "select_for_update", lambda rows, **_: rows.all()):
        for appointment in booked:
            racers.run([partial(cancel, agent, appointment) for agent in agents])
    appointments, events, _ = cancellations(clinic)
    assert appointments == ROUNDS
    assert events > ROUNDS


def test_a_cancellation_sent_eight_times_under_one_key_is_done_once_and_answered_eight_times(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str]
) -> None:
    answers = racers.run([partial(cancel, agent, booked[0], key="cancel") for agent in agents])
    assert statuses(answers) == [200] * RACERS
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers].count("true") == 7
    assert cancellations(clinic) == (1, 1, 1)


def test_a_slot_cancelled_and_wanted_at_once_goes_to_one_or_stays_free(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str], quarter: str
) -> None:
    rebooked = 0
    for slot, appointment in enumerate(booked):
        takers = [partial(agent.book, clinic, slot=slot, type=quarter) for agent in agents[1:]]
        cancelled, *answers = racers.run([partial(cancel, agents[0], appointment), *takers])
        assert cancelled.status_code == 200, cancelled.content
        assert statuses(answers) in ([409] * 7, [201] + [409] * 6)
        rebooked += statuses(answers).count(201)
    assert cancellations(clinic) == (ROUNDS, ROUNDS, ROUNDS)
    left = left_behind(clinic.practice.id)
    assert (left.appointments, left.events, left.busy_slots) == (ROUNDS + rebooked, ROUNDS + rebooked, rebooked)
    assert overlaps(clinic.practice.id) == 0
    assert mistaken_slots(clinic.practice.id) == 0


def test_a_slot_whose_cancellation_is_committed_can_be_booked_at_once(
    clinic: Clinic, agents: list[Caller], racers: Racers, booked: list[str], quarter: str
) -> None:
    assert cancel(agents[0], booked[0]).status_code == 200
    answers = racers.run([partial(agent.book, clinic, slot=0, type=quarter) for agent in agents])
    assert statuses(answers) == [201] + [409] * 7
    with practice_scope(clinic.practice.id):
        assert Slot.objects.get(id=clinic.slots[0].id).status == "busy"
    assert mistaken_slots(clinic.practice.id) == 0
