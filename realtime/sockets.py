"""One open socket: what waits to be sent to it, and when it must end."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import suppress
from dataclasses import dataclass
from types import coroutine
from typing import Any, cast
from uuid import UUID

from mybcat.errors import Forbidden
from mybcat.gateway.authoriser import Known
from mybcat.gateway.tokens import Claims
from mybcat.metrics import live_resyncs
from mybcat.principal import Principal
from realtime.visits.positions import Located

Send = Callable[[dict[str, Any]], Awaitable[None]]

UNAUTHENTICATED, FORBIDDEN, TOO_LATE, TOO_MANY = 4401, 4403, 4408, 4429
UNKNOWN_STREAM, NORMAL, OVERLOADED = 4404, 1000, 1013

# Frames that may wait for a slow reader; beyond, it is told to fetch everything again.
QUEUED = 256
# What the server raises for a connection that has ended, or that it is about to end.
_GONE = (OSError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may have a socket: a member or program of a practice, or the holder of a visit's link."""

    practice_id: UUID
    # Unix time.
    until: float
    claims: Claims | None = None
    known: Known | None = None
    # As it stood at the handshake.
    visit: Located | None = None


class Socket:
    """A watcher. Nobody ever waits for it: what it does not read in time is left out, and it is told so."""

    __slots__ = (
        *("_behind", "_queue", "_resync", "_send", "_task"),
        *("claims", "closing", "known", "practice_id", "until", "watched"),
    )

    def __init__(self, send: Send, *, admitted: Admitted, resync: Callable[[UUID], str]) -> None:
        self._send = send
        self._resync = resync
        self._queue: deque[str] = deque()
        # Frames were left out.
        self._behind = False
        self._task: asyncio.Task[None] | None = None
        self.closing = False
        self.practice_id = admitted.practice_id
        # None: whoever has the link of a visit, who hears of that alone.
        self.claims, self.known = admitted.claims, admitted.known
        self.until = admitted.until
        # The visits whose positions it is told.
        self.watched: set[UUID] = {admitted.visit.visit_id} if admitted.visit else set()

    @property
    def principal(self) -> Principal:
        """Of a member, or a program; the holder of a link is neither."""
        if self.known is None:
            raise Forbidden
        return self.known.principal

    def push(self, text: str) -> None:
        """Send `text`, at once where the reader keeps up; it costs no task and no wake-up then."""
        if self.closing:
            return
        if self._task is not None:
            self._keep(text)
            return
        sending: Any = self._send({"type": "websocket.send", "text": text})
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except _GONE:
            # Its own loop hears so; the others must hear what this one cannot.
            self.closing = True
            return
        self._task = asyncio.get_running_loop().create_task(self._catch_up(sending, waits_for))

    def close(self, code: int, reason: str) -> None:
        """End it, after which nothing more is sent."""
        if not self.closing:
            self.closing = True
            if self._task is not None:
                self._task.cancel()
            self._task = asyncio.get_running_loop().create_task(self._say_goodbye(code, reason))

    def _keep(self, text: str) -> None:
        if not self._behind and len(self._queue) < QUEUED:
            self._queue.append(text)
            return
        self._queue.clear()
        self._behind = True

    async def _catch_up(self, sending: Coroutine[Any, Any, None], waits_for: Any) -> None:
        with suppress(*_GONE):
            await cast("Awaitable[None]", _finished(sending, waits_for))
            while self._queue or self._behind:
                await self._send({"type": "websocket.send", "text": self._next()})
        self._task = None

    def _next(self) -> str:
        if self._queue:
            return self._queue.popleft()
        self._behind = False
        live_resyncs.inc()
        return self._resync(self.practice_id)

    async def _say_goodbye(self, code: int, reason: str) -> None:
        with suppress(*_GONE):
            await self._send({"type": "websocket.close", "code": code, "reason": reason})


@coroutine
def _finished(begun: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that was begun outside any task, and waits for this future."""
    try:
        while True:
            yield waits_for
            waits_for = begun.send(None)
    except StopIteration:
        return
    finally:
        begun.close()
