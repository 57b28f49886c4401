"""Which addresses that a customer chose we may talk to: none that only our own network can reach.

The rules are those against server-side request forgery (OWASP ASVS 1.3.6): the address is judged as
PostgreSQL keeps it and again, resolved, whenever we connect.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

from integrations.resolving import resolved

IPAddress = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

LONGEST_URL = 2048
PORTS = {443, 8443}
# A name as DNS has it. The last label begins with a letter: `127.1`, `0x7f.1` and `2130706433` are
# numbers to a resolver, whatever they look like.
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.A)
_VISIBLE = re.compile(r"[!-~]+", re.A)

# Not `is_global`: Python calls 64:ff9b::7f00:1 and 2002:7f00:1:: global, and both lead to 127.0.0.1.
_DENIED = [
    ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        # Unspecified, loopback, IPv4-compatible and IPv4-mapped.
        "::/95", "::ffff:0:0/96",
        # NAT64, discard-only, Teredo and other protocol assignments, documentation, 6to4.
        "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16",
        # Local by two names, link-local, multicast.
        "fc00::/7", "fec0::/10", "fe80::/10", "ff00::/8",
    )
]  # fmt: skip


class AddressRefused(Exception):
    """The address is none that we talk to; `code` says why, in one word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads, taken apart once: whoever connects parses nothing again."""

    scheme: str
    host: str
    port: int
    path: str
    # On the list of exceptions: this very host and port may be anything.
    excepted: bool

    @property
    def host_header(self) -> str:
        """As RFC 9110 wants it: the port only where it is not the scheme's own."""
        return self.host if self.port == _default_port(self.scheme) else f"{self.host}:{self.port}"


def target_of(url: str) -> Target:
    """The parts of an address that may be used, judged without asking DNS. Raises AddressRefused."""
    if len(url) > LONGEST_URL or not _VISIBLE.fullmatch(url) or "\\" in url:
        raise AddressRefused("malformed")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port or _default_port(parts.scheme)
    except ValueError:
        raise AddressRefused("malformed") from None
    if "@" in parts.netloc:
        raise AddressRefused("credentials")
    if parts.fragment:
        raise AddressRefused("fragment")
    excepted = f"{host}:{port}" in settings.OUTBOUND_EXCEPTIONS
    if not excepted:
        _check(parts.scheme, host, port)
    path = parts.path or "/"
    return Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path, excepted)


def addresses_of(target: Target, *, resolve: Resolve | None = None) -> list[str]:
    """What the name stands for now, each of them allowed: one bad answer spoils all. Raises AddressRefused."""
    try:
        found = (resolve or resolved)(target.host, target.port)
    except (OSError, UnicodeError):
        raise AddressRefused("unresolvable") from None
    if not found:
        raise AddressRefused("unresolvable")
    if not target.excepted and any(is_denied(ip_address(address)) for address in found):
        raise AddressRefused("private")
    return list(found)


def is_denied(address: IPAddress) -> bool:
    """Whether the address belongs to a network that is not everybody's."""
    return any(address in network for network in _DENIED)


def _check(scheme: str, host: str, port: int) -> None:
    if scheme not in ({"https", "http"} if settings.DEVELOPMENT else {"https"}):
        raise AddressRefused("scheme")
    if not _HOST.fullmatch(host):
        raise AddressRefused("host")
    if port not in PORTS | ({80} if scheme == "http" else set()):
        raise AddressRefused("port")


def _default_port(scheme: str) -> int:
    return 80 if scheme == "http" else 443
