"""Who talks too much, or reads too little, harms nobody else."""

import asyncio
import socket as sockets
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

import orjson
import pytest
from channels.layers import get_channel_layer
from websockets.exceptions import ConnectionClosed

from realtime.broadcasting import group_of
from tests.callers import Caller
from tests.factories import Clinic, make_member
from tests.realtime.test_calendar_stream import change
from tests.realtime.watcher import Watcher, relay

# How many changes there are, and how many of them at once.
CHANGES, STEP = 2000, 50
# More would read for longer than the server waits for the pong of the one who does not read.
TEN = 10


def test_a_frame_of_a_megabyte(port: int, agent: Caller, manager: Caller) -> None:
    with Watcher(port, agent) as watcher, Watcher(port, manager) as other:
        watcher.hears()
        with suppress(ConnectionClosed):
            watcher.socket.send("x" * 1024 * 1024)
        assert watcher.closed_with() == 1009
        assert other.hears()["type"] == "hello"


def test_ten_thousand_frames(port: int, agent: Caller, manager: Caller, clinic: Clinic) -> None:
    with Watcher(port, agent) as watcher, Watcher(port, manager) as other:
        other.hears()
        with suppress(ConnectionClosed):
            for _ in range(10_000):
                watcher.say(type="ping")
        assert watcher.closed_with() == 4429
        change(clinic)
        relay()
        assert other.hears()["seq"] == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type":1}', '{"type":"ping","x":1}', "null", '"' + "x" * 5000 + '"'])
def test_what_cannot_be_read_is_said_to_be_so(port: int, agent: Caller, text: str) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        watcher.socket.send(text)
        assert watcher.hears()["code"] == "invalid"
        watcher.say(type="ping")
        assert watcher.hears() == {"type": "pong"}


def test_bytes_cannot_be_read_either(port: int, agent: Caller) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        watcher.socket.send(b"\xff\x00")
        assert watcher.hears()["code"] == "invalid"


def test_one_of_ten_reads_nothing_and_the_others_miss_nothing(
    port: int, clinic: Clinic, memory: Callable[[], int]
) -> None:
    members = [Caller(make_member(practice=clinic.practice), clinic.practice) for _ in range(TEN)]
    plug = sockets.socket()
    # Little fits in between, so that it does not take all day to fill it.
    plug.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    plug.connect(("127.0.0.1", port))
    with ExitStack() as opened, asyncio.Runner() as runner:
        others = [opened.enter_context(Watcher(port, member, max_queue=None)) for member in members[1:]]
        slow = opened.enter_context(Watcher(port, members[0], sock=plug, max_queue=1))
        for other in others:
            other.hears()
        before = memory()
        # Nine readers in one Python process are no match for the server: each step waits for all of them.
        for first in range(1, CHANGES, STEP):
            runner.run(_told(clinic, first))
            for other in others:
                assert [other.hears()["seq"] for _ in range(STEP)] == list(range(first, first + STEP))
        assert memory() - before <= 20 * 1024 * 1024

        heard = [slow.hears()]
        while heard[-1]["seq"] < CHANGES:
            heard.append(slow.hears())
        assert [each["type"] for each in heard].count("resync") >= 1
        # In order, whatever was left out.
        numbers = [each["seq"] for each in heard]
        assert numbers == sorted(numbers)


async def _told(clinic: Clinic, first: int) -> None:
    """Changes with long names, such as a relay would send."""
    layer = get_channel_layer()
    frames = [
        (seq, orjson.dumps({"stream": "calendar", "seq": seq, "type": "x" * 4000}).decode())
        for seq in range(first, first + STEP)
    ]
    message = {"type": "changes", "practice": clinic.practice.id.hex, "frames": frames}
    await layer.group_send(group_of(clinic.practice.id), message)
    await layer.flush()


def test_who_answers_no_ping_is_dropped(port: int, agent: Caller) -> None:
    """As a phone that froze, or a network that was cut: the connection stands, and nothing comes."""
    headers = f"Authorization: {agent.headers['Authorization']}\r\nSec-WebSocket-Protocol: mybcat.v1"
    with sockets.create_connection(("127.0.0.1", port), timeout=60) as plug:
        plug.sendall(
            "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}\r\n\r\n".encode()
        )
        begun, came = time.monotonic(), b""
        while part := plug.recv(4096):
            came += part
    assert b" 101 " in came and b'"hello"' in came
    assert 10 < time.monotonic() - begun <= 60
