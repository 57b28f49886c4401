"""What was given up: managers are told, look at it, have it delivered again or throw it away."""

from collections.abc import Callable
from datetime import UTC, datetime
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command

from integrations.listeners import WEBHOOKS
from integrations.notices.services import mail_notices
from mybcat.ids import public_id
from mybcat.models import AuditEntry, Delivery
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from tests.api.rows import changes
from tests.callers import Caller
from tests.factories import Clinic, make_member
from tests.integrations.webhooks.conftest import Pipeline
from tests.mybcat.engine import attempts_of, fresh, make_listener, owed
from tests.receivers import Receiver, status

Register = Callable[..., dict[str, Any]]
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def die(pipeline: Pipeline, customer: Receiver, *, count: int = 1) -> list[Delivery]:
    """Deliveries of new events that end as dead, after their last attempt."""
    before = {row.id for row in pipeline.deliveries()}
    customer.answers(status(500))
    pipeline.happen(count=count)
    rows = [row for row in pipeline.deliveries() if row.id not in before]
    with platform_scope(reason="test"):
        Delivery.objects.filter(id__in=[row.id for row in rows]).update(attempts=WEBHOOKS.attempts - 1)
    pipeline.work()
    return rows


def test_deliveries_are_listed_from_either_end(register: Register, pipeline: Pipeline, manager: Caller) -> None:
    register()
    pipeline.happen(count=3)
    path = "/api/v2/webhook-deliveries"
    oldest = [row["deliveryId"] for row in manager.get(path).json()["data"]]
    assert len(oldest) == 3
    first = manager.get(path, order="newest", limit="2").json()
    second = manager.get(path, order="newest", limit="2", cursor=first["nextCursor"]).json()
    assert [row["deliveryId"] for row in [*first["data"], *second["data"]]] == oldest[::-1]
    assert second["nextCursor"] is None
    assert manager.get(path, order="oldest").json()["data"] == manager.get(path).json()["data"]
    refused = manager.get(path, order="random")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "#/order")


def test_managers_see_the_delivery_with_its_attempts_and_replay_it(
    register: Register, pipeline: Pipeline, customer: Receiver, manager: Caller, clinic: Clinic
) -> None:
    made = register()
    (row,) = die(pipeline, customer)
    first = customer.received.pop()
    path = f"/api/v2/webhook-deliveries/{public_id('whd', row.id)}"
    shown = manager.get(path).json()
    assert (shown["status"], shown["lastError"], shown["eventType"]) == ("dead", "http_500", "patient.updated")
    assert manager.get("/api/v2/webhook-deliveries", endpointId=made["webhookEndpointId"], status="dead").json()[
        "data"
    ] == [shown]
    (attempt,) = manager.get(f"{path}/attempts").json()["data"]
    assert (attempt["attempt"], attempt["responseStatus"], attempt["error"]) == (12, 500, "http_500")

    customer.answers(status(200, body=b"thanks"))
    answer = manager.post(f"{path}/replay", {})
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    pipeline.deliver()
    (again,) = customer.received
    assert (again.headers["webhook-id"], again.body) == (first.headers["webhook-id"], first.body)
    last = attempts_of(row)[-1]
    assert (last.attempt, last.trigger, last.response_status, last.response_excerpt) == (1, "manual", 200, "thanks")
    with changes():
        refused = manager.post(f"{path}/replay", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_not_dead")
    with practice_scope(clinic.practice.id):
        assert AuditEntry.objects.filter(action="delivery.replayed").count() == 1


def test_one_notice_counts_until_it_is_acknowledged(
    register: Register, pipeline: Pipeline, customer: Receiver, manager: Caller
) -> None:
    made = register()
    for _ in range(3):
        die(pipeline, customer)
    (notice,) = manager.get("/api/v2/notices").json()["data"]
    assert (notice["kind"], notice["count"]) == ("webhook.dead", 3)
    assert notice["webhookEndpointId"] == made["webhookEndpointId"]
    assert manager.post(f"/api/v2/notices/{notice['noticeId']}/acknowledge", {}).status_code == 200
    assert manager.get("/api/v2/notices").json()["data"] == []
    die(pipeline, customer)
    (anew,) = manager.get("/api/v2/notices").json()["data"]
    assert (anew["count"], anew["noticeId"] != notice["noticeId"]) == (1, True)


def test_managers_are_mailed_once_and_nobody_else(
    register: Register, pipeline: Pipeline, customer: Receiver, manager: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    second = make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)
    make_member(practice=other_clinic.practice, role=Role.PRACTICE_MANAGER)
    made = register(url=f"{customer.url}/a-secret-path")
    die(pipeline, customer, count=2)
    assert mail_notices(now=NOW) == 1
    assert mail_notices(now=NOW) == 0
    (message,) = mail.outbox
    assert len(message.to) == 2
    assert second.email in message.to
    assert clinic.agent.email not in message.to
    assert "So far: 2" in message.body
    assert customer.place in message.body
    for secret in ("a-secret-path", made["secret"]):
        assert secret not in message.body


def test_a_mail_that_did_not_leave_is_sent_later(
    register: Register, pipeline: Pipeline, customer: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    die(pipeline, customer)

    def away(*_: object, **__: object) -> None:
        raise SMTPServerDisconnected("Connection unexpectedly closed")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", away)
        assert mail_notices(now=NOW) == 0
    assert mail_notices(now=NOW) == 1
    assert len(mail.outbox) == 1


def test_what_was_mailed_before_a_kill_is_not_mailed_again(
    register: Register, pipeline: Pipeline, customer: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        register()
    die(pipeline, customer)
    send, left = EmailMessage.send, []

    def killed(message: EmailMessage) -> int:
        if left:
            raise KeyboardInterrupt
        left.append(message)
        return send(message)

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", killed)
        with pytest.raises(KeyboardInterrupt):
            mail_notices(now=NOW)
    assert mail_notices(now=NOW) == 1
    assert len(mail.outbox) == 2


def test_operators_replay_what_is_dead_of_one_endpoint_from_a_terminal(
    register: Register, pipeline: Pipeline, customer: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    made = register()
    die(pipeline, customer, count=3)
    customer.answers(status(200))
    call_command("webhooks", "replay", made["webhookEndpointId"])
    assert "3 deliveries" in capsys.readouterr().out
    pipeline.deliver()
    assert [row.status for row in pipeline.deliveries()] == ["delivered"] * 3


@pytest.fixture
def dead(clinic: Clinic) -> list[Delivery]:
    """Dead deliveries of two listeners."""
    rows = [owed(clinic, make_listener(name=name)) for name in ("crm", "crm", "notifications")]
    with platform_scope(reason="test"):
        Delivery.objects.update(status="dead", last_error="http_503", attempts=7)
    return rows


def ids(rows: list[Delivery]) -> list[str]:
    return [public_id("whd", row.id) for row in rows]


def test_dead_letters_of_all_listeners_are_in_one_place(manager: Caller, dead: list[Delivery]) -> None:
    listed = manager.get("/api/v2/dead-letters").json()["data"]
    assert [each["deliveryId"] for each in listed] == ids(dead)
    assert {(each["lastError"], each["attempts"], each["eventType"]) for each in listed} == {
        ("http_503", 7, "patient.updated")
    }
    crm = manager.get("/api/v2/dead-letters", listener="crm").json()["data"]
    assert [each["deliveryId"] for each in crm] == ids(dead[:2])


def test_many_are_replayed_or_none(manager: Caller, dead: list[Delivery], clinic: Clinic) -> None:
    answer = manager.post("/api/v2/dead-letters/replay", {"deliveryIds": ids(dead[:2])})
    assert (answer.status_code, answer.json()) == (202, {"count": 2})
    assert [fresh(row).status for row in dead] == ["pending", "pending", "dead"]
    with changes():
        assert manager.post("/api/v2/dead-letters/replay", {"deliveryIds": ids(dead)}).status_code == 409
        unknown = [*ids(dead[2:]), "whd_01m848prweekhr0mc0n2n7fq50"]
        assert manager.post("/api/v2/dead-letters/replay", {"deliveryIds": unknown}).status_code == 404
        assert manager.post("/api/v2/dead-letters/replay", {"deliveryIds": []}).status_code == 400


def test_discarded_they_are_gone_with_their_reason_on_record(
    manager: Caller, dead: list[Delivery], clinic: Clinic
) -> None:
    body = {"deliveryIds": ids(dead), "reason": "the CRM was replaced"}
    assert manager.post("/api/v2/dead-letters/discard", body).json() == {"count": 3}
    assert manager.get("/api/v2/dead-letters").json()["data"] == []
    assert {(fresh(row).status, fresh(row).discarded_because) for row in dead} == {
        ("discarded", "the CRM was replaced")
    }
    with practice_scope(clinic.practice.id):
        assert AuditEntry.objects.filter(action="delivery.discarded").count() == 3
    with changes():
        assert manager.post("/api/v2/dead-letters/discard", {"deliveryIds": ids(dead)}).status_code == 400
        assert manager.post("/api/v2/dead-letters/discard", body).status_code == 409


def test_another_practices_dead_letters_are_not_there(other_clinic: Clinic, dead: list[Delivery]) -> None:
    manager = Caller(make_member(practice=other_clinic.practice, role=Role.PRACTICE_MANAGER), other_clinic.practice)
    assert manager.get("/api/v2/dead-letters").json()["data"] == []
    for act, reason in (("replay", {}), ("discard", {"reason": "mine"})):
        answer = manager.post(f"/api/v2/dead-letters/{act}", {"deliveryIds": ids(dead), **reason})
        assert answer.status_code == 403
    assert {fresh(row).status for row in dead} == {"dead"}
