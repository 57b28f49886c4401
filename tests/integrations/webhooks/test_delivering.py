"""Webhooks on their way: the schedule, what ends it, and what is kept. Real receivers; time moves by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest
from django.conf import LazySettings as Settings
from django.db import connection
from django.db.models import F

from integrations import guarded
from integrations.listeners import WEBHOOKS
from integrations.webhooks.sending import retry_after
from mybcat.deliveries import due_listeners
from mybcat.ids import public_id
from mybcat.models import TargetPause
from mybcat.settling import JITTER
from mybcat.tenancy import platform_scope, practice_scope
from tests.callers import Caller
from tests.factories import Clinic
from tests.integrations.webhooks.conftest import Pipeline
from tests.mybcat.engine import NOW, attempts_of, log_lines
from tests.receivers import Receiver, drop, hang, receiver, status

Register = Callable[..., dict[str, Any]]
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# contracts: after the first attempt.
OFFSETS = [
    5 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR, 48 * HOUR,
    72 * HOUR,
]  # fmt: skip


def test_the_body_says_what_happened_by_ids_alone(
    register: Register, pipeline: Pipeline, customer: Receiver, clinic: Clinic
) -> None:
    register()
    (event,) = pipeline.happen()
    pipeline.deliver()
    (received,) = customer.received
    assert (received.method, received.path) == ("POST", "/in")
    assert orjson.loads(received.body) == {
        "id": public_id("evt", event.id),
        "type": "patient.updated",
        "timestamp": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "practiceId": public_id("prac", clinic.practice.id),
        "sequence": 1,
        "data": event.data,
    }
    (delivery,) = pipeline.deliveries()
    assert delivery.status == "delivered"
    (kept,) = attempts_of(delivery)
    assert (kept.succeeded, kept.response_status, kept.trigger) == (True, 200, "scheduled")


def test_twelve_attempts_within_72_hours_then_it_is_dead(
    register: Register, pipeline: Pipeline, customer: Receiver
) -> None:
    register()
    customer.answers(status(500, body=b"out of order\x00"))
    pipeline.happen()
    assert pipeline.work() == 1
    first = pipeline.deliveries()[0].first_attempt_at
    assert first is not None
    for number, offset in enumerate(OFFSETS, start=1):
        (delivery,) = pipeline.deliveries()
        assert delivery.first_attempt_at is not None
        planned = delivery.next_attempt_at - delivery.first_attempt_at
        assert offset <= planned <= offset * (1 + JITTER) + 2 * SECOND, number
        # Half a second too early nothing happens.
        early = delivery.next_attempt_at - datetime.now(UTC) - SECOND / 2
        pipeline.pass_time(max(early, timedelta()))
        assert early < timedelta() or pipeline.work() == 0
        pipeline.pass_time(SECOND)
        assert pipeline.work() == 1
    (delivery,) = pipeline.deliveries()
    assert (delivery.status, delivery.attempts, delivery.last_error) == ("dead", 12, "http_500")
    pipeline.pass_time(100 * HOUR)
    assert pipeline.work() == 0

    assert len(customer.received) == 12
    assert len({(each.headers["webhook-id"], each.body) for each in customer.received}) == 1
    times = [int(each.headers["webhook-timestamp"]) for each in customer.received]
    assert times == sorted(times)
    kept = attempts_of(delivery)
    assert [each.attempt for each in kept] == list(range(1, 13))
    assert {(each.response_status, each.response_excerpt) for each in kept} == {(500, "out of order\ufffd")}


def test_a_secret_that_does_not_open_costs_no_other_endpoint_its_deliveries(
    register: Register, pipeline: Pipeline, customer: Receiver, clinic: Clinic
) -> None:
    register()
    spoilt = register(url=f"{customer.url}/spoilt")["webhookEndpointId"]
    with practice_scope(clinic.practice.id), connection.cursor() as cursor:
        # Copied by hand from the other's row.
        cursor.execute("""
            UPDATE integrations_webhookendpoint SET secret = good.secret FROM integrations_webhookendpoint AS good
            WHERE good.url LIKE '%/in' AND integrations_webhookendpoint.url LIKE '%/spoilt'
        """)
    pipeline.happen(count=2)
    assert pipeline.work() == 4
    assert [each.path for each in customer.received] == ["/in", "/in"]
    for each in pipeline.deliveries():
        expected = ("pending", "Unreadable") if public_id("whep", each.target_id) == spoilt else ("delivered", "")
        assert (each.status, each.last_error) == expected


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (status(302, Location="http://127.0.0.1/"), "http_302"),
        (status(400), "http_400"),
        (status(404), "http_404"),
        (status(503), "http_503"),
        (drop, "connection_lost"),
        (hang, "timeout"),
    ],
)
def test_anything_but_2xx_is_tried_again(
    register: Register,
    pipeline: Pipeline,
    customer: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: Any,
    error: str,
) -> None:
    monkeypatch.setattr(guarded, "HEAD", 0.5)
    register()
    customer.answers(behaviour)
    pipeline.happen()
    pipeline.work()
    (delivery,) = pipeline.deliveries()
    assert (delivery.status, delivery.attempts, delivery.last_error) == ("pending", 1, error)
    assert len(customer.received) == 1


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(register: Register, pipeline: Pipeline, customer: Receiver, code: int) -> None:
    register()
    customer.answers(status(code))
    pipeline.happen()
    pipeline.work()
    assert pipeline.deliveries()[0].status == "delivered"


def test_a_receiver_that_asks_for_patience_gets_it(register: Register, pipeline: Pipeline, customer: Receiver) -> None:
    register()
    for header, least, most in (
        ("7200", 2 * HOUR, 2 * HOUR),
        ("1", 5 * SECOND, 8 * SECOND),
        ("soon", 0 * HOUR, MINUTE),
    ):
        customer.answers(status(429, Retry_After=header))
        pipeline.happen()
        pipeline.work()
        delivery = pipeline.deliveries()[-1]
        wait = delivery.next_attempt_at - datetime.now(UTC)
        assert least - 2 * SECOND < wait <= most + SECOND, header
        # The endpoint's own patience is up; see the next test.
        TargetPause.objects.all().delete()


def test_a_receiver_that_asks_for_patience_is_sent_nothing_else_meanwhile(
    register: Register, pipeline: Pipeline, customer: Receiver, settings: Settings
) -> None:
    with receiver() as other:
        settings.OUTBOUND_EXCEPTIONS |= {other.place}
        register()
        register(url=other.url)
        customer.answers(status(429, Retry_After="600"))
        pipeline.happen()
        pipeline.deliver()
        customer.answers(status(200))
        pipeline.happen(count=5)
        pipeline.deliver()
        assert due_listeners() == []
        pipeline.pass_time(timedelta(minutes=9, seconds=50))
        pipeline.deliver()
        assert (len(customer.received), len(other.received)) == (1, 6)

        pipeline.pass_time(timedelta(seconds=11))
        assert due_listeners() == [WEBHOOKS]
        pipeline.deliver()
        assert (len(customer.received), len(other.received)) == (7, 6)
    assert {(row.status, row.attempts) for row in pipeline.deliveries()} == {("delivered", 1), ("delivered", 2)}


def test_one_answer_holds_an_endpoint_up_for_an_hour_at_most_and_a_new_address_not_at_all(
    register: Register, pipeline: Pipeline, customer: Receiver, manager: Caller
) -> None:
    path = f"/api/v2/webhook-endpoints/{register()['webhookEndpointId']}"
    for again in (lambda: pipeline.pass_time(HOUR), lambda: manager.patch(path, {"url": f"{customer.url}/other"})):
        customer.received.clear()
        customer.answers(status(503, Retry_After="86400"))
        pipeline.happen()
        pipeline.deliver()
        customer.answers(status(200))
        pipeline.happen()
        pipeline.deliver()
        assert len(customer.received) == 1
        again()
        pipeline.deliver()
        assert len(customer.received) == 2


@pytest.mark.parametrize(("code", "wait"), [(429, SECOND), (502, 5 * SECOND), (503, 5 * SECOND), (504, 5 * SECOND)])
def test_a_receiver_that_is_too_busy_is_left_alone_for_a_moment_without_asking(
    register: Register, pipeline: Pipeline, customer: Receiver, code: int, wait: timedelta
) -> None:
    register()
    customer.answers(status(code))
    pipeline.happen()
    pipeline.deliver()
    customer.answers(status(200))
    pipeline.happen(count=5)
    # Else a slow machine's seconds would be the test's.
    with platform_scope(reason="test"):
        TargetPause.objects.update(until=F("until") + HOUR)
    pipeline.deliver()
    assert len(customer.received) == 1
    pipeline.pass_time(HOUR + wait)
    pipeline.deliver()
    assert len(customer.received) == 7


def test_any_other_failure_is_of_one_delivery(register: Register, pipeline: Pipeline, customer: Receiver) -> None:
    register()
    customer.answers(status(500))
    pipeline.happen()
    pipeline.deliver()
    customer.answers(status(200))
    pipeline.happen()
    pipeline.deliver()
    assert pipeline.deliveries()[1].status == "delivered"
    assert not TargetPause.objects.exists()


@pytest.mark.parametrize(
    "header",
    ["9" * 5000, "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "-5", "\xb2"],
    ids=["long", "late", "negative", "odd"],
)
def test_what_cannot_be_read_is_an_answer_like_any_other(
    register: Register, pipeline: Pipeline, customer: Receiver, header: str
) -> None:
    register()
    customer.answers(status(500, body=b"sorry", Retry_After=header))
    pipeline.happen()
    pipeline.work()
    (delivery,) = pipeline.deliveries()
    (attempt,) = attempts_of(delivery)
    assert (delivery.last_error, attempt.response_status, attempt.response_excerpt) == ("http_500", 500, "sorry")


def test_a_date_to_come_back_at() -> None:
    assert retry_after(format_datetime(NOW + HOUR, usegmt=True), now=NOW) == HOUR
    assert retry_after(format_datetime(NOW - HOUR, usegmt=True), now=NOW) == timedelta()
    assert retry_after("", now=NOW) is None


def test_410_disables_the_endpoint_and_ends_what_waits_for_it(
    register: Register, pipeline: Pipeline, customer: Receiver, manager: Caller
) -> None:
    register()
    customer.answers(status(500))
    pipeline.happen()
    pipeline.work()
    customer.answers(status(410))
    pipeline.happen()
    pipeline.deliver()
    endpoint = pipeline.endpoint()
    assert (endpoint.status, endpoint.disabled_because) == ("disabled", "gone")
    assert [(row.status, row.last_error) for row in pipeline.deliveries()] == [
        ("dead", "endpoint_disabled"),
        ("dead", "http_410"),
    ]
    assert len(customer.received) == 2
    pipeline.happen()
    assert len(pipeline.deliveries()) == 2
    (notice,) = manager.get("/api/v2/notices").json()["data"]
    assert (notice["kind"], notice["count"]) == ("webhook.disabled", 1)


def test_each_endpoint_has_a_delivery_of_its_own(
    register: Register, pipeline: Pipeline, customer: Receiver, settings: Settings
) -> None:
    with receiver() as other:
        settings.OUTBOUND_EXCEPTIONS |= {other.place}
        register()
        register(url=other.url)
        customer.answers(status(500))
        pipeline.happen()
        pipeline.work()
        assert sorted(row.status for row in pipeline.deliveries()) == ["delivered", "pending"]
        assert (len(customer.received), len(other.received)) == (1, 1)


@pytest.mark.parametrize(
    ("patterns", "heard"),
    [
        (["*"], True),
        (["patient.*"], True),
        (["patient.updated"], True),
        (["appointment.*", "patient.created"], False),
    ],
)
def test_an_endpoint_hears_of_what_it_subscribes_to(
    register: Register, pipeline: Pipeline, patterns: list[str], heard: bool
) -> None:
    register(enabledEvents=patterns)
    pipeline.happen()
    assert bool(pipeline.deliveries()) is heard


def test_another_practices_events_are_none_of_its_business(
    register: Register, pipeline: Pipeline, other_clinic: Clinic
) -> None:
    register()
    Pipeline(other_clinic).happen()
    assert pipeline.deliveries() == []


def test_a_test_event_reaches_its_endpoint_alone(
    register: Register, pipeline: Pipeline, customer: Receiver, manager: Caller
) -> None:
    tested = register(enabledEvents=["appointment.booked"])
    register()
    answer = manager.post(f"/api/v2/webhook-endpoints/{tested['webhookEndpointId']}/test", {})
    assert answer.status_code == 202
    pipeline.relay()
    pipeline.deliver()
    (received,) = customer.received
    assert received.headers["webhook-id"] == answer.json()["eventId"]
    body = orjson.loads(received.body)
    assert (body["type"], body["data"]) == (
        "webhook_endpoint.test",
        {"webhookEndpointId": tested["webhookEndpointId"]},
    )


def test_a_name_that_leads_inside_since_it_was_registered_gets_nothing(
    register: Register, pipeline: Pipeline, customer: Receiver, settings: Settings
) -> None:
    register()
    settings.OUTBOUND_EXCEPTIONS = frozenset()
    pipeline.happen()
    pipeline.work()
    assert pipeline.deliveries()[0].last_error == "address_host"
    assert customer.received == []


def test_logs_hold_neither_address_nor_secret(
    register: Register, pipeline: Pipeline, customer: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    made = register(url=f"{customer.url}/token-in-the-path")
    customer.answers(status(500, body=b"Ada Okafor"))
    pipeline.happen()
    pipeline.work()
    lines = "\n".join(log_lines(caplog))
    assert "Delivery did not succeed" in lines
    for secret in ("token-in-the-path", made["secret"], "Okafor"):
        assert secret not in lines


def test_a_practices_events_arrive_in_the_order_of_their_subject(
    register: Register, pipeline: Pipeline, customer: Receiver, clinic: Clinic
) -> None:
    register()
    customer.answers(status(500), status(200))
    pipeline.happen(count=3, subject=clinic.patient.id)
    pipeline.deliver()
    assert len(customer.received) == 1
    pipeline.pass_time(MINUTE)
    pipeline.deliver()
    assert [orjson.loads(each.body)["sequence"] for each in customer.received] == [1, 1, 2, 3]
