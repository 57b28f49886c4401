"""Ten say yes at once, and the desk books meanwhile: one has the time, and everybody else is told."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.db.models import QuerySet
from django.test import Client

from appointments.models import Appointment
from appointments.waitlist.models import WaitlistEntry
from integrations.models import WaitlistSettings
from mybcat.ids import internal_id
from mybcat.models import Event
from mybcat.tenancy import practice_scope
from tests.callers import Caller, public
from tests.concurrency.counting import mistaken_slots, overlaps
from tests.concurrency.racing import Racers
from tests.factories import Clinic, by_day, make_slots, tomorrow_at
from tests.integrations.replying import say, told
from tests.integrations.waitlist.cascading import offered, openings, statuses, waiting
from tests.standins.twilio import TOKEN

TEN = 10
ROUNDS = 4


@pytest.fixture
def racers() -> Iterator[Racers]:
    with Racers(TEN) as threads:
        yield threads


@pytest.fixture(autouse=True)
def _by_day(clinic: Clinic, settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = TOKEN, "https://clinic.example"
    by_day(clinic)
    start = tomorrow_at("08:00", time_zone="America/New_York", days=3)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=48)
    with practice_scope(clinic.practice.id):
        WaitlistSettings.objects.create(batch_size=TEN)


def yes(entry: WaitlistEntry) -> str:
    return told(say(Client(raise_request_exception=False), "YES", phone=entry.patient.phone)) or ""


def outcome(answers: list[str]) -> tuple[int, int]:
    """How many have the time, and how many were told that it is gone."""
    return sum("it is yours" in each for each in answers), sum("no longer free" in each for each in answers)


def sound(clinic: Clinic) -> bool:
    return overlaps(clinic.practice.id) == 0 and mistaken_slots(clinic.practice.id) == 0


def count(clinic: Clinic, event_type: str) -> int:
    with practice_scope(clinic.practice.id):
        return int(Event.objects.filter(type=event_type).count())


def test_of_ten_who_say_yes_at_once_one_has_it_and_nine_are_told(
    agents: list[Caller], clinic: Clinic, racers: Racers
) -> None:
    for round_ in range(ROUNDS):
        entries = waiting(clinic, TEN)
        offered(agents[0], clinic, slot=2 * round_)
        answers = racers.run([partial(yes, entry) for entry in entries])
        assert outcome(answers) == (1, TEN - 1)
        winner = answers.index(next(each for each in answers if "it is yours" in each))
        expected = ["waiting"] * TEN
        expected[winner] = "booked"
        assert statuses(clinic, entries) == expected
        assert sound(clinic)
        # They have had enough of it: the next round has patients of its own.
        with practice_scope(clinic.practice.id):
            WaitlistEntry.objects.filter(status="waiting").update(until_date="2026-01-01")
    assert (count(clinic, "waitlist.filled"), count(clinic, "waitlist.taken")) == (ROUNDS, ROUNDS * (TEN - 1))


def test_a_yes_and_the_desk_at_once_give_it_to_one(agents: list[Caller], clinic: Clinic, racers: Racers) -> None:
    for round_ in range(ROUNDS):
        entries = waiting(clinic, TEN - 4)
        offered(agents[0], clinic, slot=2 * round_)
        desks = [partial(agent.book, clinic, slot=2 * round_) for agent in agents[1:5]]
        results = racers.run([*(partial(yes, entry) for entry in entries), *desks])
        answers, booked = results[: len(entries)], [each.status_code for each in results[len(entries) :]]
        have, told_gone = outcome(answers)
        assert (have + booked.count(201), have + told_gone) == (1, len(entries))
        assert set(booked) <= {201, 409}
        assert sound(clinic)
        with practice_scope(clinic.practice.id):
            WaitlistEntry.objects.filter(status="waiting").update(until_date="2026-01-01")


def test_of_ten_who_would_be_earlier_one_is_moved(agents: list[Caller], clinic: Clinic, racers: Racers) -> None:
    entries = waiting(clinic, TEN)
    theirs = [
        agents[0].book(clinic, slot=20 + 2 * place, patientId=public("pat", entry.patient_id)).json()["appointmentId"]
        for place, entry in enumerate(entries)
    ]
    with practice_scope(clinic.practice.id):
        for entry, appointment in zip(entries, theirs, strict=True):
            WaitlistEntry.objects.filter(id=entry.id).update(appointment=internal_id("appt", appointment))
    offered(agents[0], clinic)
    answers = racers.run([partial(yes, entry) for entry in entries])
    assert outcome(answers) == (1, TEN - 1)
    assert count(clinic, "appointment.moved") == 1
    assert sound(clinic)
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.filter(status="booked", starts_at__lt=clinic.slots[20].starts_at).count() == 1


def test_without_the_lock_some_are_told_twice_or_the_time_is_said_to_be_anothers(
    agents: list[Caller], clinic: Clinic, racers: Racers
) -> None:
    """The control: slots have a lock of their own, so one has the time; but what the others hear is not right."""
    lies = 0
    for round_ in range(ROUNDS):
        entries = waiting(clinic, TEN)
        offered(agents[0], clinic, slot=2 * round_)
        told_before = count(clinic, "waitlist.taken")
        with patch.object(QuerySet, "select_for_update", lambda rows, **_: rows.all()):
            answers = racers.run([partial(yes, entry) for entry in entries])
        right = (outcome(answers), count(clinic, "waitlist.taken") - told_before, openings(clinic)[-1].status)
        lies += right != ((1, TEN - 1), TEN - 1, "filled")
        with practice_scope(clinic.practice.id):
            WaitlistEntry.objects.filter(status__in=("waiting", "offered")).update(until_date="2026-01-01")
    assert overlaps(clinic.practice.id) == 0
    assert lies > 0
