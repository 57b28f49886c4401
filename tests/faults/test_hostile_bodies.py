"""Bodies over a real socket: too large, without a length, unfinished, or with a request hidden inside."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from tests.faults.agents import Agent, Office, each
from tests.faults.product import PATIENCE, Api, Product

pytestmark = pytest.mark.processes

MEBIBYTE = 1024 * 1024
HEADERS = b"Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
SIGN_IN = b"POST /api/auth/token HTTP/1.1\r\n" + HEADERS
# Seconds without a byte, after which nothing more is expected: once what must come has come.
SILENCE = 1.0


@contextmanager
def connected(api: Api) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", api.port), timeout=PATIENCE) as connection:
        yield connection


def exchange(api: Api, sent: bytes, *, answers: int = 1) -> bytes:
    """All that comes back on a connection of its own: so many answers, and more until it is closed or falls silent."""
    received = b""
    with connected(api) as connection:
        try:
            connection.sendall(sent)
            while piece := connection.recv(65536):
                received += piece
                if len(statuses(received)) >= answers:
                    connection.settimeout(SILENCE)
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
    return received


def statuses(received: bytes) -> list[int]:
    """Of all answers on one connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


def booking(agent: Agent, slot: int, *, key: str) -> bytes:
    """A whole and valid request, as bytes."""
    office = agent.office
    body = json.dumps({"patientId": office.patient, "slotId": office.slots[slot], "type": office.type}).encode()
    return (
        b"POST /api/v1/appointments HTTP/1.1\r\n"
        + HEADERS
        + f"Authorization: {agent.authorization}\r\nX-Idempotency-Key: {key}\r\n".encode()
        + b"Content-Length: %d\r\n\r\n" % len(body)
        + body
    )


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def test_a_request_sent_as_bytes_does_book(product: Product, api: Api, office: Office) -> None:
    with Agent(api, office) as agent:
        assert statuses(exchange(api, booking(agent, 0, key="one"))) == [201]
        # Two on one connection, the second before the first is answered.
        pipelined = booking(agent, 1, key="two") + booking(agent, 2, key="three")
        assert statuses(exchange(api, pipelined, answers=2)) == [201, 201]
    assert office.left(product) == each(3)


def test_a_chunked_body_is_refused_and_what_it_holds_is_no_request(product: Product, api: Api, office: Office) -> None:
    with Agent(api, office) as agent:
        hidden = booking(agent, 0, key="hidden")
        received = exchange(api, SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(hidden))
        assert statuses(received) == [411]
        assert b'"code":"length_required"' in received
        # With both headers, a server must not believe the length: what lies behind it would be a request.
        both = SIGN_IN + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0\r\n\r\n" + hidden
        assert statuses(exchange(api, both)) == [411]
    assert office.left(product) == each(0)


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 50\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
    ],
)
def test_a_body_whose_end_is_in_doubt_ends_the_connection(
    framing: bytes, product: Product, api: Api, office: Office
) -> None:
    with Agent(api, office) as agent:
        received = exchange(api, SIGN_IN + framing + b"\r\n" + b"{}   " + booking(agent, 0, key="hidden"))
    assert statuses(received) == [400]
    assert office.left(product) == each(0)


def test_a_body_over_the_limit_is_refused_before_it_is_sent(api: Api) -> None:
    received = exchange(api, SIGN_IN + b"Content-Length: %d\r\n\r\n" % (2 * MEBIBYTE))
    assert statuses(received) == [413]
    assert b'"code":"body_too_large"' in received


def test_a_body_over_the_limit_is_not_read_for_requests(product: Product, api: Api, office: Office) -> None:
    with Agent(api, office) as agent:
        hidden = booking(agent, 0, key="hidden")
        padding = b" " * (2 * MEBIBYTE - len(hidden))
        head = SIGN_IN + b"Content-Length: %d\r\n\r\n" % (2 * MEBIBYTE)
        # Nothing, or the refusal: a server that closes while it is written to may cut off its own answer.
        assert statuses(exchange(api, head + hidden)) == [413]
        assert statuses(exchange(api, head + hidden + padding)) in ([], [413])
        assert statuses(exchange(api, head + padding + hidden + hidden)) in ([], [413])
    assert office.left(product) == each(0)


def test_a_body_of_just_the_limit_is_read(api: Api) -> None:
    body = b'{"email": "nobody@mybcat.example", "password": "wrong"}'.ljust(MEBIBYTE)
    answers = [
        httpx.post(
            f"{api.url}/api/auth/token", content=content, headers={"Content-Type": "application/json"}, timeout=PATIENCE
        )
        for content in (body, body + b" ")
    ]
    assert [answer.status_code for answer in answers] == [401, 413]


def test_a_body_that_ends_too_early_books_nothing(product: Product, api: Api, office: Office) -> None:
    with Agent(api, office) as agent:
        request = booking(agent, 0, key="one")
        for missing in (1, 10, len(request) // 3):
            with connected(api) as connection:
                connection.sendall(request[:-missing])
        assert office.left(product) == each(0)
        assert statuses(exchange(api, request)) == [201]
    assert office.left(product) == each(1)


def test_bodies_that_never_end_hold_up_nobody_else(api: Api) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stalled = stack.enter_context(connected(api))
            stalled.sendall(SIGN_IN + b"Content-Length: 100\r\n\r\n{")
        assert [httpx.get(f"{api.url}/healthz", timeout=8).status_code for _ in range(10)] == [200] * 10


def test_headers_that_never_end_hold_up_nobody_else(api: Api, office: Office) -> None:
    with ExitStack() as stack, Agent(api, office) as agent:
        for _ in range(200):
            stack.enter_context(connected(api)).sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert [agent.book(slot, key=f"key-{slot}").status for slot in range(10)] == [201] * 10


def test_http_2_without_tls_is_not_spoken(api: Api) -> None:
    received = exchange(api, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    assert statuses(received) in ([], [400])
    assert b"\x00\x00" not in received


def test_an_address_is_decoded_once(api: Api) -> None:
    """A proxy's rule against /metrics must not be passed by writing the address in another way."""
    assert httpx.get(f"{api.url}/metrics", timeout=PATIENCE).status_code == 200
    assert httpx.get(f"{api.url}/%6detrics", timeout=PATIENCE).status_code == 200
    assert httpx.get(f"{api.url}/%256detrics", timeout=PATIENCE).status_code == 404


def test_a_body_that_comes_too_late_is_told_so(api: Api) -> None:
    with connected(api) as connection:
        connection.sendall(SIGN_IN + b"X-Correlation-Id: late-body\r\nContent-Length: 100\r\n\r\n{")
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"x-correlation-id: late-body" in answer.lower()
    assert b"connection: close" in answer.lower()


def test_a_late_body_is_refused_as_everything_in_its_version(api: Api) -> None:
    """The server's door gives up, but it is Django that answers."""
    for version, kind in ((b"v1", b"application/json"), (b"v2", b"application/problem+json")):
        with connected(api) as connection:
            connection.sendall(b"POST /api/" + version + b"/patients HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            connection.sendall(b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
            answer = connection.recv(65536).lower()
        assert answer.startswith(b"http/1.1 408")
        assert b"content-type: " + kind + b"\r\n" in answer
        assert (b"deprecation: @" in answer) == (b"sunset: " in answer) == (version == b"v1")
        assert b"content-security-policy: default-src 'none'" in answer


def test_a_host_that_is_not_ours_is_refused(api: Api) -> None:
    answer = httpx.get(f"{api.url}/api/v1/patients", headers={"Host": "evil.example"}, timeout=PATIENCE)
    assert answer.status_code == 400
    assert "X-Correlation-Id" in answer.headers
