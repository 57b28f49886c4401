"""The door of the `api` process: the whole body first, a thread for it after that.

A WSGI server reads the body in the thread that serves the request, without a time limit: eight
callers that never finish theirs would stop every agent. Here bodies are awaited by the event loop,
and Django's WSGI application gets only requests that are complete. Bodies too large for memory wait on
disk, and are served by a thread of their own. RSGI is granian's own protocol
(https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md).
"""

import asyncio
import io
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from mybcat.wsgi import application as django

# isort: split
# Needs the settings that `mybcat.wsgi` has just named.
from mybcat.gateway.bodies import BODY_LATE, MAX_BODY_BYTES, body_limit
from mybcat.gateway.health import QUESTIONS
from mybcat.spooling import ROOM, has_token, keep
from mybcat.version_calls import counter

# A worker process each; two of them keep about eight connections busy, more gain nothing on one machine.
THREADS = 4
# Answers about the process itself, which must come when every other thread waits for PostgreSQL.
PROBES = ("/healthz", "/readyz")
# For 1 MiB over a slow line; who needs longer is not sending.
BODY_SECONDS = 10.0
# For 256 MiB at 20 Mbit/s.
LARGE_BODY_SECONDS = 120.0

_BASE: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
Answer = tuple[int, list[tuple[str, str]], bytes]


class Application:
    """What granian calls for each request."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        self._probes = ThreadPoolExecutor(THREADS, thread_name_prefix="probe")
        # Reading a million messages takes seconds: a flood of them must not take the threads of bookings.
        self._large_thread = ThreadPoolExecutor(1, thread_name_prefix="large-request")
        self._room = asyncio.Semaphore(ROOM)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """granian calls this when the worker begins."""
        counter.start()
        # A second or more of a busy core: whoever asks each worker for the first time had "unavailable" for it.
        QUESTIONS["migrations"].asked()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """granian calls this when the worker has served its last request; it runs no atexit functions."""
        counter.stop()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        length = _length(scope)
        serve = self._large if length > MAX_BODY_BYTES else self._small
        protocol.response_bytes(*await serve(scope, protocol, wanted=length > 0))

    async def _small(self, scope: Any, protocol: Any, *, wanted: bool) -> Answer:
        body: bytes | None
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await protocol() if wanted else b""
        except TimeoutError:
            # Django refuses it, so that this answer has what all others have.
            body = None
        threads = self._probes if scope.path in PROBES else self._threads
        return await self._served(threads, scope, None if body is None else io.BytesIO(body))

    async def _large(self, scope: Any, protocol: Any, *, wanted: bool) -> Answer:
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self._threads, has_token, scope.headers):
            # Django says so without a look at the body.
            return await self._served(self._threads, scope, io.BytesIO())
        # Without a name, so that nothing is left of it.
        with tempfile.TemporaryFile() as file:
            async with self._room:
                try:
                    async with asyncio.timeout(LARGE_BODY_SECONDS):
                        await keep(protocol, file)
                except TimeoutError:
                    return await self._served(self._threads, scope, None)
                return await self._served(self._large_thread, scope, file)

    async def _served(self, threads: ThreadPoolExecutor, scope: Any, body: IO[bytes] | None) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(threads, _answered, scope, body)


def _length(scope: Any) -> int:
    """Of a body that the gateway will look at; 0 for any other, which it refuses by its headers alone."""
    length = scope.headers.get("content-length") or "0"
    if "transfer-encoding" in scope.headers or not (length.isascii() and length.isdigit()) or len(length) > 19:
        return 0
    return int(length) if int(length) <= body_limit(scope.path) else 0


def _answered(scope: Any, body: IO[bytes] | None) -> Answer:
    status, headers = 500, list[tuple[str, str]]()

    def start_response(line: str, fields: list[tuple[str, str]], _: Any = None) -> None:
        nonlocal status, headers
        status, headers = int(line[:3]), [(name.lower(), value) for name, value in fields]

    result = django(_environ(scope, body), start_response)  # type: ignore[arg-type]
    try:
        return status, headers, b"".join(result)
    finally:
        result.close()


def _environ(scope: Any, body: IO[bytes] | None) -> dict[str, Any]:
    """PEP 3333."""
    host, _, port = scope.server.rpartition(":")
    environ = {
        **_BASE,
        "REQUEST_METHOD": scope.method,
        # Decoded already; again would let `%2561` pass for `a`, and so past a proxy's rules.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body or io.BytesIO(),
        BODY_LATE: body is None,
    }
    for name, value in scope.headers.items():
        # `X_Forwarded_For` must not pass for `X-Forwarded-For` (CVE-2026-3902).
        if "_" not in name:
            _add_header(environ, name.upper().replace("-", "_"), value)
    return environ


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
    separator = "; " if name == "COOKIE" else ","
    environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value


application = Application()
