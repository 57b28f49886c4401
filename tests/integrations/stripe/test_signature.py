"""Stripe's signature, made by Stripe's own package and checked by us."""

from datetime import UTC, datetime, timedelta

import pytest
import stripe as sdk
from hypothesis import given
from hypothesis import strategies as st

from integrations.stripe.signature import BadSignature, verify
from tests.standins.stripe import SECRET, signature

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
T = int(NOW.timestamp())
OLD_SECRET = "whsec_theonebefore"
BODY = '{\n  "id": "evt_1", "name": "Zoë"\n}'.encode()
GOOD = signature(BODY, at=T)


def accepted(header: str, *, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,), now: datetime = NOW) -> bool:
    try:
        verify(body=body, header=header, secrets=secrets, now=now)
    except BadSignature:
        return False
    return True


def test_a_vector_of_the_vendor_s_package() -> None:
    """Computed once with stripe 16.1, so that its package and ours cannot be wrong together."""
    vector = "t=1772366400,v1=e605a8ff5185841fdce88434d03ae40a15d793f466db5a3e919c5c62a7f6eefa"
    assert vector == GOOD
    assert accepted(vector)


def test_one_of_two_secrets_is_enough_while_they_are_exchanged() -> None:
    both = (SECRET, OLD_SECRET)
    assert accepted(GOOD, secrets=both)
    assert accepted(signature(BODY, at=T, secret=OLD_SECRET), secrets=both)
    assert not accepted(signature(BODY, at=T, secret=OLD_SECRET))
    assert not accepted(GOOD, secrets=())


def test_any_of_several_signatures_is_enough_and_other_schemes_count_nothing() -> None:
    digest = GOOD.split("v1=")[1]
    assert accepted(f"t={T},v1={'0' * 64},v1={digest},v0={'1' * 64}")
    assert accepted(f"t={T},v0={'1' * 64}, v1={digest}")
    assert not accepted(f"t={T},v0={digest}")


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_it_may_be_five_minutes_old_or_of_the_future(seconds: int, good: bool) -> None:
    assert accepted(GOOD, now=NOW + timedelta(seconds=seconds)) is good


@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        "=",
        "t=",
        f"t={T}",
        f"v1={'0' * 64}",
        GOOD.replace("v1=", "v1=0"),
        GOOD[:-1],
        GOOD.upper(),
        GOOD.replace(f"t={T}", f"t={T + 1}"),
        GOOD.replace(f"t={T}", "t=soon"),
        GOOD.replace(f"t={T}", f"t={T}.0"),
        GOOD.replace(f"t={T}", f"t=+{T}"),
        GOOD.replace(f"t={T}", f"t={'9' * 5000}"),
        GOOD.replace(f"t={T}", f"t={T},t={T}"),
        GOOD.replace("v1=", "v1=é"),
        "t=1,v1=" * 2000,
    ],
)
def test_anything_else_is_refused(header: str) -> None:
    assert not accepted(header)


@pytest.mark.parametrize(
    "body", [BODY[:-1], BODY + b"\n", BODY.replace(b"\n", b""), BODY.replace(b"evt_1", b"evt_2"), b"", b"\xff\xfe"]
)
def test_the_bytes_count_not_what_they_mean(body: bytes) -> None:
    assert not accepted(GOOD, body=body)


def test_a_body_that_is_no_utf_8_is_refused_not_failed() -> None:
    """The vendor's own check fails on it, which would be a 500."""
    with pytest.raises(UnicodeDecodeError):
        sdk.WebhookSignature.verify_header(b"\xff", GOOD, SECRET)
    assert not accepted(GOOD, body=b"\xff")


def test_the_vendor_s_own_check_takes_what_is_of_the_future() -> None:
    """Why ours is not theirs."""
    future = int(datetime.now(UTC).timestamp()) + 86_400
    assert sdk.WebhookSignature.verify_header(BODY, signature(BODY, at=future), SECRET, tolerance=300)
    assert not accepted(signature(BODY, at=future), now=datetime.now(UTC))


@given(body=st.text().map(lambda text: text.encode("utf-8", "ignore")), secret=st.text(alphabet="abcW_019", min_size=1))
def test_whatever_the_vendor_signs_is_accepted(body: bytes, secret: str) -> None:
    assert accepted(signature(body, at=T, secret=secret), body=body, secrets=(secret,))


@given(header=st.text())
def test_no_header_is_a_failure_of_ours(header: str) -> None:
    assert not accepted(header)
