"""Real HTTP servers on this machine that answer as told, or do not."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    # Names in lower case.
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came in, and how the next request is answered."""

    port: int
    received: list[Received] = field(default_factory=list)
    behaviours: list["Behaviour"] = field(default_factory=list)
    # Set at the end of the test: whoever hangs lets go.
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> str:
        """As the setting OUTBOUND_EXCEPTIONS names it."""
        return f"127.0.0.1:{self.port}"

    def answers(self, *behaviours: "Behaviour") -> None:
        """The next requests, one after the other; the last behaviour stays."""
        self.behaviours[:] = behaviours

    def next_behaviour(self) -> "Behaviour":
        if not self.behaviours:
            return status(200)
        return self.behaviours[0] if len(self.behaviours) == 1 else self.behaviours.pop(0)


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        behaviour = self.receiver.next_behaviour()
        self.receiver.received.append(Received(self.command, self.path, headers, body))
        behaviour(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def log_message(self, *args: object) -> None:
        pass


Behaviour = Callable[[Connection], None]


def status(code: int, *, body: bytes = b"", **headers: str) -> Behaviour:
    """An ordinary answer. `Retry_After="5"` is the header Retry-After."""

    def behave(connection: Connection) -> None:
        connection.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            connection.send_header(name.replace("_", "-"), value)
        connection.end_headers()
        connection.wfile.write(body)

    return behave


def hang(connection: Connection) -> None:
    """Takes the request and says nothing until the test is over."""
    connection.receiver.over.wait(60)
    connection.close_connection = True


def drop(connection: Connection) -> None:
    """Takes the request and closes the connection."""
    connection.close_connection = True


def drip(connection: Connection) -> None:
    """A head that never ends, a byte at a time."""
    connection.close_connection = True
    connection.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not connection.receiver.over.wait(0.05):
        try:
            connection.wfile.write(b"x")
        except OSError:
            return


def flood(connection: Connection) -> None:
    """A body without end."""
    connection.close_connection = True
    connection.send_response(200)
    connection.end_headers()
    while not connection.receiver.over.is_set():
        try:
            connection.wfile.write(b"x" * 65_536)
        except OSError:
            return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *args: object) -> None:
        """A client that went away is what some tests are about."""


@contextmanager
def receiver(*, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A server of the test's own; over TLS with a `context`."""
    server = _Server(("127.0.0.1", 0), Connection)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiving = Receiver(server.server_address[1])
    server.RequestHandlerClass = type("Connection", (Connection,), {"receiver": receiving})
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield receiving
    finally:
        receiving.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
