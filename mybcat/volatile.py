"""Redis, for what may be lost: it answers within 150 ms or is taken to be away."""

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = structlog.get_logger(__name__)

# Per step: a connection, an answer.
SOCKET_SECONDS = 0.15
# While it is away, one caller in so many seconds asks whether it is back; the others do not wait.
REST_SECONDS = 2.0

_T = TypeVar("_T")


class Away(Exception):
    """Redis did not answer in time, or has not answered for a while and was not asked."""


class Volatile:
    """One Redis, with a breaker: a server that hangs costs a time-out once, not at each request."""

    def __init__(self, *, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=SOCKET_SECONDS,
            # A kept connection that a restart has closed is replaced at once; a time-out is not repeated.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        self._lock = threading.Lock()
        # Of time.monotonic(); None while Redis answers.
        self._ask_again_at: float | None = None

    def call(self, use: Callable[[redis.Redis], _T]) -> _T:
        """What `use` makes of the client. Raises Away."""
        if not self._may_ask():
            raise Away
        try:
            answer = use(self._client)
        except (redis.RedisError, OSError) as error:
            self._rest(error)
            raise Away from error
        if self._ask_again_at is not None:
            self._ask_again_at = None
            logger.info("Redis is back")
        return answer

    def _may_ask(self) -> bool:
        if self._ask_again_at is None:
            return True
        with self._lock:
            now = time.monotonic()
            if self._ask_again_at is not None and now < self._ask_again_at:
                return False
            self._ask_again_at = now + REST_SECONDS
            return True

    def _rest(self, error: Exception) -> None:
        if self._ask_again_at is None:
            # Once per change of state, not per request.
            logger.warning("Redis is away: limits are not counted, callers are read from PostgreSQL", exc_info=error)
        self._ask_again_at = time.monotonic() + REST_SECONDS


@cache
def volatile() -> Volatile:
    """The process's own, at settings.REDIS_URL."""
    return Volatile(url=settings.REDIS_URL)
