"""A local HTTP server with a vendor's manners: it can be slow, refuse, fail, or lose its answer after acting."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


# Looks at a request before the vendor does: an answer in its place, or None to let it pass.
Mood = Callable[[Asked], Answer | None]


class DropAnswer(Exception):
    """The connection breaks: nobody knows whether the vendor has acted."""


def hang_up(_: Asked) -> Answer:
    """A mood: every connection breaks before anything is done."""
    raise DropAnswer


class Standin:
    """Serves `respond` until told to stop; `mood` misbehaves first."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.mood: Mood | None = None
        self.drop_next = 0
        self.delay = 0.0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def respond(self, asked: Asked) -> Answer:
        """What the vendor does and says. One request at a time."""
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def refuse_connections(self) -> None:
        """From now on nobody listens at the address."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, asked: Asked) -> Answer:
        time.sleep(self.delay)
        with self._lock:
            self.asked.append(asked)
            moody = self.mood(asked) if self.mood else None
            if moody is not None:
                return moody
            answer = self.respond(asked)
            if self.drop_next:
                self.drop_next -= 1
                raise DropAnswer
            return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
                try:
                    answer = standin._answer(asked)
                except DropAnswer:
                    self.close_connection = True
                    return
                sent = b"" if answer.body is None else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

            def log_message(self, *args: object) -> None:
                """Quiet."""

        return Handler
