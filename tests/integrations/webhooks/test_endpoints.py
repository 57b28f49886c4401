"""Endpoints over the API: what managers may do with their own, and what an address may be."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.conf import LazySettings as Settings
from django.db import connection

from integrations.webhooks import endpoints, health
from integrations.webhooks.models import WebhookEndpoint
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Delivery
from mybcat.tenancy import platform_scope, practice_scope
from tests.api.rows import changes
from tests.callers import Caller
from tests.factories import Clinic
from tests.integrations.webhooks.conftest import Pipeline
from tests.mybcat.engine import in_thread
from tests.receivers import Receiver, status

Register = Callable[..., dict[str, Any]]
PATH = "/api/v2/webhook-endpoints"


def test_the_secret_is_shown_once_and_sealed(register: Register, manager: Caller) -> None:
    made = register(description="our CRM", enabledEvents=["appointment.*"])
    assert made["secret"].startswith("whsec_")
    path = f"{PATH}/{made['webhookEndpointId']}"
    shown = manager.get(path).json()
    assert shown == {key: value for key, value in made.items() if key not in ("secret", "previousSecretUntil")}
    assert manager.get(PATH).json() == {"data": [shown], "nextCursor": None}
    with platform_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM integrations_webhookendpoint")
        assert cursor.fetchone()[0].startswith("v1|")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://hooks.example.com/", "Only https"),
        ("https://127.0.0.1/", "full name"),
        ("https://2130706433/", "full name"),
        ("https://user:pass@hooks.example.com/", "No name and password"),
        ("https://hooks.example.com:22/", "Port 443"),
        ("https://does-not-exist.invalid/", "not known to DNS"),
        ("not an address", "no address"),
    ],
)
def test_an_address_is_judged_when_it_is_registered(manager: Caller, settings: Settings, url: str, says: str) -> None:
    settings.DEVELOPMENT = False
    with changes():
        answer = manager.post(PATH, {"url": url, "enabledEvents": ["*"]})
    assert answer.status_code == 400
    assert says in answer.content.decode()


def test_a_name_that_leads_inside_is_refused(manager: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.addresses.resolved", lambda *_: ["169.254.169.254"])
    with changes():
        answer = manager.post(PATH, {"url": "https://hooks.example.com/", "enabledEvents": ["*"]})
    assert answer.status_code == 400
    assert "not public" in answer.content.decode()


def test_nobody_waits_for_a_customer_s_dns_with_the_endpoint_locked(
    register: Register, manager: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever marks attempts writes down there how the endpoint fares, for several practices in one transaction."""
    made = register()
    locked: list[bool] = []

    def look() -> None:
        with platform_scope(reason="test"):
            rows = WebhookEndpoint.objects.select_for_update(skip_locked=True)
            locked.append(not rows.exists())

    def asked(*_: object) -> list[str]:
        thread = Thread(target=in_thread(look))
        thread.start()
        thread.join()
        return ["8.8.8.8"]

    monkeypatch.setattr("integrations.addresses.resolved", asked)
    answer = manager.patch(f"{PATH}/{made['webhookEndpointId']}", {"url": "https://hooks.example.com/"})
    assert (answer.status_code, locked) == (200, [False])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "https://hooks.example.com/"},
        {"url": "https://hooks.example.com/", "enabledEvents": []},
        {"url": "https://hooks.example.com/", "enabledEvents": ["appointment.eaten"]},
        {"url": "https://hooks.example.com/", "enabledEvents": ["webhook_endpoint.test"]},
        {"url": "https://hooks.example.com/", "enabledEvents": "*"},
        {"url": 5, "enabledEvents": ["*"]},
        {"url": "https://hooks.example.com/", "enabledEvents": ["*"], "secret": "mine"},
    ],
)
def test_bad_input_is_refused(manager: Caller, body: dict[str, Any]) -> None:
    with changes():
        assert manager.post(PATH, body).status_code == 400


def test_a_practice_has_at_most_fifty(register: Register, manager: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    made = register()
    with changes():
        answer = manager.post(PATH, {"url": made["url"], "enabledEvents": ["*"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_endpoints")


def test_what_is_changed_is_what_was_named(register: Register, manager: Caller, customer: Receiver) -> None:
    made = register()
    path = f"{PATH}/{made['webhookEndpointId']}"
    changed = manager.patch(path, {"url": f"{customer.url}/other", "enabledEvents": ["patient.*"]}).json()
    assert (changed["url"], changed["enabledEvents"]) == (f"{customer.url}/other", ["patient.*"])
    assert changed["status"] == "enabled"
    with changes():
        assert manager.patch(path, {"url": "http://10.0.0.1/"}).status_code == 400


def test_disabled_it_gets_nothing_and_enabled_again_what_was_missed_can_be_replayed(
    register: Register, manager: Caller, customer: Receiver, pipeline: Pipeline
) -> None:
    path = f"{PATH}/{register()['webhookEndpointId']}"
    customer.answers(status(500))
    pipeline.happen(count=3)
    pipeline.deliver()
    assert manager.patch(path, {"status": "disabled"}).json()["disabledBecause"] == "asked"
    pipeline.deliver()
    assert [row.status for row in pipeline.deliveries()] == ["dead"] * 3
    for act in ("test", "replay"):
        with changes():
            answer = manager.post(f"{path}/{act}", {})
        assert (answer.status_code, answer.json()["code"]) == (409, "endpoint_disabled")

    customer.answers(status(200))
    shown = manager.patch(path, {"status": "enabled"}).json()
    assert (shown["disabledBecause"], shown["failingSince"]) == (None, None)
    ids = [received.headers["webhook-id"] for received in customer.received]
    customer.received.clear()
    assert manager.post(f"{path}/replay", {}).json() == {"replayed": 3}
    pipeline.deliver()
    assert [row.status for row in pipeline.deliveries()] == ["delivered"] * 3
    assert sorted(received.headers["webhook-id"] for received in customer.received) == sorted(ids)


def test_deleted_it_hears_nothing_more_and_what_it_was_owed_is_discarded(
    register: Register, manager: Caller, customer: Receiver, pipeline: Pipeline
) -> None:
    made, kept = register(), register(url=f"{customer.url}/kept", enabledEvents=["appointment.*"])
    path = f"{PATH}/{made['webhookEndpointId']}"
    pipeline.happen()
    pipeline.deliver()
    customer.answers(status(500))
    pipeline.happen(count=2)
    pipeline.deliver()
    customer.answers(status(410))
    with platform_scope(reason="test"):
        Delivery.objects.filter(status="pending").update(next_attempt_at=pipeline.now)
    pipeline.work()
    customer.received.clear()
    states = [row.status for row in pipeline.deliveries()]
    assert sorted(states) == ["dead", "dead", "delivered"]
    assert len(manager.get("/api/v2/notices").json()["data"]) == 1

    answer = manager.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    pipeline.happen()
    pipeline.deliver()
    assert not customer.received
    assert sorted(row.status for row in pipeline.deliveries()) == ["delivered", "discarded", "discarded"]
    assert {row.discarded_because for row in pipeline.deliveries()} == {"", "endpoint deleted"}
    assert [each["webhookEndpointId"] for each in manager.get(PATH).json()["data"]] == [kept["webhookEndpointId"]]
    for told in ("/api/v2/notices", "/api/v2/dead-letters"):
        assert manager.get(told).json()["data"] == []
    # What arrived can still be looked at.
    (log,) = manager.get("/api/v2/webhook-deliveries", status="delivered").json()["data"]
    assert len(manager.get(f"/api/v2/webhook-deliveries/{log['deliveryId']}/attempts").json()["data"]) == 1
    with changes():
        assert manager.delete(path).status_code == 404


def test_what_waits_for_a_deleted_endpoint_is_discarded_too(
    register: Register, manager: Caller, customer: Receiver, pipeline: Pipeline
) -> None:
    customer.answers(status(500))
    path = f"{PATH}/{register()['webhookEndpointId']}"
    subject = new_uuid()
    pipeline.happen(subject=subject)
    pipeline.happen(subject=subject)
    pipeline.work()
    assert [row.status for row in pipeline.deliveries()] == ["pending", "held"]
    assert manager.delete(path).status_code == 204
    assert [row.status for row in pipeline.deliveries()] == ["discarded", "discarded"]


def test_every_act_is_on_record(register: Register, manager: Caller, clinic: Clinic) -> None:
    path = f"{PATH}/{register()['webhookEndpointId']}"
    manager.post(f"{path}/rotate-secret", {})
    manager.post(f"{path}/test", {})
    manager.patch(path, {"status": "disabled"})
    manager.delete(path)
    with practice_scope(clinic.practice.id):
        actions = AuditEntry.objects.filter(action__startswith="webhook_endpoint").order_by("at", "id")
        assert [entry.action.partition(".")[2] for entry in actions] == [
            "created",
            "secret_rotated",
            "tested",
            "changed",
            "deleted",
        ]


def test_an_endpoint_that_takes_nothing_for_five_days_is_given_up(
    register: Register, pipeline: Pipeline, customer: Receiver, manager: Caller
) -> None:
    register()
    customer.answers(status(500))
    pipeline.happen()
    pipeline.work()
    since = pipeline.endpoint().failing_since
    assert since is not None
    assert health.give_up_forgotten(now=since + timedelta(days=5) - timedelta(seconds=1)) == 0
    assert health.give_up_forgotten(now=since + timedelta(days=5)) == 1
    assert health.give_up_forgotten(now=since + timedelta(days=5)) == 0
    endpoint = pipeline.endpoint()
    assert (endpoint.status, endpoint.disabled_because) == ("disabled", "failing")
    (notice,) = manager.get("/api/v2/notices").json()["data"]
    assert notice["kind"] == "webhook.disabled"


def test_a_success_starts_the_five_days_anew(register: Register, pipeline: Pipeline, customer: Receiver) -> None:
    register()
    customer.answers(status(500), status(200))
    pipeline.happen()
    pipeline.work()
    assert pipeline.endpoint().failing_since is not None
    pipeline.pass_time(timedelta(seconds=9))
    pipeline.work()
    endpoint = pipeline.endpoint()
    assert endpoint.failing_since is None
    assert endpoint.last_success_at is not None


def test_another_practices_endpoint_cannot_be_touched(register: Register, other_clinic: Clinic) -> None:
    register()
    with practice_scope(other_clinic.practice.id):
        assert not WebhookEndpoint.objects.exists()
