"""The socket's life: handshake, what its other end says, and its end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import Error

from mybcat.metrics import live_sockets
from realtime.admission import PROTOCOL, Refused, admit
from realtime.frames import CALENDAR, text_of
from realtime.hub import Full, Hub
from realtime.looking import look
from realtime.pace import Pace
from realtime.sockets import FORBIDDEN, OVERLOADED, TOO_LATE, TOO_MANY, Admitted, Socket
from realtime.talking import heed
from realtime.tickets import LiveAway

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

ADMISSION_SECONDS = 5.0
# Messages a second, and how many at once after a rest.
MESSAGES_A_SECOND, AT_ONCE = 10.0, 20

_hub: Hub | None = None
_looking: asyncio.Task[None] | None = None


def hub() -> Hub:
    """The process's own; called where its loop runs."""
    global _hub, _looking  # noqa: PLW0603
    if _hub is None:
        _hub = Hub()
        _looking = asyncio.create_task(look(_hub))
    return _hub


async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One socket, from its handshake to its end (ASGI)."""
    await receive()
    protocol = PROTOCOL if PROTOCOL in scope["subprotocols"] else None
    try:
        admitted = await _admitted(scope)
    except Refused as refused:
        live_sockets.labels(str(refused.code)).inc()
        # Accepted first: a browser learns nothing of a handshake that failed, not even why.
        await send({"type": "websocket.accept", "subprotocol": protocol})
        await send({"type": "websocket.close", "code": refused.code, "reason": refused.reason})
        return
    await send({"type": "websocket.accept", "subprotocol": protocol})
    socket = Socket(send, admitted=admitted, resync=hub().resync_of)
    try:
        for frame in await _joined(socket, admitted):
            socket.push(text_of(frame))
        live_sockets.labels("opened").inc()
        await _listen(socket, receive)
    except (Full, Error) as error:
        code, reason = (TOO_MANY, "Too many sockets") if isinstance(error, Full) else (OVERLOADED, "Try again")
        live_sockets.labels(str(code)).inc()
        await send({"type": "websocket.close", "code": code, "reason": reason})
    finally:
        socket.closing = True
        hub().leave(socket)


async def _admitted(scope: dict[str, Any]) -> Admitted:
    try:
        async with asyncio.timeout(ADMISSION_SECONDS):
            return await admit(scope)
    except TimeoutError as error:
        raise Refused(TOO_LATE, "It could not be told in time who calls") from error
    except (LiveAway, Error) as error:
        raise Refused(OVERLOADED, "Try again") from error


async def _joined(socket: Socket, admitted: Admitted) -> list[dict[str, Any]]:
    """Let it hear; what it is told first. Raises Full."""
    seq = await hub().join(socket)
    if admitted.visit is None:
        return [{"stream": CALENDAR, "type": "hello", "seq": seq}]
    # Anew: a step since the handshake was told to others alone.
    seen = await hub().visit_now(socket.practice_id, admitted.visit.visit_id)
    if seen.over:
        socket.close(FORBIDDEN, "The visit is over")
    return [frame for frame in (seen.status_frame(), seen.frame()) if frame is not None]


async def _listen(socket: Socket, receive: Receive) -> None:
    pace = Pace(rate=MESSAGES_A_SECOND, burst=AT_ONCE)
    while (message := await receive())["type"] != "websocket.disconnect":
        if not pace.admits(asyncio.get_running_loop().time()):
            socket.close(TOO_MANY, "Too many messages")
        if not socket.closing:
            await _heeded(message.get("text"), socket)


async def _heeded(text: str | None, socket: Socket) -> None:
    try:
        await heed(text, socket=socket, hub=hub())
    except Error:
        # PostgreSQL is away: the device sends its next position in a few seconds.
        socket.push(text_of({"type": "error", "code": "busy", "message": "Try again"}))
