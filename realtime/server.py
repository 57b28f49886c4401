"""The socket's life: handshake, what its other end may say, and its end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
from django.db import Error

from realtime.admission import PROTOCOL, Admitted, Refused, admit
from realtime.frames import CALENDAR, text_of
from realtime.hub import Full, Hub
from realtime.looking import look
from realtime.pace import Pace
from realtime.sockets import OVERLOADED, TOO_LATE, TOO_MANY, Socket
from realtime.tickets import LiveAway

logger = structlog.get_logger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

ADMISSION_SECONDS = 5.0
# What one message may hold: nothing that a client has to say is longer.
LONGEST_MESSAGE = 4096
# Messages a second, and how many at once after a rest.
MESSAGES_A_SECOND, AT_ONCE = 10.0, 20

_hub: Hub | None = None
_looking: asyncio.Task[None] | None = None


class Unreadable(Exception):
    """The message is none of those that are known; says so to whoever sent it."""


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
        # Accepted first: a browser learns nothing of a handshake that failed, not even why.
        await send({"type": "websocket.accept", "subprotocol": protocol})
        await send({"type": "websocket.close", "code": refused.code, "reason": refused.reason})
        return
    await send({"type": "websocket.accept", "subprotocol": protocol})
    socket = Socket(send, claims=admitted.claims, known=admitted.known, resync=hub().resync_of)
    try:
        seq = await hub().join(socket)
    except (Full, Error) as error:
        code, reason = (TOO_MANY, "Too many sockets") if isinstance(error, Full) else (OVERLOADED, "Try again")
        await send({"type": "websocket.close", "code": code, "reason": reason})
        return
    try:
        socket.push(text_of({"stream": CALENDAR, "type": "hello", "seq": seq}))
        await _listen(socket, receive)
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


async def _listen(socket: Socket, receive: Receive) -> None:
    pace = Pace(rate=MESSAGES_A_SECOND, burst=AT_ONCE)
    while (message := await receive())["type"] != "websocket.disconnect":
        if not pace.admits(asyncio.get_running_loop().time()):
            socket.close(TOO_MANY, "Too many messages")
        if socket.closing:
            continue
        try:
            await _heed(socket, _read(message.get("text")))
        except Unreadable as error:
            socket.push(text_of({"type": "error", "code": "invalid", "message": str(error)}))


def _read(text: str | None) -> dict[str, Any]:
    if text is None or len(text) > LONGEST_MESSAGE:
        raise Unreadable(f"A message is JSON in a text frame, of {LONGEST_MESSAGE} characters at most")
    try:
        message = orjson.loads(text)
    except ValueError as error:
        raise Unreadable("A message is JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise Unreadable("A message is an object with a type")
    return message


async def _heed(socket: Socket, message: dict[str, Any]) -> None:
    if message == {"type": "ping"}:
        socket.push('{"type":"pong"}')
        return
    # A socket hears of the practice of its ticket: there is nothing to subscribe to by name.
    raise Unreadable("No message has this type and these members")
