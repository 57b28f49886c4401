"""Who hears of events: each listener's name, queue, patience and work."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mybcat.models import Delivery

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Response:
    """What a receiver answered, to be kept with the attempt; no excerpt of what may name a patient."""

    status: int
    excerpt: str = ""


class DeliveryError(Exception):
    """A delivery did not succeed, for a reason with a code: a class or a vendor's code, never a sentence."""

    def __init__(self, code: str, *, response: Response | None = None) -> None:
        if not _CODE.fullmatch(code):
            # A vendor's sentence quotes the number or the name that it dislikes.
            raise ValueError("a code holds letters, digits and _.:- only")
        super().__init__(code)
        self.code = code
        self.response = response


class DeliveryFailed(DeliveryError):
    """This attempt failed; another may succeed, not before `retry_after` has passed.

    `answered`: by a vendor that is there, and has something against this account or this one alone.
    """

    def __init__(
        self,
        code: str,
        *,
        retry_after: timedelta | None = None,
        response: Response | None = None,
        answered: bool = False,
    ) -> None:
        super().__init__(code, response=response)
        self.retry_after = retry_after
        self.answered = answered


class DeliveryRefused(DeliveryError):
    """No further attempt can succeed."""


class DeliveryPostponed(DeliveryError):
    """Nothing was tried, and nothing is wrong: the time for it comes after `wait`. It is no attempt."""

    def __init__(self, code: str, *, wait: timedelta) -> None:
        super().__init__(code)
        self.wait = wait


class Handler(Protocol):
    """The listener's work: outside any scope, safe to repeat for the same event, done within 25 s.

    Raises DeliveryFailed, DeliveryRefused or DeliveryPostponed; anything else counts as a failure that may pass.
    `delivery.event` is loaded. What the receiver answered may be returned, to be kept with the attempt.
    """

    def __call__(self, *, delivery: Delivery, now: datetime) -> Response | None: ...


@dataclass(frozen=True, slots=True)
class Settled:
    """How an attempt ended: `delivered`, `retried` or `dead`."""

    delivery: Delivery
    outcome: str
    error: Exception | None


@dataclass(frozen=True, slots=True)
class Listener:
    """One receiver of events, which fails and catches up alone."""

    name: str
    queue: str
    # The waits between attempts: one attempt more than there are waits.
    schedule: tuple[timedelta, ...]
    handler: Handler
    # The schedule counts from the first attempt, not from the one before.
    from_first: bool = False
    # Attempts that one process makes at once, each in a thread; beyond 1, the handler's connections multiply.
    concurrency: int = 1
    # Of those, how many may go to one target, in all processes together.
    per_target: int | None = None
    # Attempts a second, in all processes together; None: as fast as it goes.
    rate: float | None = None
    # Events of one subject arrive in their order: a later one waits until the earlier one has arrived or is dead.
    ordered: bool = True
    # While its vendor is away, one delivery is tried now and then, and no attempts are used up.
    circuit: bool = True
    # Every attempt is kept, not only those that failed.
    keeps_attempts: bool = False
    # Given what was claimed, in the platform's scope, so that the handler itself needs no database.
    prepare: Callable[[Sequence[Delivery]], None] | None = None
    # Told how attempts ended, in the transaction that marks it (platform scope).
    settled: Callable[[Sequence[Settled]], None] | None = None

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
