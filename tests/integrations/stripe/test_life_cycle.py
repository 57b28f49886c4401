"""A practice's subscription follows what Stripe tells, in any order and however often."""

import itertools
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from threading import Event as Gate
from typing import Any

import pytest
from django.db.models import QuerySet

from integrations.stripe import inbound, life_cycle
from mybcat.models import AuditEntry
from mybcat.tenancy import platform_scope
from practices.models import FOREVER, Practice, Subscription
from tests.api.rows import changes
from tests.callers import together
from tests.integrations.stripe.telling import GRACE, NOW, T, change_practice, forget, standing, stored, tell
from tests.standins.stripe import body_of, event, invoice, subscription

UPDATED = "customer.subscription.updated"
DELETED = "customer.subscription.deleted"
APPLIED = {
    "integrations_inboundevent": 1,
    "practices_subscription": 1,
    "practices_practice": 0,
    "mybcat_auditentry": 1,
    # Whoever keeps the practice's context reads it anew: the next booking knows.
    "mybcat_epoch": 0,
}


def created(at: int = T, **members: Any) -> dict[str, Any]:
    return event("customer.subscription.created", subscription(**members), created=at)


def updated(at: int, *, before: str | None = None, **members: Any) -> dict[str, Any]:
    return event(UPDATED, subscription(**members), created=at, before={"status": before} if before else None)


def deleted(at: int, **members: Any) -> dict[str, Any]:
    return event(DELETED, subscription(**{"status": "canceled", **members}), created=at)


def paid(at: int, **members: Any) -> dict[str, Any]:
    return event("invoice.paid", invoice(**members), created=at)


def failed(at: int, **members: Any) -> dict[str, Any]:
    return event("invoice.payment_failed", invoice(**members), created=at)


@pytest.mark.parametrize("type", ["invoice.paid", "invoice.payment_succeeded"])
@pytest.mark.parametrize("shape", ["today's", "of before 2025-03-31"])
def test_a_paid_invoice_activates(customer: Practice, type: str, shape: str) -> None:  # noqa: A002
    told = invoice() if shape == "today's" else {**invoice(of=None), "subscription": "sub_1"}
    tell(created(status="incomplete"))
    assert standing(customer) == ("standard", [("sub_1", "incomplete")], None)
    assert tell(event(type, told, created=T + 1)) == ["applied"]
    assert standing(customer) == ("standard", [("sub_1", "active")], FOREVER)


def test_a_failed_payment_gives_grace_and_the_next_failure_no_more(customer: Practice) -> None:
    tell(created(status="active"))
    assert tell(failed(T + 100)) == ["applied"]
    until = NOW + timedelta(seconds=100) + GRACE
    assert standing(customer) == ("standard", [("sub_1", "past_due")], until)
    tell(failed(T + 90_000), updated(T + 90_001, status="past_due"))
    assert standing(customer)[2] == until
    tell(paid(T + 100_000))
    assert standing(customer) == ("standard", [("sub_1", "active")], FOREVER)
    tell(failed(T + 200_000))
    assert standing(customer)[2] == NOW + timedelta(seconds=200_000) + GRACE


def test_grace_is_as_long_as_the_setting_says(customer: Practice, settings: Any) -> None:
    settings.SUBSCRIPTION_GRACE_DAYS = 2
    tell(created(), failed(T + 1))
    assert standing(customer)[2] == NOW + timedelta(days=2, seconds=1)


def test_whoever_has_never_paid_gets_no_grace(customer: Practice) -> None:
    tell(created(status="incomplete"), failed(T + 1, billing_reason="subscription_create"))
    assert standing(customer) == ("standard", [("sub_1", "incomplete")], None)
    tell(updated(T + 90_000, status="incomplete_expired"))
    assert standing(customer) == ("standard", [("sub_1", "incomplete_expired")], None)


@pytest.mark.parametrize(
    ("status", "until"),
    [
        ("trialing", FOREVER),
        ("active", FOREVER),
        ("past_due", NOW + timedelta(seconds=5) + GRACE),
        ("unpaid", None),
        ("paused", None),
        ("incomplete", None),
        ("incomplete_expired", None),
        ("canceled", None),
    ],
)
def test_the_subscription_s_own_status_is_followed(customer: Practice, status: str, until: Any) -> None:
    tell(created(), updated(T + 5, status=status))
    assert standing(customer) == ("standard", [("sub_1", status)], until)


def test_deleting_ends_it_and_a_late_update_does_not_revive_it(customer: Practice) -> None:
    tell(created(), deleted(T + 50))
    ended = ("standard", [("sub_1", "canceled")], None)
    assert standing(customer) == ended
    assert tell(updated(T + 40)) == ["stale"]
    assert tell(paid(T + 60)) == ["stale"]
    tell(updated(T + 70))
    assert standing(customer) == ended


def test_the_plan_follows_the_price_and_an_unknown_price_changes_none(customer: Practice) -> None:
    tell(created(price="price_enterprise"))
    assert standing(customer)[0] == "enterprise"
    tell(updated(T + 1, price="price_of_another_product"))
    assert standing(customer)[0] == "enterprise"
    tell(updated(T + 2, price="price_standard", period_end=1_800_000_000, cancel_at_period_end=True))
    assert standing(customer)[0] == "standard"
    row = the_subscription()
    assert (row.current_period_end.timestamp(), row.cancel_at_period_end) == (1_800_000_000, True)


@pytest.mark.parametrize("status", ["unpaid", "paused", "canceled"])
def test_whoever_stops_paying_has_the_standard_plan(customer: Practice, status: str) -> None:
    tell(created(price="price_enterprise"), updated(T + 5, status=status, price="price_enterprise"))
    assert standing(customer) == ("standard", [("sub_1", status)], None)


def test_a_plan_that_operators_gave_outlasts_a_first_payment_that_failed(customer: Practice) -> None:
    change_practice(customer, plan="enterprise")
    tell(created(status="incomplete"), updated(T + 5, status="incomplete_expired"))
    assert standing(customer)[0] == "enterprise"


def the_subscription() -> Any:
    with platform_scope(reason="test"):
        return Subscription.objects.get()


def test_a_change_of_plan_is_not_lost_behind_a_newer_invoice(customer: Practice) -> None:
    """The invoice knows the newest status; the older update still knows the newest plan."""
    tell(created(), paid(T + 20))
    assert tell(updated(T + 10, price="price_enterprise", status="past_due")) == ["applied"]
    assert standing(customer) == ("enterprise", [("sub_1", "active")], FOREVER)


STORY = [
    created(T, status="incomplete"),
    paid(T + 1, billing_reason="subscription_create"),
    updated(T + 2, status="active", before="incomplete"),
    failed(T + 100),
    updated(T + 101, status="past_due", before="active", price="price_enterprise"),
    paid(T + 200),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(STORY))))[::17])
def test_a_story_ends_the_same_in_whatever_order_it_is_told(customer: Practice, order: tuple[int, ...]) -> None:
    tell(*(STORY[index] for index in order))
    assert standing(customer) == ("enterprise", [("sub_1", "active")], FOREVER)


SECOND = [
    created(T, status="incomplete"),
    paid(T, billing_reason="subscription_create"),
    updated(T, status="active", before="incomplete"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_events_of_one_second_are_put_in_order(customer: Practice, order: tuple[int, ...]) -> None:
    tell(*(SECOND[index] for index in order))
    assert standing(customer) == ("standard", [("sub_1", "active")], FOREVER)
    tell(*(deleted(T) if index == 1 else SECOND[index] for index in order))
    assert standing(customer) == ("standard", [("sub_1", "canceled")], None)


@pytest.mark.parametrize("turned", [False, True])
def test_two_updates_of_one_second_follow_one_another(customer: Practice, turned: bool) -> None:
    tell(created(T - 10, status="incomplete"))
    first, second = updated(T, status="active", before="incomplete"), updated(T, status="unpaid", before="active")
    tell(*((second, first) if turned else (first, second)))
    assert standing(customer)[1] == [("sub_1", "unpaid")]


def test_a_trial_is_not_paid_for_by_its_invoice_of_nothing(customer: Practice) -> None:
    nothing = paid(T, billing_reason="subscription_create", amount_paid=0)
    assert tell(nothing) == ["ignored"]
    tell(created(T, status="trialing"), {**nothing, "id": "evt_again"})
    assert standing(customer)[1] == [("sub_1", "trialing")]


def test_the_end_of_an_old_subscription_leaves_the_new_one_alone(customer: Practice) -> None:
    tell(created(T, id="sub_1"), created(T + 10, id="sub_2", price="price_enterprise"), deleted(T + 20, id="sub_1"))
    assert standing(customer) == ("enterprise", [("sub_1", "canceled"), ("sub_2", "active")], FOREVER)


def test_a_trial_of_ours_lasts_while_the_first_payment_is_awaited(customer: Practice) -> None:
    change_practice(customer, trial_ends_at=NOW + timedelta(days=3), entitled_until=NOW + timedelta(days=3))
    tell(created(status="incomplete"))
    assert standing(customer)[2] == NOW + timedelta(days=3)


def test_every_event_again_changes_nothing(customer: Practice) -> None:
    tell(*STORY)
    before = standing(customer)
    with changes(integrations_inboundevent=len(STORY)):
        again = tell(*({**each, "id": f"{each['id']}_again"} for each in STORY))
    assert again == ["stale"] * len(STORY)
    assert standing(customer) == before


def test_an_applied_event_is_on_record_and_others_leave_no_more_than_themselves(customer: Practice) -> None:
    with changes(**APPLIED):
        tell(created())
    with platform_scope(reason="test"):
        entry = AuditEntry.objects.get()
    assert (entry.practice_id, entry.principal_kind, entry.action) == (customer.id, "platform", "subscription.changed")


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (event("charge.refunded", {"id": "ch_1", "object": "charge", "customer": "cus_1"}, created=T), "ignored"),
        (event("invoice.finalized", invoice(), created=T), "ignored"),
        (event("customer.subscription.trial_will_end", subscription(), created=T), "ignored"),
        (paid(T, of=None), "ignored"),
        (paid(T, customer="cus_of_another_product"), "unknown_customer"),
        (created(customer=None), "unknown_customer"),
    ],
)
def test_what_is_none_of_our_business_is_kept_and_left(customer: Practice, told: dict[str, Any], outcome: str) -> None:
    with changes(integrations_inboundevent=1):
        assert tell(told) == [outcome]
    assert stored(told["id"]).status == "handled"


def test_no_event_reaches_a_practice_that_is_no_customer(clinic: Any, customer: Practice) -> None:
    """None finds whoever has none, unless it is made a text first."""
    change_practice(customer, stripe_customer_id=None)
    tell(paid(T, customer=None), deleted(T, customer=None))
    assert standing(customer) == ("standard", [], None)


def test_another_practice_is_not_touched(customer: Practice, other_clinic: Any) -> None:
    other = change_practice(other_clinic.practice, stripe_customer_id="cus_2")
    tell(created(status="unpaid"))
    assert standing(other) == ("standard", [], FOREVER)


def test_events_of_one_practice_at_once_end_as_one_after_the_other(customer: Practice) -> None:
    for _ in range(5):
        forget([customer])
        for each in STORY:
            inbound.store(event=each, body=body_of(each), now=NOW)
        together(4, lambda _: inbound.work_off(clock=lambda: NOW))
        assert standing(customer) == ("enterprise", [("sub_1", "active")], FOREVER)


def race_an_update_against_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both read the state before either writes, if nothing keeps them apart; then the update, older, writes last."""
    tell(created(T))
    for each in (deleted(T + 10), updated(T + 5, status="past_due")):
        inbound.store(event=each, body=body_of(each), now=NOW)
    both_have_read, ended, follow = Barrier(2), Gate(), life_cycle._follow_status

    def following(known: Subscription, told: Any, clock: int) -> bool:
        with suppress(BrokenBarrierError):
            both_have_read.wait(0.5)
            if told["type"] == UPDATED:
                ended.wait(5)
        return follow(known, told, clock)

    def handle_one(_: int) -> None:
        inbound._handle_next(now=NOW)
        ended.set()

    monkeypatch.setattr(life_cycle, "_follow_status", following)
    together(2, handle_one)


def test_an_update_that_races_the_end_does_not_revive(customer: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    race_an_update_against_the_end(monkeypatch)
    assert standing(customer)[1] == [("sub_1", "canceled")]


def test_without_the_practice_s_lock_it_would(customer: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the race above."""
    lock = QuerySet.select_for_update

    def only_events(rows: Any, **options: Any) -> Any:
        return rows if rows.model is Practice else lock(rows, **options)

    monkeypatch.setattr(QuerySet, "select_for_update", only_events)
    race_an_update_against_the_end(monkeypatch)
    assert standing(customer)[1] == [("sub_1", "past_due")]
