"""A vendor that is away is probed, not hammered, and costs no attempts; no listener is served faster than agreed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from mybcat import circuits
from mybcat.circuits import OPENS_AT, PROBE
from mybcat.claims import claim
from mybcat.listeners import DeliveryFailed, DeliveryRefused, Listener
from mybcat.models import Delivery, ListenerState
from mybcat.working import work_off
from tests.factories import Clinic
from tests.mybcat.engine import (
    Clock,
    claim_one,
    due_now,
    fresh,
    log_lines,
    make_listener,
    owed,
    settle_one,
    wait_until_due,
)

HOUR = timedelta(hours=1)
PAST = datetime(2020, 1, 1, tzinfo=UTC)


class Vendor:
    """Away, until told otherwise."""

    def __init__(self) -> None:
        self.error: Exception | None = DeliveryFailed("http_503")
        self.asked: list[Delivery] = []

    def __call__(self, *, delivery: Delivery, **kwargs: Any) -> None:
        self.asked.append(delivery)
        if self.error:
            raise self.error


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def listener(vendor: Vendor) -> Listener:
    return make_listener(handler=vendor, schedule=(HOUR,) * 3)


@pytest.fixture
def rows(clinic: Clinic, listener: Listener) -> list[Delivery]:
    return [owed(clinic, listener) for _ in range(OPENS_AT + 4)]


def opened(listener: Listener, vendor: Vendor) -> None:
    work_off(listener=listener, clock=Clock())
    assert len(vendor.asked) == OPENS_AT
    vendor.asked.clear()


def probe_is_due(listener: Listener) -> None:
    assert ListenerState.objects.filter(listener=listener.name, probe_at__isnull=False).update(probe_at=PAST) == 1


def test_after_five_failures_nobody_is_asked_any_more(
    listener: Listener, vendor: Vendor, rows: list[Delivery], caplog: pytest.LogCaptureFixture
) -> None:
    opened(listener, vendor)
    work_off(listener=listener, clock=Clock())
    assert vendor.asked == []
    assert [fresh(row).attempts for row in rows] == [1] * OPENS_AT + [0] * 4
    assert claim(listener=listener, limit=9).wait is not None
    assert sum("seems to be away" in line for line in log_lines(caplog)) == 1


def test_a_probe_asks_with_one_and_uses_up_no_attempt(listener: Listener, vendor: Vendor, rows: list[Delivery]) -> None:
    opened(listener, vendor)
    for _ in range(4):
        probe_is_due(listener)
        work_off(listener=listener, clock=Clock())
    # A different one each time: if one is at fault itself, the others are not kept back by it.
    assert [row.id for row in vendor.asked] == [row.id for row in rows[OPENS_AT:]]
    assert [(fresh(row).status, fresh(row).attempts) for row in rows[OPENS_AT:]] == [("pending", 0)] * 4


@pytest.mark.parametrize("answer", [None, DeliveryRefused("invalid")])
def test_the_first_answer_brings_everybody_back(
    listener: Listener, vendor: Vendor, rows: list[Delivery], answer: Exception | None
) -> None:
    opened(listener, vendor)
    probe_is_due(listener)
    vendor.error = answer
    work_off(listener=listener, clock=Clock())
    assert len(vendor.asked) == 4
    for row in rows[:OPENS_AT]:
        due_now(row)
    work_off(listener=listener, clock=Clock())
    assert {fresh(row).status for row in rows} == {"delivered" if answer is None else "dead"}


def test_one_that_fails_for_itself_opens_nothing_and_ends(clinic: Clinic, listener: Listener, vendor: Vendor) -> None:
    row = owed(clinic, listener)
    for _ in range(listener.attempts):
        due_now(row)
        work_off(listener=listener, clock=Clock())
    assert fresh(row).status == "dead"
    assert len(vendor.asked) == listener.attempts


def test_who_is_refused_for_now_does_not_stop_others(
    listener: Listener, vendor: Vendor, rows: list[Delivery], other_clinic: Clinic
) -> None:
    """Such as a practice whose token was revoked, before all of whose deliveries another practice's would wait."""
    vendor.error = DeliveryFailed("http_401", retry_after=HOUR, answered=True)
    work_off(listener=listener, clock=Clock())
    assert [(fresh(row).status, fresh(row).attempts) for row in rows] == [("pending", 1)] * len(rows)
    assert wait_until_due(rows[0]) > HOUR - timedelta(minutes=1)
    vendor.error = None
    other = owed(other_clinic, listener)
    work_off(listener=listener, clock=Clock())
    assert fresh(other).status == "delivered"


def test_whoever_is_refused_for_now_has_been_answered(listener: Listener, vendor: Vendor, rows: list[Delivery]) -> None:
    opened(listener, vendor)
    probe_is_due(listener)
    vendor.error = DeliveryFailed("http_429", answered=True)
    work_off(listener=listener, clock=Clock())
    assert len(vendor.asked) == len(rows) - OPENS_AT


def test_our_own_mistake_is_not_the_vendors(listener: Listener, vendor: Vendor, rows: list[Delivery]) -> None:
    vendor.error = ValueError("a mistake")
    work_off(listener=listener, clock=Clock())
    assert len(vendor.asked) == len(rows)


def test_what_was_already_under_way_when_it_opened_costs_no_attempt(
    listener: Listener, vendor: Vendor, rows: list[Delivery]
) -> None:
    under_way = claim_one(listener)
    assert under_way is not None
    opened(listener, vendor)
    assert settle_one(under_way, listener, DeliveryFailed("http_503")) == "retried"
    stored = fresh(under_way)
    assert stored.attempts == 0
    assert stored.next_attempt_at - clock_of_postgresql() <= PROBE


def test_a_listener_may_do_without(clinic: Clinic, vendor: Vendor) -> None:
    listener = make_listener(handler=vendor, schedule=(HOUR,), circuit=False)
    for _ in range(OPENS_AT + 2):
        owed(clinic, listener)
    work_off(listener=listener, clock=Clock())
    assert len(vendor.asked) == OPENS_AT + 2


def clock_of_postgresql() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


def test_no_more_than_the_rate_is_claimed_however_much_is_due(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time moves by hand: a row's `paced_until` goes back by what shall have passed."""
    listener = make_listener(rate=100)
    for _ in range(60):
        owed(clinic, listener)

    def claimed() -> int:
        return len(claim(listener=listener, limit=99).deliveries)

    monkeypatch.setattr(circuits, "BURST", timedelta(milliseconds=200))
    assert claimed() == 20
    passes(listener, timedelta(hours=9))
    # An idle hour saves nothing up.
    assert claimed() == 20
    passes(listener, timedelta(seconds=0.2))
    assert claimed() == 20


def passes(listener: Listener, time: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mybcat_listenerstate SET paced_until = paced_until - %s WHERE listener = %s", [time, listener.name]
        )


def test_a_slow_rate_lets_one_go_at_a_time(clinic: Clinic) -> None:
    listener = make_listener(rate=0.1)
    for _ in range(2):
        owed(clinic, listener)
    assert len(claim(listener=listener, limit=99).deliveries) == 1
    waiting = claim(listener=listener, limit=99)
    assert waiting.deliveries == []
    assert waiting.wait is not None
    assert timedelta(seconds=5) < waiting.wait <= timedelta(seconds=10)
    passes(listener, timedelta(seconds=10))
    assert len(claim(listener=listener, limit=99).deliveries) == 1
