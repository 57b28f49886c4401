"""The sockets of one process: it subscribes once per practice, and hands each ready-made frame to its own.

Frames go out in the order of their numbers, without a gap. What the channel layer loses, or brings out
of order, is read from PostgreSQL; PostgreSQL is also asked twice a second whether anything was missed.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog
from channels.layers import get_channel_layer
from django.conf import settings

from mybcat.ids import internal_id, new_uuid, public_id
from realtime.broadcasting import group_of
from realtime.frames import FAR_BEHIND, frames_after, last_seq, resync, text_of
from realtime.presence import REPEATED_SECONDS, Looking
from realtime.sockets import NORMAL, Socket
from realtime.visits.positions import Located, located
from realtime.visits.services import STEPS

logger = structlog.get_logger(__name__)

# Frames of one look into PostgreSQL.
PAGE = 500
# Holders of one visit's link: the patient, their family, and who they sent it to.
GUESTS = 20
_OF_A_VISIT = '"type":"visit.'
_CALLED_OFF = ('"type":"appointment.cancelled"', '"type":"appointment.entered_in_error"')
# While the layer is away its clients try again this often.
PAUSE_SECONDS = 0.5
# A Redis that hangs is left alone after this.
LAYER_SECONDS = 2.0

_T = TypeVar("_T")
# Each thread keeps a connection to PostgreSQL: no more than these.
_threads = ThreadPoolExecutor(4, thread_name_prefix="live")


async def in_thread(call: Callable[..., _T], *arguments: Any) -> _T:
    """What `call` answers: PostgreSQL and Redis are asked where sockets do not wait."""
    return await asyncio.get_running_loop().run_in_executor(_threads, call, *arguments)


class Full(Exception):
    """As many sockets are open as a member, or a practice, may have."""


@dataclass(eq=False)
class Audience:
    """Who hears of one practice in this process."""

    practice_id: UUID
    # The number of the last frame handed out; None before the first look.
    seq: int | None = None
    subscribed: bool = False
    sockets: set[Socket] = field(default_factory=set)
    # Holders of links, who hear of their visit alone.
    guests: set[Socket] = field(default_factory=set)
    # Of each visit, among both.
    watchers: dict[UUID, set[Socket]] = field(default_factory=dict)
    # How often any of its visits has changed.
    steps: int = 0
    looking: Looking = field(default_factory=Looking)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def push(self, text: str) -> None:
        for socket in tuple(self.sockets):
            socket.push(text)


class Hub:
    """Made by the process's first socket."""

    def __init__(self) -> None:
        self._layer = get_channel_layer()
        self._channel: str | None = None
        self._opening = asyncio.Lock()
        self._audiences: dict[UUID, Audience] = {}
        self._name = new_uuid().hex
        self._running: set[asyncio.Task[None]] = set()
        self._repeated_at = 0.0
        self._looked_at: float | None = None
        self._listener: asyncio.Task[None] | None = None

    def __iter__(self) -> Iterator[Audience]:
        return iter(tuple(self._audiences.values()))

    async def join(self, socket: Socket) -> int:
        """Let the socket hear of its practice; the number after which it does. Raises Full."""
        practice_id = socket.practice_id
        audience = self._audiences.setdefault(practice_id, Audience(practice_id))
        _refuse_too_many(audience, socket)
        # Counted from here on: others may come while this one waits.
        (audience.sockets if socket.known else audience.guests).add(socket)
        for visit_id in socket.watched:
            audience.watchers.setdefault(visit_id, set()).add(socket)
        try:
            # First: what is told while the number is read must not be missed.
            await self.subscribe(audience)
            async with audience.lock:
                if audience.seq is None:
                    audience.seq = await in_thread(last_seq, practice_id)
        except BaseException:
            self.leave(socket)
            raise
        return audience.seq

    def leave(self, socket: Socket) -> None:
        """Forget the socket, and its practice where it was the last."""
        audience = self._audiences.get(socket.practice_id)
        if audience is not None:
            audience.sockets.discard(socket)
            audience.guests.discard(socket)
            for visit_id in tuple(socket.watched):
                self.unwatch(socket, visit_id)
            if audience.looking.end(socket):
                self._soon(self._announce(audience))

    def looked(self, *, at: float) -> float:
        """It was just seen whether sockets may stay; how many seconds after the time before."""
        before, self._looked_at = self._looked_at, at
        return 0.0 if before is None else at - before

    async def look(self, socket: Socket, *, day: str | None, name: str) -> None:
        """The socket's member looks at that day; at none."""
        audience = self._audiences[socket.practice_id]
        audience.looking.end(socket)
        if day is not None:
            audience.looking.begin(socket, day=day, name=name)
        await self._announce(audience)

    async def repeat(self) -> None:
        """Every few seconds: what this process's sockets look at, for processes that do not know, or have forgotten."""
        now = asyncio.get_running_loop().time()
        if now - self._repeated_at < REPEATED_SECONDS:
            return
        self._repeated_at = now
        for audience in self:
            if audience.looking.own:
                await self._announce(audience)

    async def _announce(self, audience: Audience) -> None:
        audience.looking.tell(at=asyncio.get_running_loop().time())
        message = {"type": "looking", "process": self._name, "days": audience.looking.own_days()}
        await self.tell(audience.practice_id, message)

    def watch(self, socket: Socket, visit_id: UUID) -> None:
        """Let the socket hear where the visit's clinician is."""
        socket.watched.add(visit_id)
        self._audiences[socket.practice_id].watchers.setdefault(visit_id, set()).add(socket)

    def unwatch(self, socket: Socket, visit_id: UUID) -> None:
        """No more."""
        socket.watched.discard(visit_id)
        watchers = self._audiences[socket.practice_id].watchers
        if visit_id in watchers:
            watchers[visit_id].discard(socket)
            if not watchers[visit_id]:
                del watchers[visit_id]

    async def subscribe(self, audience: Audience) -> None:
        """Hear of the practice over the layer, where that is not so yet; without Redis it remains to be done."""
        if audience.subscribed:
            return
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                await self._layer.group_add(group_of(audience.practice_id), await self._opened())
        except Exception as error:  # noqa: BLE001  # the layer raises what its client raises
            logger.warning("The channel layer is away; PostgreSQL is asked instead", error=type(error).__name__)
        else:
            audience.subscribed = True

    async def prune(self) -> None:
        """Stop to hear of practices that nobody watches."""
        for audience in self:
            if audience.sockets or audience.guests or audience.lock.locked():
                continue
            del self._audiences[audience.practice_id]
            if audience.subscribed and self._channel:
                async with asyncio.timeout(LAYER_SECONDS):
                    await self._layer.group_discard(group_of(audience.practice_id), self._channel)

    async def visit_now(self, practice_id: UUID, visit_id: UUID) -> Located:
        """The visit for whoever watches it already: what they are told after this is newer. Raises UnknownId."""
        audience = self._audiences[practice_id]
        while True:
            steps = audience.steps
            seen = await in_thread(lambda: located(practice_id=practice_id, visit_id=visit_id))
            if audience.steps == steps:
                return seen

    async def tell(self, practice_id: UUID, message: dict[str, Any]) -> None:
        """Say something to every process that hears of the practice; to this one even while Redis is away."""
        message = {**message, "practice": practice_id.hex}
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                await self._layer.group_send(group_of(practice_id), message)
        except Exception:  # noqa: BLE001  # the layer raises what its client raises
            self._heard(message)

    def resync_of(self, practice_id: UUID) -> str:
        """What a socket that fell behind is told."""
        return resync(self._audiences[practice_id].seq or 0)

    async def fill(self, audience: Audience, upto: int) -> None:
        """Hand out from PostgreSQL what the layer did not bring, up to that number at least."""
        async with audience.lock:
            if audience.seq is None or audience.seq >= upto:
                return
            if upto - audience.seq > FAR_BEHIND:
                self._resync(audience, upto)
                return
            while audience.seq < upto:
                after = audience.seq
                frames = await in_thread(partial(frames_after, audience.practice_id, after, limit=PAGE))
                if not frames:
                    return
                if frames[0]["seq"] != after + 1:
                    # What was next is gone for good.
                    self._resync(audience, max(upto, audience.seq))
                    return
                # The layer may have brought some of them meanwhile.
                for frame in frames:
                    self._hand_out(audience, frame["seq"], text_of(frame))

    async def _opened(self) -> str:
        async with self._opening:
            if self._channel is None:
                self._channel = await self._layer.new_channel()
                self._listener = asyncio.create_task(self._listen(self._channel))
            return self._channel

    async def _listen(self, channel: str) -> None:
        while True:
            try:
                self._heard(await self._layer.receive(channel))
            except Exception as error:  # nothing that comes over the layer may end it
                logger.error("A message of the channel layer could not be handled", exc_info=error)
                await asyncio.sleep(PAUSE_SECONDS)

    def _heard(self, message: dict[str, Any]) -> None:
        audience = self._audiences.get(UUID(message["practice"]))
        if audience is None:
            return
        if message["type"] == "visit":
            for socket in tuple(audience.watchers.get(UUID(message["visit"]), ())):
                socket.push(message["text"])
            return
        if message["type"] == "looking":
            if message["process"] != self._name:
                now = asyncio.get_running_loop().time()
                audience.looking.heard(message["process"], message["days"], at=now)
                audience.looking.tell(at=now)
            return
        for seq, text in message["frames"]:
            if not self._hand_out(audience, seq, text):
                self._fill_soon(audience, seq)
                return

    def _hand_out(self, audience: Audience, seq: int, text: str) -> bool:
        """Whether the frame came in its turn; one that was seen before counts as such."""
        if audience.seq is None or seq > audience.seq + 1:
            return False
        if seq == audience.seq + 1:
            audience.seq = seq
            audience.push(text)
            if _OF_A_VISIT in text:
                frame = orjson.loads(text)
                _tell_step(audience, internal_id("visit", frame["id"]), STEPS[frame["type"]])
            elif audience.guests and any(each in text for each in _CALLED_OFF):
                self._soon(self._tell_visits(audience))
        return True

    def _resync(self, audience: Audience, seq: int) -> None:
        audience.seq = seq
        audience.push(resync(seq))
        # Steps may be among what is left out, and holders of links fetch nothing.
        self._soon(self._tell_visits(audience))

    async def _tell_visits(self, audience: Audience) -> None:
        """Say to all watchers how their visits stand."""
        for visit_id in tuple(audience.watchers):
            seen = await self.visit_now(audience.practice_id, visit_id)
            _tell_step(audience, visit_id, seen.status, over=seen.over)

    def _fill_soon(self, audience: Audience, upto: int) -> None:
        self._soon(self.fill(audience, upto))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The next look into PostgreSQL, or the next repetition, makes it good.
            logger.warning("Sockets could not be told", error=type(error).__name__)


def _refuse_too_many(audience: Audience, socket: Socket) -> None:
    """Raises Full."""
    if socket.known is None:
        own, most = sum(socket.watched <= each.watched for each in audience.guests), GUESTS
    else:
        caller, most = socket.principal.id, settings.LIVE_SOCKETS_PER_MEMBER
        own = sum(each.principal.id == caller for each in audience.sockets)
    if own >= most or len(audience.sockets) + len(audience.guests) >= settings.LIVE_SOCKETS_PER_PRACTICE:
        raise Full


def _tell_step(audience: Audience, visit_id: UUID, status: str, *, over: bool = False) -> None:
    """A visit has taken a step: its watchers hear so, and whoever has its link only until it is over."""
    audience.steps += 1
    text = text_of({"type": "visit_status", "visitId": public_id("visit", visit_id), "status": status})
    for socket in tuple(audience.watchers.get(visit_id, ())):
        socket.push(text)
        if (over or status == "done") and socket in audience.guests:
            socket.close(NORMAL, "The visit is over")
