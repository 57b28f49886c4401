"""What the other end of a socket may say, and what follows from it."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from mybcat.errors import DomainError, UnknownId
from mybcat.gateway import isolation
from mybcat.ids import internal_id
from practices.models import User
from realtime.frames import text_of
from realtime.hub import Hub, in_thread
from realtime.sockets import Socket
from realtime.visits.positions import locate, read_point

# What one message may hold: nothing that a client has to say is longer.
LONGEST_MESSAGE = 4096
MOST_WATCHED = 200
_DAY = re.compile(r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


class Unreadable(DomainError):
    """The message is none of those that are known."""

    code = "invalid"
    sentence = "No message has this type and these members"


class WatchesEnough(DomainError):
    code = "too_many"
    sentence = f"One socket watches {MOST_WATCHED} visits at most"


async def heed(text: str | None, *, socket: Socket, hub: Hub) -> None:
    """Do what the message asks, or say why not. Beyond a ping a member's socket alone is listened to."""
    try:
        message = _read(text)
        found = _ANSWERS.get(message["type"])
        if found is None or message.keys() != found[0] or (socket.known is None and found[1] is not _ping):
            raise Unreadable
        await found[1](message, socket, hub)
    except DomainError as error:
        answer = await _judged(error, socket)
        socket.push(text_of({"type": "error", "code": answer.code, "message": answer.sentence}))


async def _judged(error: DomainError, socket: Socket) -> DomainError:
    """An id of another practice is an attempt, and goes on record as over HTTP."""
    if not isinstance(error, UnknownId) or socket.known is None:
        return error
    by = socket.principal
    judged = await in_thread(lambda: isolation.judged(error, principal=by, now=datetime.now(UTC)))
    return judged if isinstance(judged, DomainError) else error


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


async def _ping(_message: dict[str, Any], socket: Socket, _hub: Hub) -> None:
    socket.push('{"type":"pong"}')


async def _watch(message: dict[str, Any], socket: Socket, hub: Hub) -> None:
    visit_id = internal_id("visit", message["visitId"])
    if len(socket.watched) >= MOST_WATCHED:
        raise WatchesEnough
    # First: a step that is told while the visit is read must not be missed.
    hub.watch(socket, visit_id)
    try:
        seen = await hub.visit_now(socket.practice_id, visit_id)
    except BaseException:
        hub.unwatch(socket, visit_id)
        raise
    for frame in (seen.status_frame(), seen.frame()):
        if frame is not None:
            socket.push(text_of(frame))


async def _unwatch(message: dict[str, Any], socket: Socket, hub: Hub) -> None:
    hub.unwatch(socket, internal_id("visit", message["visitId"]))


async def _look(message: dict[str, Any], socket: Socket, hub: Hub) -> None:
    day, by = message["date"], socket.principal
    if by.kind != "member" or not (day is None or (isinstance(day, str) and _DAY.fullmatch(day))):
        raise Unreadable("A member looks at a date, such as 2026-04-24, or at null")
    if by.operator_id is not None:
        # Colleagues would be told that the member is there.
        return
    name = await in_thread(lambda: User.objects.values_list("name", flat=True).get(id=by.id))
    await hub.look(socket, day=day, name=name)


async def _locate(message: dict[str, Any], socket: Socket, hub: Hub) -> None:
    here = read_point(message["lat"], message["lng"])
    visit_id, by = internal_id("visit", message["visitId"]), socket.principal
    seen = await in_thread(lambda: locate(visit_id=visit_id, here=here, by=by, now=datetime.now(UTC)))
    frame = seen.frame()
    if frame is not None:
        await hub.tell(socket.practice_id, {"type": "visit", "visit": visit_id.hex, "text": text_of(frame)})


_Answer = Callable[[dict[str, Any], Socket, Hub], Awaitable[None]]
# By type: the members, all of them, and what is done. There is no stream to subscribe to by name: a socket hears
# of the practice of its ticket.
_ANSWERS: dict[str, tuple[set[str], _Answer]] = {
    "ping": ({"type"}, _ping),
    "watch": ({"type", "visitId"}, _watch),
    "unwatch": ({"type", "visitId"}, _unwatch),
    "look": ({"type", "date"}, _look),
    "location_update": ({"type", "visitId", "lat", "lng"}, _locate),
}
