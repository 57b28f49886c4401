"""Stored events are handled once, whoever dies in between; what cannot be handled does not stop the others."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from integrations.stripe import inbound, life_cycle
from integrations.stripe.models import InboundEvent
from integrations.stripe.nudging import ROUND, Nudging
from integrations.stripe.tasks import handle_stripe_events
from mybcat.celery import app
from mybcat.models import AuditEntry
from mybcat.operators.trace import Operator
from mybcat.tenancy import platform_scope
from practices.models import FOREVER, Practice
from tests.api.rows import changes
from tests.callers import together
from tests.factories import make_user
from tests.integrations.stripe.telling import NOW, T, all_stored, standing, stored, tell, work_off
from tests.mybcat.engine import log_lines
from tests.mybcat.processes import valkey, wait_for, worker
from tests.standins.stripe import body_of, event, invoice, subscription

SUBSCRIBED = event("customer.subscription.created", subscription(), created=T, id="evt_subscribed")
# No subscription has this status: a mistake of ours or a novelty of Stripe's.
ODD = event("customer.subscription.updated", subscription(status="on_holiday"), created=T + 1, id="evt_odd")


def keep(*events: dict[str, Any]) -> None:
    for each in events:
        inbound.store(event=each, body=body_of(each), now=NOW)


def test_whoever_stored_it_may_die_and_it_is_handled_all_the_same(customer: Practice) -> None:
    """Nothing but the row is needed: beat's sweep finds it."""
    keep(SUBSCRIBED)
    handle_stripe_events()
    assert standing(customer) == ("standard", [("sub_1", "active")], FOREVER)
    event = stored("evt_subscribed")
    assert (event.status, event.outcome, event.attempts) == ("handled", "applied", 0)
    with changes():
        handle_stripe_events()


@pytest.mark.processes
def test_a_worker_of_the_queue_handles_it(customer: Practice) -> None:
    """The product's own worker, killed the hard way while events wait, and another one after it."""
    keep(SUBSCRIBED)
    with valkey() as broker, app.connection_for_write(broker.url) as connection:
        with worker(queue="stripe", REDIS_URL=broker.url) as first:
            handle_stripe_events.apply_async(queue="stripe", connection=connection)
            wait_for(lambda: stored("evt_subscribed").status == "handled", what="the first event")
            first.process.kill()
            first.process.wait()
        keep(event("customer.subscription.deleted", subscription(status="canceled"), created=T + 9, id="evt_ended"))
        handle_stripe_events.apply_async(queue="stripe", connection=connection)
        with worker(queue="stripe", REDIS_URL=broker.url):
            wait_for(lambda: stored("evt_ended").status == "handled", what="the second event")
    assert standing(customer) == ("standard", [("sub_1", "canceled")], None)


class Hints:
    """A publisher that only notes what it was asked to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def hint(self, task: str, *, queue: str) -> bool:
        self.sent.append((task, queue))
        return False


def test_its_worker_is_asked_at_once_and_for_nothing_else(customer: Practice) -> None:
    hints = Hints()
    look: Any = Nudging(publisher=hints)  # type: ignore[arg-type]
    assert look(now=NOW) == ROUND
    assert hints.sent == []
    keep(SUBSCRIBED)
    # The broker may be away: the next look asks again, and so does beat.
    for _ in range(2):
        look(now=NOW)
    assert hints.sent == [(handle_stripe_events.name, "stripe")] * 2
    work_off()
    look(now=NOW)
    assert len(hints.sent) == 2


def test_what_waits_for_another_attempt_is_asked_for_when_it_is_due(customer: Practice) -> None:
    hints = Hints()
    look: Any = Nudging(publisher=hints)  # type: ignore[arg-type]
    keep(ODD)
    work_off()
    look(now=NOW)
    assert hints.sent == []
    look(now=NOW + inbound.SCHEDULE[0])
    assert len(hints.sent) == 1


def test_beat_sweeps_every_few_seconds_on_a_queue_of_its_own() -> None:
    (sweep,) = [entry for entry in app.conf.beat_schedule.values() if entry["task"] == handle_stripe_events.name]
    assert sweep["schedule"] <= timedelta(seconds=10)
    assert sweep["options"] == {"queue": "stripe"}


def test_a_worker_that_dies_leaves_it_as_it_was(customer: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(**_: Any) -> None:
        raise Killed

    keep(SUBSCRIBED)
    with monkeypatch.context() as patch, pytest.raises(Killed), changes():
        patch.setattr(life_cycle, "settle", die)
        work_off()
    work_off()
    assert standing(customer)[1] == [("sub_1", "active")]


def test_many_workers_handle_each_event_once(customer: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    apply = life_cycle.apply
    monkeypatch.setattr(
        life_cycle, "apply", lambda *, event, now: (seen.append(event["id"]), apply(event=event, now=now))[1]
    )
    events = [event("invoice.paid", invoice(), created=T + number) for number in range(20)]
    keep(*events)
    together(4, lambda _: inbound.work_off(clock=lambda: NOW))
    assert sorted(seen) == sorted(each["id"] for each in events)
    assert {each.status for each in all_stored()} == {"handled"}


def test_one_that_cannot_be_handled_stops_no_other(customer: Practice) -> None:
    keep(ODD, SUBSCRIBED)
    work_off()
    assert standing(customer)[1] == [("sub_1", "active")]
    odd = stored("evt_odd")
    assert (odd.status, odd.attempts, odd.last_error) == ("pending", 1, "ValueError")
    assert odd.next_attempt_at == NOW + timedelta(seconds=5)


def test_it_is_given_up_after_seven_attempts_and_leaves_nothing_behind(customer: Practice) -> None:
    keep(ODD)
    now = NOW
    for wait in (*inbound.SCHEDULE, timedelta()):
        work_off(now=now - timedelta(milliseconds=1))
        with changes(integrations_inboundevent=0):
            work_off(now=now)
        now += wait
    dead = stored("evt_odd")
    assert (dead.status, dead.attempts, dead.last_error) == ("dead", 7, "ValueError")
    with changes():
        work_off(now=now + timedelta(days=30))


@pytest.mark.parametrize("data", [{"object": {}}, {"object": {"id": "sub_1", "customer": "cus_1"}}])
def test_an_event_that_is_not_as_documented_is_an_attempt_not_a_crash(customer: Practice, data: Any) -> None:
    keep({**SUBSCRIBED, "data": data})
    work_off()
    assert stored("evt_subscribed").last_error == "KeyError"


def test_the_log_names_the_event_and_not_what_it_says(customer: Practice, caplog: pytest.LogCaptureFixture) -> None:
    keep({**ODD, "data": {"object": subscription(status="Maria Lopez owes 99")}})
    work_off()
    (line,) = log_lines(caplog)
    assert "evt_odd" in line
    assert "Lopez" not in line
    assert stored("evt_odd").correlation_id in line


def test_an_operator_replays_a_dead_event(customer: Practice) -> None:
    keep(ODD)
    with platform_scope(reason="test"):
        InboundEvent.objects.update(status="dead", attempts=7, last_error="ValueError")
    by = Operator(id=make_user().id)
    with platform_scope(reason="test"):
        inbound.replay(event=InboundEvent.objects.get(), by=by, now=NOW)
    again = stored("evt_odd")
    assert (again.status, again.attempts, again.next_attempt_at) == ("pending", 0, NOW)
    with platform_scope(reason="test"):
        (entry,) = AuditEntry.objects.filter(action="stripe_event.replayed")
    assert (entry.principal_id, entry.object_ids) == (by.id, [str(again.id)])


def test_replaying_what_was_handled_is_harmless(customer: Practice) -> None:
    tell(SUBSCRIBED, event("customer.subscription.deleted", subscription(status="canceled"), created=T + 9))
    with platform_scope(reason="test"):
        for each in InboundEvent.objects.all():
            inbound.replay(event=each, by=Operator(id=make_user().id), now=NOW)
    work_off()
    assert standing(customer) == ("standard", [("sub_1", "canceled")], None)
    assert {each.outcome for each in all_stored()} == {"stale"}


def test_what_waits_is_not_replayed(customer: Practice) -> None:
    keep(SUBSCRIBED)
    with pytest.raises(inbound.StillPending), platform_scope(reason="test"):
        inbound.replay(event=InboundEvent.objects.get(), by=Operator(id=make_user().id), now=NOW)


def test_it_is_counted_by_what_became_of_it(customer: Practice, client: Client) -> None:
    tell(SUBSCRIBED)
    lines = io.StringIO(client.get("/metrics").content.decode())
    assert any(line.startswith('mybcat_stripe_events_handled_total{outcome="applied"}') for line in lines)
