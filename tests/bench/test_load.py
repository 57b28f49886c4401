"""The load generator counts what it was answered, and nothing else."""

import itertools
import re
import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.load import Measured, Request, get, measure, post
from bench.table import table

LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CHUNKS = b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"
# As servers tell the length of what they did not send.
UNCHANGED = b"HTTP/1.1 304 Not Modified\r\ncontent-length: 2000\r\n\r\n"
REFUSED = b"HTTP/1.1 409 Conflict\r\ncontent-length: 5\r\n\r\ntaken"


class Answering:
    """Sends its answers in turn, in pieces, and keeps what it received; hangs up for an empty one."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = itertools.cycle(answers)
        self.received: list[bytes] = []

    def serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while head := b"".join(iter(lambda: stream.readline().removesuffix(b"\r\n"), b"")):
            found = re.search(rb"Content-Length: (\d+)", head)
            self.received.append(head + b"|" + stream.read(int(found[1]) if found else 0))
            answer = next(self.answers)
            if not answer:
                break
            connection.sendall(answer[:20])
            time.sleep(0.001)
            connection.sendall(answer[20:])
        stream.close()


@contextmanager
def serving(answering: Answering) -> Iterator[int]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            answering.serve(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def requests(count: int) -> list[Request]:
    return [get(path=f"/{number}", token=f"token-{number % 3}") for number in range(count)]


def test_each_request_is_sent_once_and_each_answer_counted() -> None:
    answering = Answering(LENGTH, CHUNKS, EMPTY, REFUSED)
    with serving(answering) as port:
        measured = measure(port=port, clients=3, seconds=20, requests=requests(40))

    assert measured.statuses == Counter({200: 10, 201: 10, 204: 10, 409: 10})
    assert measured.errors == Counter({409: 10})
    assert measured.sent == len(measured.latencies) == 40
    assert measured.samples[409] == "taken"
    lines = sorted(int(head.split(b" ")[1][1:]) for head in answering.received)
    assert lines == list(range(40))


def test_what_has_not_changed_has_no_body() -> None:
    with serving(Answering(UNCHANGED)) as port:
        measured = measure(port=port, clients=2, seconds=20, requests=requests(10))

    assert measured.statuses == Counter({304: 10})


def test_a_request_carries_its_caller_and_its_body() -> None:
    answering = Answering(LENGTH)
    with serving(answering) as port:
        measure(
            port=port,
            clients=1,
            seconds=20,
            requests=[post(path="/things", token="abc", body={"name": "thing"}, key="key-1")],
        )

    head, _, body = answering.received[0].partition(b"|")
    assert head.startswith(b"POST /things HTTP/1.1")
    assert b"Authorization: Bearer abc" in head
    assert b"X-Idempotency-Key: key-1" in head
    assert body == b'{"name": "thing"}'


def test_a_connection_that_ends_without_an_answer_is_an_error() -> None:
    with serving(Answering(b"")) as port:
        measured = measure(port=port, clients=2, seconds=20, requests=requests(10))

    assert measured.statuses == Counter({0: 2})
    assert measured.errors == Counter({0: 2})


def test_the_time_ends_a_measurement() -> None:
    with serving(Answering(LENGTH)) as port:
        measured = measure(port=port, clients=1, seconds=0.3, requests=requests(100_000))

    assert 0 < measured.sent < 100_000
    assert 0.3 <= measured.seconds < 2


def test_a_rate_is_kept_and_waiting_for_a_free_connection_counts() -> None:
    with serving(Answering(LENGTH)) as port:
        paced = measure(port=port, clients=2, seconds=20, requests=requests(11), rate=50)
        late = measure(port=port, clients=1, seconds=20, requests=requests(11), rate=100_000)

    assert paced.sent == late.sent == 11
    assert paced.seconds >= 10 / 50
    # One after the other, though all were due at once.
    assert late.latencies == sorted(late.latencies) and late.latencies[-1] > 5 * late.latencies[0]


@pytest.mark.parametrize(("percent", "milliseconds"), [(0, 1.0), (50, 51.0), (99, 100.0), (100, 100.0)])
def test_percentiles_are_of_all_requests(percent: float, milliseconds: float) -> None:
    measured = Measured(1.0, [1000 * number for number in range(1, 101)], Counter({200: 100}), {})

    assert measured.percentile(percent) == milliseconds
    assert measured.rate == 100


def test_a_table_is_as_wide_as_its_cells() -> None:
    assert table(["", "count"], [["answers 201", "5"], ["x", "12345678"]]).splitlines() == [
        "                count",
        "-----------  --------",
        "answers 201         5",
        "x            12345678",
    ]
