"""Managers see what of the plan is used: the limiter's own count, or that nobody knows it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection

from integrations.stripe import usage_views
from mybcat.gateway.counting import used
from mybcat.gateway.limits import Limit
from mybcat.volatile import Volatile
from tests.api.refusals import assert_forbidden
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, Partner
from tests.factories import Clinic
from tests.integrations.clients.conftest import MakePartner
from tests.integrations.stripe.telling import change_practice
from tests.mybcat.processes import Valkey

PATH = "/api/v2/billing/usage"


@pytest.fixture(autouse=True)
def _real_limits(settings: LazySettings) -> None:
    settings.RATE_LIMIT_FACTOR = 1


@pytest.fixture(autouse=True)
def redis_server(own_redis: Valkey) -> Valkey:
    """Of its own: empty at the beginning, and may hang."""
    return own_redis


def used_today(manager: Caller) -> int | None:
    found: int | None = manager.get(PATH).json()["requestsToday"]["used"]
    return found


def test_programs_of_the_practice_are_counted_together_and_people_are_not(
    manager: Caller, partner: Partner, partner_of: MakePartner, clinic: Clinic, other_clinic: Clinic
) -> None:
    before = datetime.now(UTC)
    with changes():
        answer = manager.get(PATH)
    after = datetime.now(UTC)
    shown = answer.json()
    refills = datetime.fromisoformat(shown["requestsToday"].pop("refillsAt"))
    assert (answer.status_code, shown) == (
        200,
        {"plan": "standard", "requestsToday": {"limit": 10_000, "used": 0}},
    )
    assert refills.time() == datetime.min.time()
    assert before.date() < refills.date() <= after.date() + timedelta(days=1)
    assert [partner.get("/api/v2/locations").status_code for _ in range(3)] == [200] * 3
    assert partner_of(clinic).get("/api/v2/patients").status_code == 200
    assert partner_of(other_clinic).get("/api/v2/patients").status_code == 200
    assert used_today(manager) == 4


def test_what_is_refused_is_not_counted_and_a_larger_plan_has_room_at_once(
    manager: Caller, partner: Partner, clinic: Clinic, redis_server: Valkey
) -> None:
    assert partner.get("/api/v2/locations").status_code == 200
    (key,) = redis_server.client.keys("mybcat:limit:daily:*")
    redis_server.client.set(key, 10_000, keepttl=True)
    assert partner.get("/api/v2/locations").status_code == 429
    assert used_today(manager) == 10_000
    change_practice(clinic.practice, plan="enterprise")
    shown = manager.get(PATH).json()
    assert (shown["plan"], shown["requestsToday"]["limit"], shown["requestsToday"]["used"]) == (
        "enterprise",
        1_000_000,
        10_000,
    )


def test_while_redis_is_away_it_is_unknown_and_not_nothing(
    manager: Caller, partner: Partner, redis_server: Valkey
) -> None:
    assert partner.get("/api/v2/locations").status_code == 200
    redis_server.hang()
    answer = manager.get(PATH)
    assert (answer.status_code, answer.json()["requestsToday"]["used"]) == (200, None)
    assert answer.json()["requestsToday"]["limit"] == 10_000


def test_no_transaction_waits_for_redis(manager: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def watched(*, limit: Limit, store: Volatile) -> int:
        seen.append(connection.in_atomic_block)
        return used(limit=limit, store=store)

    monkeypatch.setattr(usage_views, "used", watched)
    assert used_today(manager) == 0
    assert seen == [False]


def test_managers_alone_see_it(partner: Partner, clinic: Clinic) -> None:
    for caller in (Caller(clinic.agent, clinic.practice), partner):
        with changes(**REFUSED):
            answer = caller.get(PATH)
        assert answer.status_code == 403
    assert_forbidden(Caller(clinic.agent, clinic.practice).get(PATH))
