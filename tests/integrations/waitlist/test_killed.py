"""SIGKILL in the middle of offering: looked at again, each freed time is offered once, and nobody is texted twice."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import uuid4

import psycopg
import pytest
from django.db.models import F
from django.test import Client

from appointments.waitlist.models import WaitlistOffer, WaitlistOpening
from integrations.models import Message, WaitlistSettings
from mybcat.models import Delivery
from mybcat.tenancy import platform_scope, practice_scope
from tests.callers import Caller
from tests.concurrency.elsewhere import elsewhere, until_somebody_waits_for
from tests.factories import Clinic
from tests.integrations.replying import say, told
from tests.integrations.waitlist.cascading import (
    asked,
    events,
    free,
    listen,
    openings,
    statuses,
    undo_reserve_over,
    waiting,
    who_has,
)
from tests.mybcat.processes import PATIENCE, Running, relay, valkey, wait_for, worker
from tests.standins.server import Asked, DropAnswer
from tests.standins.twilio import ACCOUNT, SENDER, TOKEN, Twilio

pytestmark = pytest.mark.processes

TEN = 10
TEXTING = {
    "MESSAGE_PROVIDER": "twilio",
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_FROM": SENDER,
}
# By somebody else, not committed: whoever makes the same waits for what becomes of it.
_OPENING = """
    INSERT INTO appointments_waitlistopening (id, practice_id, slot_id, practitioner_id, location_id, starts_at,
                                              ends_at, status, batch, freed_at, next_at)
    SELECT %(id)s, practice_id, id, practitioner_id, location_id, starts_at, ends_at, 'open', 0, now(), now()
    FROM appointments_slot WHERE id = %(slot)s
"""
_OFFER = """
    INSERT INTO appointments_waitlistoffer (id, practice_id, opening_id, entry_id, batch, status, offered_at,
                                            expires_at)
    SELECT %(id)s, practice_id, id, %(entry)s, 1, 'open', now(), now() FROM appointments_waitlistopening
"""
_HELD_UP = "SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
_THERE = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"


def kill_who_waits_for(other: psycopg.Connection, *running: Running) -> None:
    """Returns once their transaction is gone as well, which PostgreSQL notices when it has waited enough."""
    until_somebody_waits_for(other)
    [(held_up,)] = other.execute(_HELD_UP).fetchall()
    for each in running:
        each.kill()
    other.rollback()
    with elsewhere() as looking:
        looking.autocommit = True
        wait_for(lambda: looking.execute(_THERE, [held_up]).fetchone() == (0,), what="the end of the transaction")


def leases_over() -> None:
    """As if the minutes had gone by in which the dead one's work is still thought to be done."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with platform_scope(reason="test"):
        Delivery.objects.filter(status="leased").update(leased_until=past)
        Message.objects.update(attempted_at=F("attempted_at") - timedelta(minutes=3))


def look_now(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        WaitlistOpening.objects.filter(status="open").update(next_at=datetime.now(UTC))


def count(model: type[WaitlistOffer] | type[Message], **wanted: object) -> int:
    with platform_scope(reason="test"):
        return int(model.objects.filter(**wanted).count())


@contextmanager
def halting(twilio: Twilio, *, after: int) -> Iterator[Event]:
    """Once Twilio has so many messages, whoever brings the next waits; set in the block when one does.

    What was brought is taken in the end, and whoever brought it is not there to hear of it.
    """
    halted, go = Event(), Event()

    def halt(asked: Asked) -> None:
        if asked.method == "POST" and len(twilio.messages) >= after:
            halted.set()
            assert go.wait(PATIENCE)
            twilio.respond(asked)
            raise DropAnswer

    twilio.mood = halt
    try:
        yield halted
    finally:
        twilio.mood = None
        go.set()


def texted(twilio: Twilio) -> Counter[tuple[str, str]]:
    return Counter((str(each["to"]), str(each["body"])) for each in twilio.messages)


def batch_of_ten(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        WaitlistSettings.objects.create(batch_size=TEN)


def test_the_worker_that_notes_what_was_freed(agent: Caller, clinic: Clinic) -> None:
    waiting(clinic, 1)
    free(agent, clinic)
    with valkey() as broker, elsewhere() as other:
        other.execute(_OPENING, {"id": uuid4(), "slot": clinic.slots[0].id})
        with relay(REDIS_URL=broker.url), worker(queue="waitlist", REDIS_URL=broker.url) as first:
            kill_who_waits_for(other, first)
            assert openings(clinic) == []
            leases_over()
            with worker(queue="waitlist", REDIS_URL=broker.url):
                wait_for(lambda: followed() and openings(clinic), what="the opening")
    assert [opening.slot_id for opening in openings(clinic)] == [clinic.slots[0].id]


def followed() -> bool:
    with platform_scope(reason="test"):
        return not Delivery.objects.filter(listener="waitlist").exclude(status="delivered").exists()


def test_the_relay_that_offers(agent: Caller, clinic: Clinic) -> None:
    """Killed between the first offer and the second: none was made; then a second relay beside it makes each once."""
    entries = waiting(clinic, 5)
    free(agent, clinic)
    undo_reserve_over(clinic)
    listen()
    look_now(clinic)
    with valkey() as broker, elsewhere() as other:
        other.execute(_OFFER, {"id": uuid4(), "entry": entries[1].id})
        with relay(REDIS_URL=broker.url) as first:
            kill_who_waits_for(other, first)
        assert (asked(clinic), events(clinic)) == ([], [])
        assert statuses(clinic, entries) == ["waiting"] * 5
        look_now(clinic)
        with relay(REDIS_URL=broker.url), relay(REDIS_URL=broker.url):
            wait_for(lambda: asked(clinic), what="the offers")
            look_now(clinic)
            wait_for(lambda: looked_again(clinic), what="another look")
    assert sorted(asked(clinic)) == sorted((entry.id, "open") for entry in entries[:3])
    assert events(clinic) == ["waitlist.offered"] * 3
    assert statuses(clinic, entries) == ["offered"] * 3 + ["waiting"] * 2


def looked_again(clinic: Clinic) -> bool:
    [opening] = openings(clinic)
    return opening.next_at is not None and opening.next_at > datetime.now(UTC)


def test_the_worker_that_texts_the_offers_and_then_the_losers(agent: Caller, clinic: Clinic, client: Client) -> None:
    batch_of_ten(clinic)
    entries = waiting(clinic, TEN)
    numbers = {entry.patient.phone: entry for entry in entries}
    free(agent, clinic)
    undo_reserve_over(clinic)
    listen()
    forget_earlier_texts()
    look_now(clinic)
    twilio = Twilio()
    with twilio.running(), valkey() as broker:
        surroundings = {**TEXTING, "REDIS_URL": broker.url, "TWILIO_API_URL": twilio.url}
        with relay(**surroundings):
            text_through_a_kill(twilio, surroundings, kind="waitlist_offer", until=TEN)
            assert {to for to, _ in texted(twilio)} == set(numbers)
            winner = entries[4]
            assert "it is yours" in (told(say(client, "YES", phone=winner.patient.phone)) or "")
            text_through_a_kill(twilio, surroundings, kind="waitlist_taken", until=TEN - 1)
    assert set(texted(twilio).values()) == {1}
    heard = Counter(to for to, _ in texted(twilio))
    assert heard == {number: 1 if entry is winner else 2 for number, entry in numbers.items()}
    booked = who_has(clinic)
    assert booked is not None
    assert booked.patient_id == winner.patient_id
    assert (count(WaitlistOffer, status="accepted"), count(WaitlistOffer, status="taken")) == (1, TEN - 1)
    assert statuses(clinic, entries) == ["booked" if entry is winner else "waiting" for entry in entries]


def forget_earlier_texts() -> None:
    """What the booking and its cancellation have the clinic's own patient told is not looked at here."""
    with platform_scope(reason="test"):
        Delivery.objects.filter(listener="notifications").delete()


def text_through_a_kill(twilio: Twilio, surroundings: dict[str, str], *, kind: str, until: int) -> None:
    """Some of the texts are sent, some are taken without our knowing, some are not tried when the worker dies."""
    before = len(twilio.messages)
    with halting(twilio, after=before + 2) as halted, worker(queue="notifications", **surroundings) as first:
        assert halted.wait(PATIENCE)
        first.kill()
        assert count(Message, kind=kind, status="sent") < until
    leases_over()
    with worker(queue="notifications", **surroundings):
        wait_for(lambda: count(Message, kind=kind, status="sent") == until, what="all texts")
