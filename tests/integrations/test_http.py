"""Calls to vendors: our correlation id, no proxy, no redirect, and three careful repetitions."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from integrations.http import PAUSE, vendor_client
from mybcat.correlation import correlated
from tests.receivers import Receiver, drop, receiver, status


@pytest.fixture
def vendor() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(vendor: Receiver, slept: list[float]) -> Iterator[httpx.Client]:
    with vendor_client(base_url=vendor.url, headers={"Authorization": "Bearer x"}, sleep=slept.append) as calling:
        yield calling


def test_a_call_carries_the_correlation_id_and_the_vendors_headers(client: httpx.Client, vendor: Receiver) -> None:
    with correlated("booking-4711"):
        client.post("/messages", json={"to": "x"})
    client.get("/messages")
    posted, got = vendor.received
    assert (posted.method, posted.path, posted.body) == ("POST", "/messages", b'{"to":"x"}')
    assert posted.headers["x-correlation-id"] == "booking-4711"
    assert posted.headers["authorization"] == "Bearer x"
    assert posted.headers["user-agent"] == "MyBCAT/1"
    assert "x-correlation-id" not in got.headers


def test_a_failing_vendor_is_asked_three_more_times_2_s_apart(
    client: httpx.Client, vendor: Receiver, slept: list[float]
) -> None:
    vendor.answers(status(503))
    assert client.get("/").status_code == 503
    assert (len(vendor.received), slept) == (4, [2, 2, 2])


def test_the_first_good_answer_ends_it(client: httpx.Client, vendor: Receiver, slept: list[float]) -> None:
    vendor.answers(status(500), status(200))
    assert client.get("/").status_code == 200
    assert (len(vendor.received), slept) == (2, [2])


@pytest.mark.parametrize("code", [301, 400, 404, 409, 429])
def test_any_other_answer_is_final(client: httpx.Client, vendor: Receiver, slept: list[float], code: int) -> None:
    vendor.answers(status(code, Location=f"{vendor.url}/elsewhere"))
    assert client.get("/").status_code == code
    assert (len(vendor.received), slept) == (1, [])


def test_a_lost_answer_is_final(client: httpx.Client, vendor: Receiver, slept: list[float]) -> None:
    vendor.answers(drop)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/")
    assert (len(vendor.received), slept) == (1, [])


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_acted_is_not_repeated(
    client: httpx.Client, vendor: Receiver, slept: list[float], method: str
) -> None:
    vendor.answers(status(500))
    assert client.request(method, "/").status_code == 500
    assert (len(vendor.received), slept) == (1, [])


@pytest.mark.parametrize(
    "promise",
    [
        {"headers": {"Idempotency-Key": "msg-1"}},
        {"headers": {"I-Twilio-Idempotency-Token": "msg-1"}},
        {"extensions": {"repeatable": True}},
    ],
)
def test_unless_the_vendor_can_tell_a_repetition(client: httpx.Client, vendor: Receiver, promise: dict) -> None:
    vendor.answers(status(500), status(201))
    assert client.post("/", content=b"once", **promise).status_code == 201
    assert [each.body for each in vendor.received] == [b"once", b"once"]


def test_a_slow_vendor_is_not_asked_beyond_the_attempts_time(
    client: httpx.Client, vendor: Receiver, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.http.PATIENCE", PAUSE - timedelta(seconds=1))
    vendor.answers(status(500))
    assert client.get("/").status_code == 500
    assert (len(vendor.received), slept) == (1, [])


def test_addresses_of_calls_are_not_logged(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    """A vendor's address may hold what identifies a patient."""
    client.get("/contacts/ada@patients.example")
    assert not caplog.records


def test_a_proxy_of_the_environment_is_ignored(
    client: httpx.Client, vendor: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with vendor_client(base_url=vendor.url) as calling:
        assert calling.get("/").status_code == 200
