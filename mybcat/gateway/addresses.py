"""What is counted as one address."""

from ipaddress import IPv6Address, ip_address


def neighbourhood(address: str | None) -> str:
    """The address; of IPv6 its /64, since whoever has one address there has them all."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Address(int(parsed) >> 64 << 64)) + "/64"
    return str(parsed)
