"""The id that ties a request to every log line, event, task and outbound call it causes."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SANE = re.compile(r"[A-Za-z0-9._-]{8,128}", re.ASCII)

_current: ContextVar[str] = ContextVar("correlation_id", default="")
_request: ContextVar[str] = ContextVar("request_id", default="")
_address: ContextVar[str | None] = ContextVar("remote_address", default=None)


def correlation_id() -> str:
    """The current id; empty outside any request or task."""
    return _current.get()


def request_id() -> str:
    """Tells one request from others that share its correlation id; empty outside a request."""
    return _request.get()


def remote_address() -> str | None:
    """Where the current request came from; None outside a request."""
    return _address.get()


def accepted_or_new(offered: str | None) -> str:
    """The caller's id if it is a sane token, else a new UUID."""
    if offered and SANE.fullmatch(offered):
        return offered
    return str(uuid.uuid4())


@contextmanager
def requested() -> Iterator[str]:
    """Everything inside belongs to one request, which gets a new id."""
    token = _request.set(str(uuid.uuid4()))
    try:
        yield _request.get()
    finally:
        _request.reset(token)


def correlate(value: str) -> None:
    """From now on everything carries `value`: for who is told apart of a unit of work's beginning and end."""
    _current.set(value)
    _address.set(None)


@contextmanager
def correlated(value: str, *, address: str | None = None) -> Iterator[str]:
    """Everything inside carries `value`."""
    token, address_token = _current.set(value), _address.set(address)
    try:
        yield value
    finally:
        _current.reset(token)
        _address.reset(address_token)
