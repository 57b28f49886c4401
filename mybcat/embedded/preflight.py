"""What must hold before anything is installed or started."""

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from mybcat.embedded import listeners, ports
from mybcat.embedded.home import Home
from mybcat.embedded.leftovers import stop_leftovers
from mybcat.embedded.refusal import Refusal

_POSTGRES, _REDIS = ("postgresql", "postgres"), ("redis", "rediss")
# Variable -> schemes, and the port where the address names none.
_ADDRESSES = {
    "DATABASE_URL": (_POSTGRES, 5432),
    "DATABASE_OWNER_URL": (_POSTGRES, 5432),
    "REDIS_URL": (_REDIS, 6379),
}


def check(*, home: Home, environ: Mapping[str, str]) -> int:
    """The port to serve on. Raises Refusal, in one sentence, for the first thing that stands in the way.

    Call it with the home locked: it stops what an earlier run left behind.
    """
    port = ports.web_port(environ)
    check_addresses(environ)
    stop_leftovers(home=home)
    ports.require_free(port)
    return port


def check_addresses(environ: Mapping[str, str]) -> None:
    """Raises Refusal for an address that is none of that kind, or where nobody listens."""
    for variable, (schemes, usual_port) in _ADDRESSES.items():
        url = environ.get(variable)
        if url:
            host, port = _server(url, variable=variable, schemes=schemes)
            # An address without host is one of this machine's sockets, or says more than we read here.
            if host:
                listeners.require(variable=variable, host=host, port=port or usual_port)


def _server(url: str, *, variable: str, schemes: tuple[str, ...]) -> tuple[str | None, int | None]:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in schemes:
            # Of several servers libpq finds the one that answers.
            return (None, None) if "," in parts.netloc else (parts.hostname, parts.port)
    raise Refusal(f"{variable} must be an address that begins with {schemes[0]}:// and names a valid port.")
