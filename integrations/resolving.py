"""What DNS says of a name that a customer chose, and never later than agreed: their name servers may hang."""

import socket
from collections.abc import Sequence
from concurrent.futures import Future
from ipaddress import ip_address
from threading import Lock, Thread

# The system's own patience is 20 s and more, and no caller of ours has that: registering an address holds one of the
# few threads that serve requests.
RESOLVE_SECONDS = 3.0

_lock = Lock()
# Who asks meanwhile waits for the same answer: a name that hangs holds one thread, however often it is asked for.
_asked: dict[tuple[str, int], "Future[list[str]]"] = {}


def resolved(host: str, port: int) -> Sequence[str]:
    """The name's addresses. Raises OSError, of which a TimeoutError is one, and UnicodeError."""
    if _is_number(host):
        return [host]
    with _lock:
        asked = _asked.get((host, port))
        if asked is None:
            asked = Future()
            Thread(target=_ask, args=(host, port, asked), daemon=True, name="resolver").start()
            _asked[host, port] = asked
    return asked.result(RESOLVE_SECONDS)


def _ask(host: str, port: int, asked: "Future[list[str]]") -> None:
    found: list[str] = []
    failure: Exception | None = None
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    except Exception as error:  # noqa: BLE001  # whoever waits for the answer gets it
        failure = error
    with _lock:
        del _asked[host, port]
    if failure is None:
        asked.set_result(found)
    else:
        asked.set_exception(failure)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
