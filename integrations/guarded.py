"""HTTP to addresses that customers chose: pinned to what was checked, and never longer or larger than agreed."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore

from integrations.addresses import Resolve, Target, addresses_of, target_of

# Seconds: to connect, and until the head of the answer (Standard Webhooks: 15 to 30 s) and then its body are there.
CONNECT, HEAD, BODY = 5.0, 15.0, 5.0
# Of a name's addresses, so many are tried.
ADDRESSES = 4
READ_AT_MOST = 64 * 1024
# What of the answer is handed back.
EXCERPT = 1024


class CallFailed(Exception):
    """There was no answer; `code` says why, in one word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer's status, one of its headers and its beginning."""

    status: int
    retry_after: str
    excerpt: bytes


def post(
    *,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    resolve: Resolve | None = None,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Send `body` over a connection of its own, to an address that is checked now; redirects are answers.

    Raises AddressRefused, and CallFailed where no answer came within 15 s.
    """
    target, until = target_of(url), time.monotonic() + HEAD
    network = _Network(addresses_of(target, resolve=resolve), until=until)
    there = _url(target)
    line = httpcore.HTTPConnection(there.origin, ssl_context=context or _context(), network_backend=network)
    try:
        with line, line.stream("POST", there, headers=_headers(target, headers, body), content=body) as response:
            network.until = time.monotonic() + BODY
            return Answer(response.status, _retry_after(response), _read(response))
    except httpcore.TimeoutException:
        raise CallFailed("timeout") from None
    except httpcore.ConnectError as error:
        raise CallFailed("tls_failed" if _is_tls(error) else "connect_failed") from None
    except (httpcore.NetworkError, httpcore.ProtocolError):
        raise CallFailed("connection_lost") from None


def _url(target: Target) -> httpcore.URL:
    return httpcore.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )


def _headers(target: Target, headers: Mapping[str, str], body: bytes) -> list[tuple[bytes | str, bytes | str]]:
    sent = {"Host": target.host_header, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    return list(sent.items())


def _retry_after(response: httpcore.Response) -> str:
    found = [value for name, value in response.headers if name.lower() == b"retry-after"]
    return found[0].decode("ascii", "replace") if found else ""


def _read(response: httpcore.Response) -> bytes:
    """The beginning of the body. How the rest goes is of no matter: the status has told how it ended."""
    excerpt, size = b"", 0
    try:
        for chunk in response.iter_stream():
            excerpt, size = (excerpt + chunk)[:EXCERPT], size + len(chunk)
            if size > READ_AT_MOST:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        pass
    return excerpt


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


@cache
def _context() -> ssl.SSLContext:
    return httpcore.default_ssl_context()


class _Network(httpcore.NetworkBackend):
    """Connects to the checked addresses alone, whatever name it is given; TLS still checks the name."""

    def __init__(self, addresses: list[str], *, until: float) -> None:
        self._addresses = addresses[:ADDRESSES]
        self._sockets = httpcore.SyncBackend()
        self.until = until

    def left(self, longest: float | None = None) -> float:
        """Seconds that the step in hand may take. Raises httpcore.ReadTimeout when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if longest is None else min(left, longest)

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        latest = time.monotonic() + CONNECT
        failure: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError()
        for others, address in reversed(list(enumerate(reversed(self._addresses)))):
            # Each of several gets its share of the time.
            share = max(latest - time.monotonic(), 0.1) / (others + 1)
            try:
                return _Stream(self._sockets.connect_tcp(address, port, timeout=self.left(share)), network=self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """A connection whose steps together, not each, have the time that is left."""

    def __init__(self, stream: httpcore.NetworkStream, *, network: _Network) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=self._network.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=self._network.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, timeout=self._network.left(CONNECT))
        return _Stream(inner, network=self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
