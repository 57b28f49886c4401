"""Signatures: as the specification's own example has them, and as two independent libraries check them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import standardwebhooks
import stripe

from integrations.webhooks.signing import new_secret, signed_headers
from mybcat.ids import public_id
from tests.callers import Caller
from tests.integrations.webhooks.conftest import Pipeline
from tests.receivers import Received, Receiver

Register = Callable[..., dict[str, Any]]


def checked(received: Received, secret: str) -> None:
    """Raises unless both signatures are by this secret."""
    standardwebhooks.Webhook(secret).verify(received.body, dict(received.headers))
    stripe.WebhookSignature.verify_header(received.body.decode(), received.headers["mybcat-signature"], secret, 300)


def is_signed(received: Received, secret: str) -> bool:
    try:
        checked(received, secret)
    except (standardwebhooks.WebhookVerificationError, stripe.SignatureVerificationError):
        return False
    return True


def test_the_example_of_the_specification() -> None:
    headers = signed_headers(
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        keys=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        now=datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_long_and_never_the_same() -> None:
    one, other = new_secret(), new_secret()
    assert one != other
    assert one.startswith("whsec_")
    assert len(one) == len("whsec_") + 44


def test_what_arrives_is_checked_by_both_libraries(register: Register, pipeline: Pipeline, customer: Receiver) -> None:
    secret = register()["secret"]
    (event,) = pipeline.happen()
    pipeline.deliver()
    (received,) = customer.received
    checked(received, secret)
    assert received.headers["webhook-id"] == public_id("evt", event.id)
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"] == "MyBCAT-Webhooks/1"
    assert received.headers["x-correlation-id"] == event.correlation_id
    assert not is_signed(received, new_secret())


def test_both_secrets_sign_for_24_hours_after_a_rotation(
    register: Register, pipeline: Pipeline, customer: Receiver, manager: Caller
) -> None:
    made = register()
    path = f"/api/v2/webhook-endpoints/{made['webhookEndpointId']}"
    rotated = manager.post(f"{path}/rotate-secret", {}).json()
    assert rotated["secret"] != made["secret"]
    assert "secret" not in manager.get(path).json()

    pipeline.happen()
    pipeline.deliver()
    both = customer.received.pop()
    checked(both, made["secret"])
    checked(both, rotated["secret"])
    assert both.headers["webhook-signature"].count("v1,") == both.headers["mybcat-signature"].count("v1=") == 2

    pipeline.now += timedelta(hours=24, seconds=5)
    pipeline.happen()
    pipeline.deliver()
    one = customer.received.pop()
    assert one.headers["webhook-signature"].count("v1,") == 1
    assert one.headers["mybcat-signature"].count("v1=") == 1


@pytest.mark.parametrize("change", ["body", "id", "timestamp"])
def test_a_changed_message_is_no_longer_signed(
    register: Register, pipeline: Pipeline, customer: Receiver, change: str
) -> None:
    secret = register()["secret"]
    pipeline.happen()
    pipeline.deliver()
    (received,) = customer.received
    headers, body = dict(received.headers), received.body
    if change == "body":
        body = body.replace(b"patient", b"Patient", 1)
    else:
        headers[f"webhook-{change}"] = {"id": "evt_other", "timestamp": str(int(headers["webhook-timestamp"]) + 1)}[
            change
        ]
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(body, headers)
