"""How often a caller may ask: by the operation's tier, and for API clients by the practice's plan."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from mybcat.gateway.tiers import Tier
from mybcat.principal import Principal

MINUTE, DAY = 60, 86_400
# Requests a minute over connections of one certificate, whichever practices its clients act for (contracts.md, 9).
PER_CERTIFICATE = 500
# Requests a minute of one address that names no caller: enough for a clinic behind one address.
PER_ADDRESS = 600


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `quota` in `seconds` from the first one on, counted under `key`.

    With `burst`: `quota` in `seconds` on average, and at most `burst` at once. `daily`: the seconds
    are those of the UTC day.
    """

    name: str
    key: str
    quota: int
    seconds: int
    burst: int = 0
    daily: bool = False
    # An answer of 500 or more gives the request back.
    forgiving: bool = False
    # Somebody books, moves or cancels while a patient waits: see mybcat/free_core.py.
    books: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a practice has bought for its API clients together."""

    a_second: int
    burst: int
    a_day: int


PLANS = {
    "standard": Plan(a_second=20, burst=10, a_day=10_000),
    "enterprise": Plan(a_second=200, burst=100, a_day=1_000_000),
}


def limits_of(principal: Principal, *, operation: str, tier: Tier, certificate: str | None = None) -> list[Limit]:
    """All that one request counts against, the operation's own first. `certificate` is a thumbprint.

    The caller is the sign-in or the API client, within one practice: a token that was refreshed is
    no new caller, and a flood of one reaches no other.
    """
    caller = f"{principal.practice_id}:{principal.session_id or principal.id}"
    books = tier is Tier.BOOKING and operation.endswith(".POST")
    limits = [Limit(tier.name.lower(), f"{operation}:{caller}", _scaled(tier.value), MINUTE, books=books)]
    if certificate is not None:
        shown = f"certificate:{certificate}"
        limits.append(Limit("certificate", shown, _scaled(PER_CERTIFICATE), MINUTE, forgiving=True))
    if principal.kind == "member":
        return limits
    plan, practice = PLANS[principal.plan], principal.practice_id
    return [
        *limits,
        Limit("plan", f"plan:{practice}", _scaled(plan.a_second), 1, burst=_scaled(plan.burst)),
        daily_limit(practice_id=practice, plan=principal.plan),
    ]


def daily_limit(*, practice_id: UUID, plan: str) -> Limit:
    """What all API clients of the practice together may ask in a day, by UTC."""
    return Limit("daily", f"daily:{practice_id}", _scaled(PLANS[plan].a_day), DAY, daily=True)


def limits_of_address(address: str) -> list[Limit]:
    """Of whoever is not known, or not yet."""
    return [Limit("address", f"address:{address}", _scaled(PER_ADDRESS), MINUTE)]


def _scaled(quota: int) -> int:
    return quota * settings.RATE_LIMIT_FACTOR
