"""Which TCP ports of this machine are used."""

import random
import socket
from collections.abc import Mapping

from mybcat.embedded.home import Home, read_json, write_json
from mybcat.embedded.refusal import Refusal

LOOPBACK = "127.0.0.1"
# Below the range from which Linux and macOS pick outgoing ports: a restarted server finds its own port free.
_CANDIDATES = range(20_000, 30_000)
# Not the generator that anybody may seed: two runs of one seed would take the same ports, before either listens.
_RANDOM = random.SystemRandom()


def web_port(environ: Mapping[str, str]) -> int:
    """PORT, default 8000; `live` has PORT + 1, `metrics` PORT + 2. Raises Refusal for what is no port."""
    text = environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_534):
        raise Refusal(f"PORT must be a number from 1 to 65533, not {text!r}.")
    return int(text)


def require_free(port: int) -> None:
    """Raises Refusal unless `port` and its neighbours for `live` and `metrics` can be listened on."""
    for number in (port, port + 1, port + 2):
        try:
            _bind(number)
        except PermissionError:
            raise Refusal(f"Port {number} needs privileges: choose another, as in `make up PORT=8100`.") from None
        except OSError:
            raise Refusal(
                f"Port {number} is in use by another program: stop it, or choose another port, "
                "as in `make up PORT=8100`."
            ) from None


def is_free(port: int) -> bool:
    """Whether `port` can be listened on now."""
    try:
        _bind(port)
    except OSError:
        return False
    return True


def remembered(*, home: Home, name: str) -> int:
    """The port that server `name` of this home had last time, or a new one if that is taken."""
    known = read_json(home.file("ports.json"))
    port = known.get(name)
    if not isinstance(port, int) or not is_free(port):
        port = free_port(avoid=set(known.values()))
        write_json(home.file("ports.json"), {**known, name: port})
    return port


def free_port(*, avoid: set[int] | frozenset[int] = frozenset()) -> int:
    """A port nobody listens on; random, so that two checkouts that start together differ."""
    for port in _RANDOM.sample(_CANDIDATES, k=len(_CANDIDATES)):
        if port not in avoid and is_free(port):
            return port
    raise Refusal(f"No free port between {_CANDIDATES.start} and {_CANDIDATES.stop}.")


def free_ports() -> int:
    """A port that is free together with the next two, as the product needs."""
    port = free_port()
    return port if is_free(port + 1) and is_free(port + 2) else free_ports()


def _bind(port: int) -> None:
    with socket.socket() as probe:
        # A connection that has just ended must not count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, port))
