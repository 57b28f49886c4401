"""From the relay to every `live` process: after the commit, over the channel layer, and it may be lost.

What is lost, `live` reads from PostgreSQL within a second (see hub.py): nothing waits for Redis here.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from threading import Event as Signal
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import transaction

from mybcat.events import Batch
from mybcat.models import Event
from realtime.frames import frames_of, text_of

# Messages, each with a practice's part of a batch. The oldest go first where the layer is away.
MOST = 1000
# How long a round listens for work before it lets the chore breathe.
ROUND_SECONDS = 1.0

_waiting: deque[tuple[UUID, list[tuple[int, str]]]] = deque(maxlen=MOST)
_wanted = Signal()


def group_of(practice_id: UUID) -> str:
    """The layer's name for whoever hears of this practice."""
    return f"practice.{practice_id.hex}"


def broadcast(sender: type[Event], *, event: Event, batch: Batch, now: datetime, **kwargs: Any) -> None:
    """Receiver of `event_committed`: once per batch, what sockets will be told after the commit."""
    batch.once(_prepared)


def _prepared(events: list[Event]) -> bool:
    texts = [
        (event.practice_id, event.seq or 0, text_of(frame))
        for event, frame in zip(events, frames_of(events), strict=True)
    ]
    transaction.on_commit(lambda: _offer(texts))
    return True


def _offer(texts: Sequence[tuple[UUID, int, str]]) -> None:
    for practice_id, frames in groupby(texts, key=lambda each: each[0]):
        _waiting.append((practice_id, [(seq, text) for _, seq, text in frames]))
    _wanted.set()


class Broadcasting:
    """A chore of the relay's process: hands what was committed to the channel layer."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self, *, now: datetime) -> timedelta:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        if _wanted.wait(ROUND_SECONDS):
            _wanted.clear()
            self._loop.run_until_complete(_send_all())
        return timedelta()

    def close(self) -> None:
        """Ends its connections."""
        if self._loop is not None:
            self._loop.run_until_complete(get_channel_layer().flush())
            self._loop.close()
            self._loop = None


async def _send_all() -> None:
    layer = get_channel_layer()
    while _waiting:
        practice_id, frames = _waiting.popleft()
        message = {"type": "changes", "practice": practice_id.hex, "frames": frames}
        await layer.group_send(group_of(practice_id), message)
