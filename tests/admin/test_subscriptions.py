"""Trials are set by operators, subscriptions by Stripe alone; its events can be handled anew."""

from datetime import UTC, datetime
from typing import Any

from django.test import Client

from integrations.models import InboundEvent
from mybcat.tenancy import platform_scope
from practices.models import FOREVER, Practice, Subscription, User
from tests.admin.conftest import Trail
from tests.admin.rows import Rows, make_inbound_event
from tests.admin.test_actions import act
from tests.admin.test_pages import page
from tests.factories import Clinic

LATER = datetime(2100, 6, 1, 12, tzinfo=UTC)


def save(desk: Client, practice: Practice | None, **fields: Any) -> Any:
    kept = {
        "name": "Bright Eyes Optometry",
        "time_zone": "America/New_York",
        "country": "US",
        "plan": "standard",
        "slot_minutes": "15",
        "horizon_days": "90",
        "trial_ends_at_0": "",
        "trial_ends_at_1": "",
    }
    where = page(Practice, "change", practice.pk) if practice else page(Practice, "add")
    answer = desk.post(where, {**kept, **fields})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return answer


def entitled(name: str = "Bright Eyes Optometry") -> datetime | None:
    with platform_scope(reason="test"):
        until: datetime | None = Practice.objects.get(name=name).entitled_until
        return until


def test_a_trial_is_prolonged_and_ended(desk: Client, clinic: Clinic) -> None:
    save(desk, clinic.practice, trial_ends_at_0="2100-06-01", trial_ends_at_1="12:00")
    assert entitled() == LATER
    save(desk, clinic.practice)
    assert entitled() is None


def test_ending_the_trial_of_a_subscriber_ends_nothing(desk: Client, clinic: Clinic) -> None:
    with platform_scope(reason="test"):
        Subscription.objects.create(practice=clinic.practice, stripe_id="sub_1", status="active")
    save(desk, clinic.practice)
    assert entitled() == FOREVER


def test_a_new_practice_may_book_as_long_as_its_trial_lasts(desk: Client) -> None:
    save(desk, None, name="New Eyes", trial_ends_at_0="2100-06-01", trial_ends_at_1="12:00")
    save(desk, None, name="No Trial")
    assert (entitled("New Eyes"), entitled("No Trial")) == (LATER, None)


def test_a_customer_belongs_to_one_practice_and_none_to_many(
    desk: Client, clinic: Clinic, other_clinic: Clinic
) -> None:
    save(desk, clinic.practice, stripe_customer_id="cus_1")
    save(desk, other_clinic.practice, name="Lakeside Vision")
    save(desk, None, name="Without")
    answer = desk.post(page(Practice, "change", other_clinic.practice.pk), {"stripe_customer_id": "cus_1"})
    assert answer.status_code == 200
    with platform_scope(reason="test"):
        assert list(Practice.objects.order_by("id").values_list("stripe_customer_id", flat=True)) == [
            "cus_1",
            None,
            None,
        ]


def test_dead_and_handled_events_are_replayed_and_that_is_on_record(
    desk: Client, operator: User, rows: Rows, trail: Trail
) -> None:
    dead, waiting = rows[InboundEvent], make_inbound_event(status="pending")
    assert "1 will be handled anew" in act(desk, "replay", dead, waiting).content.decode()
    with platform_scope(reason="test"):
        assert InboundEvent.objects.get(id=dead.id).status == "pending"
    (entry,) = trail.entries(action="stripe_event.replayed")
    assert (entry.principal_id, entry.object_ids) == (operator.id, [str(dead.id)])


def test_its_body_is_shown(desk: Client, rows: Rows) -> None:
    shown = desk.get(page(InboundEvent, "change", rows[InboundEvent].pk)).content.decode()
    assert "{&quot;id&quot;: &quot;evt_1&quot;}" in shown
