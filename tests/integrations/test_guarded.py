"""Calls to customers' addresses: over real sockets, to the address that was checked, within time and size."""

import socket
import ssl
from collections.abc import Iterator

import pytest
import trustme
from django.conf import LazySettings as Settings

from integrations import guarded
from integrations.addresses import AddressRefused
from integrations.guarded import Answer, CallFailed, post
from tests.receivers import Connection, Receiver, drip, drop, flood, hang, receiver, status

NAME = "hooks.example.com"


@pytest.fixture
def customer(settings: Settings) -> Iterator[Receiver]:
    with receiver() as running:
        settings.OUTBOUND_EXCEPTIONS = frozenset({running.place})
        yield running


def send(url: str, **options: object) -> Answer:
    return post(url=url, body=b'{"type":"x"}', headers={"webhook-id": "evt_1"}, **options)  # type: ignore[arg-type]


def code_of(url: str, **options: object) -> str:
    with pytest.raises(CallFailed) as failed:
        send(url, **options)
    return failed.value.code


def test_the_bytes_given_are_the_bytes_received(customer: Receiver) -> None:
    customer.answers(status(202, body=b"thanks", Retry_After="7"))
    assert send(f"{customer.url}/in?a=b") == Answer(202, "7", b"thanks")
    (received,) = customer.received
    assert (received.method, received.path, received.body) == ("POST", "/in?a=b", b'{"type":"x"}')
    assert received.headers["host"] == customer.place
    assert received.headers["webhook-id"] == "evt_1"


def test_a_redirect_is_an_answer(customer: Receiver) -> None:
    customer.answers(status(302, Location=f"{customer.url}/elsewhere"))
    assert send(customer.url).status == 302
    assert len(customer.received) == 1


def test_no_answer_has_a_reason(customer: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "HEAD", 0.3)
    for behaviour, code in ((drop, "connection_lost"), (hang, "timeout"), (drip, "timeout")):
        customer.answers(behaviour)
        assert code_of(customer.url) == code


def test_a_port_where_nobody_listens(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
    settings.OUTBOUND_EXCEPTIONS = frozenset({place})
    assert code_of(f"http://{place}/") == "connect_failed"


def test_a_body_without_end_is_left_after_64_kib(customer: Receiver) -> None:
    customer.answers(flood)
    assert send(customer.url) == Answer(200, "", b"x" * 1024)


def test_a_body_that_breaks_off_changes_nothing(customer: Receiver) -> None:
    def break_off(connection: Connection) -> None:
        connection.close_connection = True
        connection.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    customer.answers(break_off)
    assert send(customer.url).status == 200


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://metadata/"])
def test_a_refused_address_gets_no_connection(url: str) -> None:
    with pytest.raises(AddressRefused):
        send(url)


def test_a_name_is_judged_at_each_attempt(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name was good when it was registered, and is the metadata service's now."""
    dialled = []

    def connect(self: object, host: str, port: int, **_: object) -> object:
        dialled.append(host)
        raise guarded.httpcore.ConnectError

    monkeypatch.setattr(guarded.httpcore.SyncBackend, "connect_tcp", connect)
    answers = iter([["8.8.8.8"], ["169.254.169.254"]])
    url = f"https://{NAME}/"
    assert code_of(url, resolve=lambda *_: next(answers)) == "connect_failed"
    with pytest.raises(AddressRefused, match="private"):
        send(url, resolve=lambda *_: next(answers))
    assert dialled == ["8.8.8.8"]


def test_the_next_address_is_tried_when_one_does_not_answer(customer: Receiver) -> None:
    assert send(customer.url, resolve=lambda *_: ["127.0.0.9", "127.0.0.1"]).status == 200


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def secure(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_the_pinned_address_must_show_the_names_certificate(settings: Settings, authority: trustme.CA) -> None:
    for name, trusted in ((NAME, True), ("other.example.com", True), (NAME, False)):
        with receiver(context=secure(authority, name)) as running:
            place = f"{NAME}:{running.port}"
            settings.OUTBOUND_EXCEPTIONS = frozenset({place})
            options = {
                "resolve": lambda *_: ["127.0.0.1"],
                "context": trusting(authority) if trusted else ssl.create_default_context(),
            }
            if name == NAME and trusted:
                assert send(f"https://{place}/", **options).status == 200
                assert running.received[0].headers["host"] == place
            else:
                assert code_of(f"https://{place}/", **options) == "tls_failed"
                assert running.received == []


def test_a_handshake_that_never_ends(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "CONNECT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"{NAME}:{silent.getsockname()[1]}"
        settings.OUTBOUND_EXCEPTIONS = frozenset({place})
        assert code_of(f"https://{place}/", resolve=lambda *_: ["127.0.0.1"]) == "timeout"
