"""The id that ties a request to every log line, event, task and outbound call it causes."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SANE = re.compile(r"[A-Za-z0-9._-]{8,128}", re.ASCII)

_current: ContextVar[str] = ContextVar("correlation_id", default="")


def correlation_id() -> str:
    """The current id; empty outside any request or task."""
    return _current.get()


def accepted_or_new(offered: str | None) -> str:
    """The caller's id if it is a sane token, else a new UUID."""
    if offered and SANE.fullmatch(offered):
        return offered
    return str(uuid.uuid4())


@contextmanager
def correlated(value: str) -> Iterator[str]:
    """Everything inside carries `value`."""
    token = _current.set(value)
    try:
        yield value
    finally:
        _current.reset(token)
