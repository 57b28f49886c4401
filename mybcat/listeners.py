"""Who hears of events: each listener's name, queue, patience and work."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mybcat.models import Delivery

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)


class DeliveryError(Exception):
    """A delivery did not succeed, for a reason with a code: a class or a vendor's code, never a sentence."""

    def __init__(self, code: str) -> None:
        if not _CODE.fullmatch(code):
            # A vendor's sentence quotes the number or the name that it dislikes.
            raise ValueError("a code holds letters, digits and _.:- only")
        super().__init__(code)
        self.code = code


class DeliveryFailed(DeliveryError):
    """This attempt failed; another may succeed, not before `retry_after` has passed."""

    def __init__(self, code: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(code)
        self.retry_after = retry_after


class DeliveryRefused(DeliveryError):
    """No further attempt can succeed."""


class Handler(Protocol):
    """The listener's work: outside any scope, safe to repeat for the same event.

    Raises DeliveryFailed or DeliveryRefused; anything else counts as a failure that may pass.
    `delivery.event` is loaded.
    """

    def __call__(self, *, delivery: Delivery, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Listener:
    """One receiver of events, which fails and catches up alone."""

    name: str
    queue: str
    # The waits between attempts: one attempt more than there are waits.
    schedule: tuple[timedelta, ...]
    handler: Handler

    @property
    def attempts(self) -> int:
        """How often a delivery is tried before it is dead."""
        return len(self.schedule) + 1


class AlreadyRegistered(ValueError):
    """Two listeners share a name, and so their deliveries, or a queue, and so each other's trouble."""


_registered: dict[str, Listener] = {}


def register(listener: Listener) -> None:
    """Make the listener known to this process. Called once, from an application's `ready()`.

    Raises AlreadyRegistered when another one has its name or its queue.
    """
    if any(known.name == listener.name or known.queue == listener.queue for known in _registered.values()):
        raise AlreadyRegistered(f"{listener.name} on {listener.queue}")
    _registered[listener.name] = listener


def registered() -> tuple[Listener, ...]:
    """All listeners of this process."""
    return tuple(_registered.values())


def find(name: str) -> Listener | None:
    """The listener called so, if this process knows it."""
    return _registered.get(name)


def route(name: str, args: object, kwargs: dict[str, object], options: object, **rest: object) -> dict[str, str] | None:
    """Celery's router: a nudge goes to its listener's queue, whoever sends it."""
    listener = find(str(kwargs.get("listener"))) if name == "mybcat.tasks.drain" else None
    return {"queue": listener.queue} if listener else None
