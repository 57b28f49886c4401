"""A mail server on this machine: takes what it is given, refuses what it is told to, by codes as RFC 5321 has them."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class Smtp:
    """`refusing` answers recipients, `failing` answers what they are sent, each once for each code."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusing: list[int] = []
        self.failing: list[int] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.host, self.port = self._server.server_address[:2]

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        served = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say(220)
                while line := self.rfile.readline():
                    verb = line.split()[0].upper() if line.strip() else b""
                    if verb == b"QUIT":
                        self._say(221)
                        return
                    self._say(served._answer(verb, self.rfile, say=self._say))

            def _say(self, code: int) -> None:
                self.wfile.write(f"{code} -\r\n".encode())

        return Handler

    def _answer(self, verb: bytes, lines: Any, *, say: Any) -> int:
        if verb == b"RCPT" and self.refusing:
            return self.refusing.pop(0)
        if verb != b"DATA":
            return 250
        say(354)
        text = b"".join(iter(lines.readline, b".\r\n"))
        if self.failing:
            return self.failing.pop(0)
        self.mails.append(message_from_bytes(text, policy=policy.default))
        return 250
