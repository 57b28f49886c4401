"""A customer's program that takes webhooks as fast as it can, and remembers what came and when."""

import asyncio
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"webhook-id: *(\S+)", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Taken:
    """Each message in the order in which it came: its id, when, and its body."""

    port: int = 0
    messages: list[tuple[str, float, bytes]] = field(default_factory=list)

    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for _, _, body in self.messages]


@contextmanager
def receiving(*, answers: bool = True, nice: int = 0) -> Iterator[Taken]:
    """A server on this machine, in a thread of its own; one that never answers keeps its callers waiting.

    `nice`: how far it yields to what is measured, as a customer's machine would not be in its way at all. Linux only.
    """
    taken, loop, ready = Taken(), asyncio.new_event_loop(), threading.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length, message_id = _LENGTH.search(head), _ID.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            taken.messages.append((message_id[1].decode() if message_id else "", time.time(), body))
            if not answers:
                await reader.read()
            writer.write(_ANSWER)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def listen() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
        taken.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        if nice:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
            cores = os.sched_getaffinity(0)
            os.sched_setaffinity(0, cores - {min(cores)} or cores)
        asyncio.set_event_loop(loop)
        loop.run_until_complete(listen())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield taken
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
