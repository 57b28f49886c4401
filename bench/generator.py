"""The load: sends prepared requests over kept-alive connections, as fast as they are answered.

Runs as a program of its own, so that it shares no interpreter with whom it measures, and parses no
more of an answer than its status and length. Plan on standard input, outcome on standard output.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

# An answer that takes longer counts as none.
PATIENCE = 30.0
NO_ANSWER = 0
# Has no body, whatever its headers say.
NOT_MODIFIED = b"304"


class Run:
    """The requests still to be sent, and what came of the others. All clients draw from it."""

    def __init__(self, *, requests: Iterator[bytes], seconds: float, rate: float | None) -> None:
        self.requests = requests
        self.seconds = seconds
        self.rate = rate
        self.begun = self.deadline = 0.0
        self._begun_requests = 0
        self.latencies: list[int] = []
        self.statuses: Counter[int] = Counter()
        self.samples: dict[int, str] = {}

    def next(self) -> bytes | None:
        """None when the time or the requests have run out."""
        return next(self.requests, None) if time.perf_counter() < self.deadline else None

    def due(self) -> float:
        """When the next request is to leave: now, or as the rate has it. It waits from then, sent or not."""
        if self.rate is None:
            return time.perf_counter()
        self._begun_requests += 1
        return self.begun + (self._begun_requests - 1) / self.rate

    def answered(self, status: int, body: bytes, *, seconds: float) -> None:
        """Counts an answer; keeps the first body of each status."""
        self.latencies.append(int(seconds * 1_000_000))
        if not self.statuses[status]:
            self.samples[status] = body.decode(errors="replace")
        self.statuses[status] += 1


class Client(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, run: Run) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._run = run
        self._received = bytearray()
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self) -> None:
        """Sends the next request, or leaves."""
        request = self._run.next()
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = self._run.due()
        wait = self._sent_at - time.perf_counter()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._transport.write, request)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or not _complete(self._received, end):
            return
        status = int(self._received[9:12])
        self._run.answered(status, bytes(self._received[end + 4 :]), seconds=time.perf_counter() - self._sent_at)
        self._received.clear()
        self.send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self._run.answered(NO_ANSWER, b"", seconds=time.perf_counter() - self._sent_at)
            self.done.set_result(None)


def _complete(received: bytearray, end: int) -> bool:
    """Whether the body behind the headers, which end at `end`, is all there."""
    if received[9:12] == NOT_MODIFIED:
        return True
    name = received.find(b"content-length:", 0, end)
    if name >= 0:
        return len(received) >= end + 4 + int(received[name + 15 : received.find(b"\r\n", name)])
    # Without a length: in chunks, of which the last is empty.
    return received.endswith(b"0\r\n\r\n")


async def _measured(run: Run, *, port: int, clients: int) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    connected = [(await loop.create_connection(lambda: Client(run), "127.0.0.1", port))[1] for _ in range(clients)]
    run.begun = begun = time.perf_counter()
    run.deadline = begun + run.seconds
    for client in connected:
        client.send()
    await asyncio.wait([client.done for client in connected], timeout=run.seconds + PATIENCE)
    run.statuses[NO_ANSWER] += sum(not client.done.done() for client in connected)
    return {
        "seconds": time.perf_counter() - begun,
        "latencies": run.latencies,
        "statuses": {str(status): count for status, count in run.statuses.items() if count},
        "samples": {str(status): body for status, body in run.samples.items()},
    }


def _hurry() -> None:
    """Callers have machines of their own: where this may, it waits for none of what it measures."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
        # Between sessions a process's own priority does nothing.
        Path("/proc/self/autogroup").write_text("-10")


def main() -> None:
    """Reads the plan (see `load.py`), carries it out, writes the outcome."""
    _hurry()
    plan = orjson.loads(sys.stdin.buffer.read())
    callers = [headers.encode() for headers in plan["callers"]]
    requests = [line.encode() + callers[caller] + rest.encode() for line, caller, rest in plan["requests"]]
    run = Run(requests=iter(requests), seconds=plan["seconds"], rate=plan["rate"])
    outcome = asyncio.run(_measured(run, port=plan["port"], clients=plan["clients"]))
    sys.stdout.buffer.write(orjson.dumps(outcome))


if __name__ == "__main__":
    main()
