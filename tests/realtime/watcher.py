"""A dashboard, as far as sockets go."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from mybcat.relay import relay_events
from realtime.broadcasting import Broadcasting
from tests.callers import Caller

ORIGIN = "https://desk.mybcat.example"


def ticket_of(caller: Caller) -> str:
    answer = caller.post("/api/v2/live/tickets", None)
    assert answer.status_code == 201, answer.content
    ticket: str = answer.json()["ticket"]
    return ticket


class Watcher:
    """One socket to the `live` process at `port`; opened with a ticket of the caller's own, or with what is given."""

    def __init__(
        self,
        port: int,
        caller: Caller | None = None,
        *,
        ticket: str | None = None,
        guest: str | None = None,
        origin: str | None = ORIGIN,
        path: str = "/live",
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        ticket = ticket_of(caller) if caller and not ticket else ticket
        protocols: Any = [
            "mybcat.v1",
            *([f"ticket.{ticket}"] if ticket else []),
            *([f"visit.{guest}"] if guest else []),
        ]
        self.socket: ClientConnection = connect(
            f"ws://127.0.0.1:{port}{path}",
            subprotocols=protocols,
            origin=origin,  # type: ignore[arg-type]
            additional_headers=headers,
            compression=None,
            # A test that does not read for a while does not hear the answer, either.
            ping_interval=None,
            open_timeout=60,
            **options,
        ).__enter__()

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.__exit__(None, None, None)

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hears(self, seconds: float = 60) -> dict[str, Any]:
        """The next frame."""
        frame: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        return frame

    def hears_nothing(self, seconds: float = 0.3) -> bool:
        with suppress(TimeoutError):
            self.socket.recv(timeout=seconds)
            return False
        return True

    def closed_with(self, seconds: float = 60) -> int:
        """The code with which the other side ends it."""
        try:
            while True:
                self.socket.recv(timeout=seconds)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code


def relay(broadcasting: Broadcasting | None = None) -> None:
    """What the relay's process does; without `broadcasting`, as if Redis lost it."""
    relay_events(now=datetime.now(UTC))
    if broadcasting is not None:
        broadcasting(now=datetime.now(UTC))
