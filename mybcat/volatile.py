"""Redis, for what may be lost: it answers within 150 ms or is taken to be away."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha1
from typing import Any, TypeVar

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.exceptions import NoScriptError
from redis.retry import Retry

logger = structlog.get_logger(__name__)

# Per step: a connection, an answer.
SOCKET_SECONDS = 0.15
# While it is away, one caller in so many seconds asks whether it is back; the others do not wait.
REST_SECONDS = 2.0

_T = TypeVar("_T")


class Away(Exception):
    """Redis did not answer in time, or has not answered for a while and was not asked."""


@dataclass(frozen=True)
class Script:
    """A script in Lua, which Redis runs as one step and knows by its digest."""

    text: bytes

    @cached_property
    def digest(self) -> bytes:
        """As Redis has it: in lower case."""
        return sha1(self.text, usedforsecurity=False).hexdigest().encode()


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
        # As many as were in use at the same time. One that has failed has no socket, and opens one when it sends.
        self._idle: list[AbstractConnection] = []
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

    def run(self, script: Script, *, keys: Sequence[str], arguments: Sequence[int]) -> Any:
        """What the script answers. Raises Away.

        For what each request asks: straight over a connection it takes half of the processor time that it takes
        through the client, whose pool, commands and wrappers are for all cases.
        """
        asked = (len(keys), *keys, *arguments)

        def use(_: redis.Redis) -> Any:
            try:
                return self._asked(b"EVALSHA", script.digest, *asked)
            except NoScriptError:
                # A server that has restarted since.
                return self._asked(b"EVAL", script.text, *asked)

        return self.call(use)

    def _asked(self, *command: Any) -> Any:
        connection = self._connection()
        try:
            return _answer(connection, command)
        except redis.ConnectionError:
            # A kept connection that a restart has closed: once more, over a new one. A time-out is not repeated.
            return _answer(connection, command)
        finally:
            self._idle.append(connection)

    def _connection(self) -> AbstractConnection:
        try:
            kept = self._idle.pop()
        except IndexError:
            kept = None
        if kept is not None and kept.pid == os.getpid():
            return kept
        pool = self._client.connection_pool
        made: AbstractConnection = pool.connection_class(**pool.connection_kwargs)
        return made

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


def _answer(connection: AbstractConnection, command: Sequence[Any]) -> Any:
    try:
        connection.send_command(*command)  # type: ignore[no-untyped-call]
        return connection.read_response()
    except BaseException:
        # What may still come must not be taken for the next one's answer.
        connection.disconnect()  # type: ignore[no-untyped-call]
        raise


@cache
def volatile() -> Volatile:
    """The process's own, at settings.REDIS_URL."""
    return Volatile(url=settings.REDIS_URL)
