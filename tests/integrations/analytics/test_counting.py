"""Figures are exact: each event once, however often and in whatever order it comes, and the same when counted anew."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event as Gate
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from integrations.analytics import counting
from integrations.analytics.counting import COUNTERS, rebuild
from integrations.analytics.models import CountedEvent
from integrations.listeners import ANALYTICS
from mybcat.events import EventType
from mybcat.gateway.problems import sqlstate
from mybcat.ids import new_uuid, public_id
from mybcat.models import Delivery, Event
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Practice, Practitioner
from tests.api.rows import changes
from tests.callers import Caller, together
from tests.factories import Clinic, make_type
from tests.integrations.analytics.figures import delivered, figures, happened
from tests.integrations.booked import NOW, booked
from tests.mybcat.engine import in_thread, patient_updated
from tests.mybcat.processes import wait_for

SOME_DAY = date(2026, 3, 1)


def of_agent(clinic: Clinic, counter: str, *, day: date = SOME_DAY) -> tuple[Any, ...]:
    return day, counter, clinic.exam.id, clinic.practitioner.id, "member", clinic.agent.id


def test_a_booking_is_counted_with_all_that_it_is_told_apart_by(clinic: Clinic, other_clinic: Clinic) -> None:
    _, event = booked(clinic)
    with changes(integrations_dailycount=1, integrations_countedevent=1):
        delivered(event)
    assert figures(clinic) == {of_agent(clinic, "booked"): 1}
    assert figures(other_clinic) == {}


def test_the_same_event_again_is_not_counted_again(clinic: Clinic) -> None:
    _, event = booked(clinic)
    delivered(event)
    with changes():
        delivered(event)


def test_the_same_event_at_several_workers_at_once_is_counted_once(clinic: Clinic) -> None:
    events = [happened(clinic, "appointment.arrived") for _ in range(3)]
    together(8, lambda number: delivered(events[number % 3]))
    assert figures(clinic) == {of_agent(clinic, "arrived"): 3}


def test_a_worker_that_dies_has_counted_nothing(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    _, event = booked(clinic)
    with monkeypatch.context() as patch, pytest.raises(Killed), changes():
        patch.setattr(counting, "_add", die)
        delivered(event)
    delivered(event)
    assert figures(clinic) == {of_agent(clinic, "booked"): 1}


@pytest.mark.parametrize(("event_type", "counter"), COUNTERS.items())
def test_each_type_has_its_counter(clinic: Clinic, event_type: str, counter: str) -> None:
    delivered(happened(clinic, event_type))
    assert figures(clinic) == {of_agent(clinic, counter): 1}


def test_every_event_of_an_appointment_has_a_counter() -> None:
    """Whoever adds one decides here what it counts as."""
    assert {each for each in EventType if each.startswith("appointment.")} <= set(COUNTERS)


def test_what_nobody_counts_changes_nothing(clinic: Clinic) -> None:
    event = patient_updated(clinic)
    with changes():
        delivered(event)


def test_the_relay_owes_a_count_for_what_is_counted(clinic: Clinic) -> None:
    _, event = booked(clinic)
    patient_updated(clinic)
    relay_events(now=NOW)
    with platform_scope(reason="test"):
        owed = list(Delivery.objects.filter(listener=ANALYTICS.name).values_list("event_id", flat=True))
    assert owed == [event.id]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        # New York is four hours behind in summer, five in winter.
        (datetime(2026, 7, 1, 3, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 7, 1, 4, 0, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 12, 1, 4, 59, tzinfo=UTC), date(2026, 11, 30)),
        (datetime(2026, 12, 1, 5, 0, tzinfo=UTC), date(2026, 12, 1)),
        # The night in which 01:30 comes twice.
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), date(2026, 11, 1)),
    ],
)
def test_the_day_is_the_practice_s(clinic: Clinic, at: datetime, day: date) -> None:
    delivered(happened(clinic, "appointment.moved", at=at))
    assert figures(clinic) == {of_agent(clinic, "moved", day=day): 1}


def a_busy_time(clinic: Clinic, *, events: int, chance: random.Random) -> list[Event]:
    """Of several types, practitioners, callers and days."""
    appointments = [booked(clinic, status="noshow")[0] for _ in range(2)]
    with practice_scope(clinic.practice.id):
        others = [Practitioner.objects.create(name="Dr Bo Chen"), clinic.practitioner]
    for appointment in appointments[:1]:
        appointment.appointment_type = make_type(practice=clinic.practice)
        with practice_scope(clinic.practice.id):
            appointment.save()
    callers = [("member", clinic.agent.id), ("client", new_uuid())]
    made = []
    for _ in range(events):
        kind, by = chance.choice(callers)
        made.append(
            happened(
                clinic,
                chance.choice(list(COUNTERS)),
                appointment=chance.choice(appointments),
                at=NOW + timedelta(hours=chance.randrange(96)),
                practitioner=chance.choice(others).id,
                kind=kind,
                by=by,
            )
        )
    with practice_scope(clinic.practice.id):
        return [*made, *Event.objects.filter(type="appointment.booked").exclude(id__in=[each.id for each in made])]


def test_repeats_and_disorder_change_nothing_and_counting_anew_comes_to_the_same(clinic: Clinic) -> None:
    chance = random.Random(7)
    events = a_busy_time(clinic, events=60, chance=chance)
    told = events + chance.choices(events, k=60)
    chance.shuffle(told)
    together(4, lambda number: [delivered(event) for event in told[number::4]])
    counted = figures(clinic)
    by_counter: Counter[str] = Counter()
    for key, count in counted.items():
        by_counter[key[1]] += count
    assert by_counter == Counter(COUNTERS[event.type] for event in events)
    assert len(counted) > 20

    with changes(integrations_dailycount=0):
        assert rebuild(practice_id=clinic.practice.id) == len(events)
    assert figures(clinic) == counted
    delivered(events[0])
    assert figures(clinic) == counted


def test_counting_anew_goes_through_a_history_of_any_length(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    events = a_busy_time(clinic, events=10, chance=random.Random(8))
    for event in events:
        delivered(event)
    before = figures(clinic)
    for batch in (1, 5, len(events), 1000):
        monkeypatch.setattr(counting, "BATCH", batch)
        assert rebuild(practice_id=clinic.practice.id) == len(events)
        assert figures(clinic) == before


def test_counting_anew_puts_right_what_is_wrong_and_takes_the_zone_of_today(clinic: Clinic) -> None:
    delivered(happened(clinic, "appointment.noshow", at=datetime(2026, 7, 1, 4, 0, tzinfo=UTC)))
    with platform_scope(reason="test"):
        Practice.objects.filter(id=clinic.practice.id).update(time_zone="America/Chicago")
        counting.DailyCount.objects.update(count=99)
    rebuild(practice_id=clinic.practice.id)
    assert figures(clinic)[of_agent(clinic, "noShow", day=date(2026, 6, 30))] == 1


def count_while_counting_anew(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An event has been claimed, and not yet added, when all is counted anew; what PostgreSQL refused of both."""
    delivered(happened(clinic, "appointment.arrived"))
    late = happened(clinic, "appointment.arrived")
    claimed, go_on, add = Gate(), Gate(), counting._add

    def adding(tally: Any, practice_id: Any) -> None:
        if not claimed.is_set():
            claimed.set()
            go_on.wait(30)
        add(tally, practice_id)

    monkeypatch.setattr(counting, "_add", adding)
    with ThreadPoolExecutor(2) as pool:
        counter = pool.submit(in_thread(lambda: delivered(late)))
        claimed.wait(30)
        rebuilder = pool.submit(in_thread(lambda: rebuild(practice_id=clinic.practice.id)))
        wait_for(somebody_waits, what="the rebuild to meet a lock")
        go_on.set()
        return [sqlstate(error) or "" for error in (counter.exception(), rebuilder.exception()) if error]


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_what_is_counted_meanwhile_is_in_the_figures_too(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_while_counting_anew(clinic, monkeypatch) == []
    assert figures(clinic)[of_agent(clinic, "arrived")] == 2


def test_without_the_lock_each_would_wait_for_the_other(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the race above: PostgreSQL ends the deadlock by failing one of the two."""
    monkeypatch.setattr(counting, "_lock", lambda *_: None)
    assert count_while_counting_anew(clinic, monkeypatch) == ["40P01"]


def test_the_command_counts_one_practice_or_all(clinic: Clinic, other_clinic: Clinic, capsys: Any) -> None:
    for each in (clinic, other_clinic):
        booked(each)
    call_command("analytics", "rebuild", practice=public_id("prac", clinic.practice.id))
    assert (len(figures(clinic)), len(figures(other_clinic))) == (1, 0)
    call_command("analytics", "rebuild")
    assert (len(figures(clinic)), len(figures(other_clinic))) == (1, 1)
    assert f"{public_id('prac', other_clinic.practice.id)}: 1 events counted." in capsys.readouterr().out


@pytest.mark.parametrize(
    "practice", ["prac_", "nonsense", public_id("prac", new_uuid())], ids=["empty", "no id", "unknown"]
)
def test_the_command_refuses_a_practice_that_is_none(clinic: Clinic, practice: str) -> None:
    with pytest.raises(CommandError, match="No practice has the id"), changes():
        call_command("analytics", "rebuild", practice=practice)


def test_a_booking_over_http_ends_in_the_figures(clinic: Clinic) -> None:
    assert Caller(clinic.agent, clinic.practice).book(clinic).status_code == 201
    with practice_scope(clinic.practice.id):
        event = Event.objects.get()
    delivered(event)
    day = event.occurred_at.astimezone(clinic.zone).date()
    assert figures(clinic) == {of_agent(clinic, "booked", day=day): 1}
    with practice_scope(clinic.practice.id):
        assert CountedEvent.objects.get().id == event.id
