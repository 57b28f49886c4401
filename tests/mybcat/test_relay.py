"""The relay: each event once, in a gapless order per practice, whatever else is broken."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier, Lock, Thread
from threading import Event as Flag
from typing import Any

import pytest
from django.db import Error, connection

from mybcat import relay
from mybcat.listeners import Listener
from mybcat.models import Delivery, Event
from mybcat.relay import ReceiverFailed, Relay, relay_events
from mybcat.tenancy import platform_scope, practice_scope
from tests.factories import Clinic
from tests.mybcat.engine import (
    NOW,
    Clock,
    all_events,
    in_thread,
    log_lines,
    make_listener,
    patient_updated,
    pausing,
    publish,
    receiving,
    registered,
    the_delivery,
)

EVENTS = 60


class RecordingNudger:
    """Stands for the thread that talks to the broker; test_nudges.py drives the real one."""

    def __init__(self) -> None:
        self.wanted: list[list[str]] = []

    def want(self, listeners: list[Listener]) -> None:
        self.wanted.append([listener.name for listener in listeners])


def run(rounds: int, *, clock: Clock | None = None) -> tuple[RecordingNudger, list[timedelta]]:
    nudger, clock, waits = RecordingNudger(), clock or Clock(), []  # type: ignore[var-annotated]
    Relay(nudger=nudger, clock=clock).run(pause=pausing(rounds, clock=clock, waits=waits))  # type: ignore[arg-type]
    return nudger, waits


def sequences(*clinics: Clinic) -> list[list[int | None]]:
    """Each practice's numbers, ascending."""
    events = all_events()
    return [[event.seq for event in events if event.practice_id == clinic.practice.id] for clinic in clinics]


def test_relayed_events_are_numbered_per_practice(clinic: Clinic, other_clinic: Clinic) -> None:
    first, other, second = patient_updated(clinic), patient_updated(other_clinic), patient_updated(clinic)

    assert relay_events(now=NOW) == 3
    third = patient_updated(clinic)
    assert relay_events(now=NOW) == 1
    assert relay_events(now=NOW) == 0

    assert {event.id: event.seq for event in all_events()} == {first.id: 1, second.id: 2, third.id: 3, other.id: 1}
    assert {event.relayed_at for event in all_events()} == {NOW}


def test_each_listener_gets_one_delivery_in_the_relays_transaction(clinic: Clinic) -> None:
    mail, crm = make_listener(name="mail"), make_listener(name="crm")
    event = patient_updated(clinic)
    with registered(mail, crm):
        relay_events(now=NOW)

    for listener in (mail, crm):
        delivery = the_delivery(event=event, listener=listener)
        assert (delivery.status, delivery.attempts, delivery.created_at) == ("pending", 0, NOW)
        assert delivery.practice_id == clinic.practice.id


def test_a_batch_has_a_limit_and_takes_the_oldest(clinic: Clinic) -> None:
    events = [patient_updated(clinic) for _ in range(3)]
    assert relay_events(now=NOW, limit=2) == 2
    assert [event.id for event in all_events() if event.seq] == [event.id for event in events[:2]]


def test_an_event_that_commits_late_with_an_early_id_is_relayed_too(clinic: Clinic) -> None:
    published, committed = Flag(), Flag()

    def slow() -> None:
        with practice_scope(clinic.practice.id):
            publish(clinic)
            published.set()
            committed.wait(10)

    thread = Thread(target=in_thread(slow))
    thread.start()
    published.wait(10)
    late = patient_updated(clinic)
    assert relay_events(now=NOW) == 1
    committed.set()
    thread.join()

    assert relay_events(now=NOW) == 1
    early, seen = sorted(all_events(), key=lambda event: event.id)
    assert (seen.id, seen.seq, early.seq) == (late.id, 1, 2)


@pytest.fixture
def backlog(clinic: Clinic, other_clinic: Clinic) -> tuple[Clinic, Clinic]:
    for one in (clinic, other_clinic):
        with practice_scope(one.practice.id):
            for _ in range(EVENTS):
                publish(one)
    return clinic, other_clinic


def relay_by_three() -> list[Exception]:
    """Three relays at once, each until nothing is left; what they raised."""
    start, errors = Barrier(3), []

    def work() -> None:
        start.wait(10)
        try:
            while relay_events(now=NOW, limit=7):
                pass
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [Thread(target=in_thread(work)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """The events that receivers were told of; telling takes long enough for relays to meet."""
    seen, lock = [], Lock()

    def receiver(sender: type[Event], *, event: Event, **kwargs: Any) -> None:
        time.sleep(0.002)
        with lock:
            seen.append(event.id)

    with receiving(receiver):
        yield seen


def test_three_relays_number_without_gap_or_double(backlog: tuple[Clinic, Clinic], heard: list[Any]) -> None:
    assert relay_by_three() == []
    # One may have found all rows locked and stopped early, so what is left is nothing.
    assert relay_events(now=NOW) == 0

    dense = list(range(1, EVENTS + 1))
    assert sequences(*backlog) == [dense, dense]
    assert sorted(heard) == sorted(event.id for event in all_events())


def test_numbers_read_without_the_lock_collide(
    backlog: tuple[Clinic, Clinic], heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the race above is real, and the constraint sees it."""
    unlocked = """
        SELECT practice_id, count(*) + (
            SELECT coalesce(max(seq), 0) FROM mybcat_event AS past WHERE past.practice_id = batch.practice_id
        ) AS last FROM batch GROUP BY practice_id
    """
    naive = re.sub(r"INSERT INTO.*?RETURNING practice_id, last", unlocked, relay._TAKE, flags=re.DOTALL)
    monkeypatch.setattr(relay, "_TAKE", naive)

    errors = relay_by_three()
    assert errors
    assert all("event_seq_once" in str(error) for error in errors)


def test_relays_do_not_wait_for_each_others_events(clinic: Clinic, other_clinic: Clinic) -> None:
    held, release = Flag(), Flag()

    def slow(sender: type[Event], *, event: Event, **kwargs: Any) -> None:
        if event.practice_id == clinic.practice.id:
            held.set()
            release.wait(10)

    patient_updated(clinic)
    with receiving(slow):
        thread = Thread(target=in_thread(lambda: relay_events(now=NOW)))
        thread.start()
        held.wait(10)
        patient_updated(other_clinic)
        assert relay_events(now=NOW) == 1
        release.set()
        thread.join()
    assert sequences(clinic, other_clinic) == [[1], [1]]


def failing_for(broken: Event) -> Callable[..., None]:
    def receiver(sender: type[Event], *, event: Event, **kwargs: Any) -> None:
        if event.id == broken.id:
            raise ValueError("Ada Okafor, +12125550123")

    return receiver


def test_a_receiver_that_raises_leaves_nothing_behind(clinic: Clinic) -> None:
    listener = make_listener()
    patient_updated(clinic)
    broken = patient_updated(clinic)
    with registered(listener), receiving(failing_for(broken)), pytest.raises(ReceiverFailed):
        relay_events(now=NOW)

    assert sequences(clinic) == [[None, None]]
    with platform_scope(reason="test"):
        assert not Delivery.objects.exists()


def test_the_other_events_pass_one_that_cannot_be_relayed(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    first, broken, last = patient_updated(clinic), patient_updated(clinic), patient_updated(clinic)
    with receiving(failing_for(broken)):
        run(rounds=4)
    assert {event.id: event.seq for event in all_events()} == {first.id: 1, last.id: 2, broken.id: None}

    (line,) = [line for line in log_lines(caplog) if "Event could not be relayed" in line]
    assert str(broken.id) in line
    assert "ValueError" in line
    assert "Okafor" not in line
    assert "+1212" not in line


def test_an_event_that_could_not_be_relayed_is_tried_again(clinic: Clinic) -> None:
    broken, clock = patient_updated(clinic), Clock()
    with receiving(failing_for(broken)):
        loop = Relay(nudger=RecordingNudger(), clock=clock)  # type: ignore[arg-type]
        loop.run(pause=pausing(2, clock=clock))
    loop.run(pause=pausing(1))
    assert sequences(clinic) == [[None]]

    clock.now += relay.SET_ASIDE
    loop.run(pause=pausing(1))
    assert sequences(clinic) == [[1]]


def test_the_relay_pauses_only_when_it_has_caught_up(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH", 2)
    for _ in range(5):
        patient_updated(clinic)
    _, waits = run(rounds=4)
    assert waits == [timedelta(), timedelta(), timedelta(), relay.IDLE, relay.IDLE]
    assert timedelta() < relay.IDLE <= timedelta(milliseconds=200)


def test_what_is_due_is_nudged_after_a_batch_and_every_second(clinic: Clinic) -> None:
    busy, idle = make_listener(name="busy"), make_listener(name="idle")
    with registered(busy, idle):
        patient_updated(clinic)
        nudger, _ = run(rounds=1)
        assert nudger.wanted == [["busy", "idle"]]

        with platform_scope(reason="test"):
            Delivery.objects.filter(listener="idle").delete()
        clock = Clock()
        nudger, _ = run(rounds=1 + 17 + 17, clock=clock)
    # 60 ms a round: at once, after 1.02 s, after 2.04 s.
    assert nudger.wanted == [["busy"], ["busy"], ["busy"]]


def terminate_this_connection() -> None:
    """What a restart of PostgreSQL does to the relay, without one."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def test_the_relay_outlives_its_connection(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    def cut(sender: type[Event], **kwargs: Any) -> None:
        if not cuts:
            cuts.append(1)
            terminate_this_connection()

    cuts: list[int] = []
    patient_updated(clinic)
    with receiving(cut):
        _, waits = run(rounds=2)
    assert sequences(clinic) == [[1]]
    assert waits == [timedelta(), relay.FIRST_BACKOFF, relay.IDLE]
    assert _said(caplog) == ["Relay cannot use PostgreSQL", "Relay can use PostgreSQL again"]


def test_while_postgresql_is_away_the_relay_says_so_once_and_waits_longer(
    clinic: Clinic, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**kwargs: Any) -> int:
        raise Error("connection refused")

    patient_updated(clinic)
    with monkeypatch.context() as patch:
        patch.setattr(relay, "relay_events", away)
        loop, waits = Relay(nudger=RecordingNudger(), clock=Clock()), []  # type: ignore[arg-type,var-annotated]
        loop.run(pause=pausing(6, waits=waits))
    loop.run(pause=pausing(1))

    assert [wait.total_seconds() for wait in waits] == [0, 0.2, 0.4, 0.8, 1.6, 2, 2]
    assert _said(caplog) == ["Relay cannot use PostgreSQL", "Relay can use PostgreSQL again"]
    assert sequences(clinic) == [[1]]


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.msg["event"] for record in caplog.records if record.name == "mybcat.relay"]  # type: ignore[index]
