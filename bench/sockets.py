"""Many watchers in a process of their own, as cheap as can be: what is measured is the server, on the same machine."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

import uvloop

# As the kernel's queue of newcomers takes them.
_AT_ONCE = 50
# Seconds.
_PATIENCE = 60.0


@dataclass(frozen=True)
class Heard:
    """What one member of the frames said, and when that came, in time.monotonic()'s seconds."""

    value: bytes
    at: float


class Watchers:
    """Sockets that are open, and note what they hear."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def stop(self, *, after: int = 0) -> list[Heard]:
        """Close them, once so many frames have come or a minute has passed; what they heard since they were open."""
        self._pipe.send(after)
        return [Heard(*each) for each in self._pipe.recv()]


@contextmanager
def watching(*, port: int, handshakes: Sequence[str], member: str) -> Iterator[Watchers]:
    """A socket for each of the handshakes (lines of its headers); `member` is what is noted of each frame."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_watch, args=(theirs, port, handshakes, f'"{member}":'.encode()), daemon=True)
    process.start()
    try:
        if not ours.poll(_PATIENCE) or ours.recv() != "open":
            raise RuntimeError("sockets could not be opened: logs/bench-live.log says why")
        yield Watchers(ours)
    finally:
        process.kill()
        process.join()


class _Watcher(asyncio.Protocol):
    def __init__(self, request: bytes, member: bytes, heard: list[tuple[bytes, float]]) -> None:
        self._request, self._member, self._heard = request, member, heard
        self._buffer = b""
        self.opened = asyncio.get_running_loop().create_future()
        self._shaken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed during the handshake"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if not self._shaken:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._shaken, self._buffer = b" 101 " in head.partition(b"\r\n")[0], rest
            if not self._shaken:
                self._transport.close()
                return
        self._read(now)

    def _read(self, now: float) -> None:
        buffer, start = self._buffer, 0
        while len(buffer) - start >= 4:
            length, begin = buffer[start + 1], start + 2
            if length == 126:
                length, begin = int.from_bytes(buffer[start + 2 : start + 4], "big"), start + 4
            if len(buffer) < begin + length:
                break
            self._frame(buffer[start] & 15, buffer[begin : begin + length], now)
            start = begin + length
        self._buffer = buffer[start:]

    def _frame(self, opcode: int, payload: bytes, now: float) -> None:
        if opcode == 9:
            # Clients mask; with zeros it changes nothing.
            self._transport.write(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif opcode == 1 and not self.opened.done():
            # The first says where the stream stands: from here on nothing is missed.
            self.opened.set_result(None)
        elif opcode == 1 and (place := payload.find(self._member)) >= 0:
            begin = place + len(self._member)
            self._heard.append((payload[begin : begin + 24].partition(b",")[0], now))


def _watch(pipe: Connection, port: int, handshakes: Sequence[str], member: bytes) -> None:
    uvloop.run(_open_all(pipe, port, handshakes, member))


async def _open_all(pipe: Connection, port: int, handshakes: Sequence[str], member: bytes) -> None:
    heard: list[tuple[bytes, float]] = []
    turns, loop = asyncio.Semaphore(_AT_ONCE), asyncio.get_running_loop()

    async def one(headers: str) -> _Watcher:
        request = (
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}\r\n\r\n"
        )
        async with turns:
            _, watcher = await loop.create_connection(
                lambda: _Watcher(request.encode(), member, heard), "127.0.0.1", port
            )
            await watcher.opened
            return watcher

    # Kept: a transport that nobody holds is closed.
    watchers = await asyncio.gather(*(one(headers) for headers in handshakes))
    pipe.send("open")
    after = await loop.run_in_executor(None, pipe.recv)
    end = loop.time() + _PATIENCE
    while len(heard) < after and loop.time() < end:  # noqa: ASYNC110  # each frame would set an event
        await asyncio.sleep(0.05)
    pipe.send(heard)
    del watchers
