"""The one way to vendors: HTTP with time limits, our correlation id, and few, careful repetitions.

Addresses that customers chose go through `guarded.py` instead.
"""

import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import httpx

from mybcat.correlation import correlation_id

Sleep = Callable[[float], None]

USER_AGENT = "MyBCAT/1"
# contracts: three repetitions, 2 s apart, on 500 and above only.
REPETITIONS, PAUSE = 3, timedelta(seconds=2)
# A delivery's attempt has 25 s (deliveries.py): no repetition begins later than this, and each takes at most
# CONNECT and RESPONSE.
PATIENCE = timedelta(seconds=12)
CONNECT, RESPONSE = timedelta(seconds=3), timedelta(seconds=8)
_SAFE = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
# A header by which the vendor recognizes a repetition, as Stripe and Twilio each call it.
_IDEMPOTENCY_HEADERS = ("idempotency-key", "i-twilio-idempotency-token")


def vendor_client(
    *,
    base_url: str,
    headers: dict[str, str] | None = None,
    auth: httpx.Auth | tuple[str, str] | None = None,
    sleep: Sleep = time.sleep,
) -> httpx.Client:
    """A client of one vendor; keep it, it is safe to share between threads.

    Each request carries `X-Correlation-Id`. Answers of 500 and above are asked for again, three times
    2 s apart, unless a repetition might act twice: a POST or PATCH is repeated only with an idempotency
    header, or where the caller promises by `extensions={"repeatable": True}` that the vendor tells them
    apart. Never follows redirects; ignores proxies that the environment names. Raises httpx.HTTPError.
    """
    return httpx.Client(
        base_url=base_url,
        headers={"User-Agent": USER_AGENT, **(headers or {})},
        auth=auth,
        timeout=httpx.Timeout(RESPONSE.total_seconds(), connect=CONNECT.total_seconds()),
        transport=_Repeating(httpx.HTTPTransport(verify=_trusted()), sleep=sleep),
        event_hooks={"request": [_correlate]},
        trust_env=False,
    )


@cache
def _trusted() -> ssl.SSLContext:
    """One for all vendors: to read the certificates of the authorities takes longer than a request."""
    return httpx.create_ssl_context()


class _Repeating(httpx.BaseTransport):
    def __init__(self, transport: httpx.BaseTransport, *, sleep: Sleep) -> None:
        self._transport = transport
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        latest = time.monotonic() + PATIENCE.total_seconds()
        response = self._transport.handle_request(request)
        for _ in range(REPETITIONS if _repeatable(request) else 0):
            if not response.is_server_error or time.monotonic() + PAUSE.total_seconds() > latest:
                break
            response.close()
            self._sleep(PAUSE.total_seconds())
            response = self._transport.handle_request(request)
        return response

    def close(self) -> None:
        self._transport.close()


def _repeatable(request: httpx.Request) -> bool:
    return (
        request.method in _SAFE
        or bool(request.extensions.get("repeatable"))
        or any(name in request.headers for name in _IDEMPOTENCY_HEADERS)
    )


def _correlate(request: httpx.Request) -> None:
    if current := correlation_id():
        request.headers["X-Correlation-Id"] = current
