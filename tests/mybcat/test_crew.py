"""Several attempts at once: what hangs holds up nobody else, and each is marked once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event as Flag
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from django.db.models import F

from mybcat import claims, working
from mybcat.claims import claim
from mybcat.ids import new_uuid
from mybcat.listeners import DeliveryFailed, Listener, Response, Settled
from mybcat.models import Delivery
from mybcat.tenancy import current_scope, platform_scope
from mybcat.working import Crew
from tests.factories import Clinic
from tests.mybcat.engine import attempts_of, fresh, log_lines, make_listener, owed
from tests.mybcat.processes import wait_for


class Receivers:
    """One that hangs until told, and others that take what comes."""

    def __init__(self) -> None:
        self.hanging: set[UUID] = set()
        self.go_on = Flag()
        self.taken: list[UUID] = []

    def __call__(self, *, delivery: Delivery, **kwargs: Any) -> Response:
        if delivery.target_id in self.hanging:
            self.go_on.wait(30)
        self.taken.append(delivery.id)
        return Response(200, "thanks")


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    hanging = Receivers()
    yield hanging
    hanging.go_on.set()


@pytest.fixture
def crews() -> Iterator[list[Crew]]:
    crews: list[Crew] = []
    yield crews
    for crew in crews:
        crew.close()


def crew_for(listener: Listener, crews: list[Crew]) -> Crew:
    crew = Crew(listener)
    crews.append(crew)
    return crew


def work(crew: Crew, *, seconds: float = 5) -> bool:
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    return crew.work_off(clock=lambda: datetime.now(UTC), end=end)


def work_until(crew: Crew, condition: Callable[[], bool]) -> None:
    """Ends when the condition holds, although something hangs; gives up after a minute."""
    now = datetime.now(UTC)
    late = now + timedelta(seconds=60)
    crew.work_off(clock=lambda: late if condition() else datetime.now(UTC), end=late)


def test_all_that_is_due_is_delivered_and_each_attempt_kept(
    clinic: Clinic, receivers: Receivers, crews: list[Crew]
) -> None:
    listener = make_listener(handler=receivers, concurrency=8, keeps_attempts=True)
    rows = [owed(clinic, listener) for _ in range(30)]
    assert work(crew_for(listener, crews)) is False
    assert sorted(receivers.taken) == sorted(row.id for row in rows)
    assert {fresh(row).status for row in rows} == {"delivered"}
    (kept,) = attempts_of(rows[0])
    assert (kept.attempt, kept.succeeded, kept.response_status, kept.response_excerpt) == (1, True, 200, "thanks")


def test_one_that_hangs_holds_up_neither_others_nor_the_task(
    clinic: Clinic, receivers: Receivers, crews: list[Crew]
) -> None:
    hanging, healthy = new_uuid(), new_uuid()
    receivers.hanging.add(hanging)
    listener = make_listener(handler=receivers, concurrency=6, per_target=2)
    stuck = [owed(clinic, listener, target_id=hanging) for _ in range(9)]
    crew = crew_for(listener, crews)
    assert work(crew, seconds=0.3) is True
    rows = [owed(clinic, listener, target_id=healthy) for _ in range(9)]
    work_until(crew, lambda: {fresh(row).status for row in rows} == {"delivered"})
    assert {fresh(row).status for row in rows} == {"delivered"}
    assert sum(fresh(row).status == "leased" for row in stuck) == 1
    receivers.go_on.set()
    work(crew)
    assert {fresh(row).status for row in stuck} == {"delivered"}


def test_a_target_gets_no_more_at_once_than_its_share(clinic: Clinic) -> None:
    one, other = new_uuid(), new_uuid()
    listener = make_listener(concurrency=60, per_target=3)
    for target in (one, one, one, one, one, other):
        owed(clinic, listener, target_id=target)
    first = claim(listener=listener, limit=60).deliveries
    assert sorted(row.target_id for row in first) == sorted([one] * 3 + [other])
    assert claim(listener=listener, limit=60).deliveries == []


def test_the_more_is_hanging_the_less_anyone_gets(clinic: Clinic) -> None:
    listener = make_listener(concurrency=60, per_target=8)
    for _ in range(5):
        owed(clinic, listener, target_id=UUID(int=7))
    assert len(claim(listener=listener, limit=8).deliveries) == 2


@pytest.mark.parametrize(("seconds", "more"), [(10, 5), (30, 0)])
def test_a_target_that_keeps_something_for_long_gets_a_part_of_its_share(
    clinic: Clinic, seconds: int, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than this test takes, however slow the machine.
    monkeypatch.setattr(claims, "SLOW", timedelta(seconds=20))
    one, other = new_uuid(), new_uuid()
    listener = make_listener(concurrency=60, per_target=8)
    for _ in range(3):
        owed(clinic, listener, target_id=one)
    taken = claim(listener=listener, limit=60).deliveries
    assert len(taken) == 3
    with platform_scope(reason="test"):
        Delivery.objects.filter(id=taken[0].id).update(leased_until=F("leased_until") - timedelta(seconds=seconds))
    for target in (*[one] * 9, *[other] * 9):
        owed(clinic, listener, target_id=target)
    claimed = Counter(row.target_id for row in claim(listener=listener, limit=60).deliveries)
    assert claimed == Counter({one: more, other: 8}) - Counter()


def test_nobody_waits_behind_all_that_is_due_to_others(clinic: Clinic) -> None:
    one, other, last = new_uuid(), new_uuid(), new_uuid()
    listener = make_listener(concurrency=60, per_target=8)
    for target in (*[one] * 8, *[other] * 8, last):
        owed(clinic, listener, target_id=target)
    with platform_scope(reason="test"):
        Delivery.objects.filter(target_id=one).update(next_attempt_at=F("next_attempt_at") - timedelta(hours=1))
    claimed = Counter(row.target_id for row in claim(listener=listener, limit=16).deliveries)
    assert claimed == Counter({one: 4, other: 3, last: 1})


def test_what_waited_behind_another_follows_at_once(clinic: Clinic, crews: list[Crew]) -> None:
    seen: list[int] = []
    listener = make_listener(
        handler=lambda delivery, **kwargs: seen.append(delivery.event_id),
        concurrency=4,
    )
    subject = new_uuid()
    rows = [owed(clinic, listener, patient_id=subject) for _ in range(5)]
    work(crew_for(listener, crews))
    assert seen == [row.event_id for row in rows]


def test_handlers_are_prepared_and_told_in_the_platforms_scope(clinic: Clinic, crews: list[Crew]) -> None:
    prepared: list[Delivery] = []
    settled: list[Settled] = []

    def prepare(deliveries: Any) -> None:
        assert current_scope().practice_id is None
        prepared.extend(deliveries)

    def tell(outcomes: Any) -> None:
        assert current_scope().practice_id is None
        settled.extend(outcomes)

    def handler(**kwargs: Any) -> None:
        raise DeliveryFailed("http_503")

    listener = make_listener(
        handler=handler, schedule=(timedelta(hours=1),), concurrency=2, prepare=prepare, settled=tell
    )
    row = owed(clinic, listener)
    work(crew_for(listener, crews))
    assert [each.id for each in prepared] == [row.id]
    assert [(each.delivery.id, each.outcome) for each in settled] == [(row.id, "retried")]


def test_marks_are_made_when_postgresql_is_back(
    clinic: Clinic, receivers: Receivers, crews: list[Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, calls = working.settle, []

    def settling(**kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise OperationalError("the connection is closed")
        return settle(**kwargs)

    monkeypatch.setattr(working, "settle", settling)
    listener = make_listener(handler=receivers, concurrency=2)
    row = owed(clinic, listener)
    crew = crew_for(listener, crews)
    work(crew)
    wait_for(lambda: fresh(row).status == "delivered", what="the mark")
    assert receivers.taken == [row.id]


def test_one_that_cannot_be_marked_costs_no_other_its_mark(
    clinic: Clinic, crews: list[Crew], caplog: pytest.LogCaptureFixture
) -> None:
    """Else they would be sent again, all that were marked with it, and this process would mark nothing more."""
    odd: list[UUID] = []

    def tell(outcomes: Sequence[Settled]) -> None:
        if any(each.delivery.id in odd for each in outcomes):
            raise ValueError("a mistake of ours")

    listener = make_listener(concurrency=4, settled=tell)
    rows = [owed(clinic, listener) for _ in range(4)]
    odd.append(rows[1].id)
    crew = crew_for(listener, crews)
    work(crew)
    wait_for(lambda: sum("could not be marked" in line for line in log_lines(caplog)) == 1, what="the log")
    later = owed(clinic, listener)
    work(crew)
    statuses = [fresh(row).status for row in (*rows, later)]
    assert statuses == ["delivered", "leased", "delivered", "delivered", "delivered"]
