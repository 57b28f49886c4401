"""Which permissions an API client may be granted, and what each allows."""

from collections.abc import Iterable

from mybcat.errors import DomainError
from mybcat.principal import Actor, Permission, Principal

# An allow-list: nobody's program manages programs, so that a stolen secret cannot make itself others.
_ALLOWED = {
    "appointments:read": "see slots and appointments",
    "appointments:write": "book and cancel appointments",
    "patients:read": "find and see patients",
    "patients:write": "add and change patients",
    "reference:read": "see practitioners, locations and appointment types",
    "messages:read": "see messages and bulk jobs",
    "messages:write": "send messages",
    "webhooks:manage": "register webhook endpoints",
    "analytics:read": "read the practice's figures",
}
# Of those that some route asks for.
CLIENT_SCOPES = {Permission(code): allows for code, allows in _ALLOWED.items() if code in set(Permission)}


class NotYours(DomainError):
    """Nobody gives away what they do not have."""

    code = "scope_not_yours"
    status = 403

    def __init__(self, scopes: Iterable[str]) -> None:
        super().__init__(f"You cannot grant what you are not granted: {' '.join(sorted(scopes))}")


def grantable(by: Actor) -> frozenset[Permission]:
    """What `by` may grant a client: of its own permissions if it is in a practice, else (an operator) all of them."""
    every = frozenset(CLIENT_SCOPES)
    return every & by.scopes if isinstance(by, Principal) else every


def granted(scopes: Iterable[str], *, besides: Iterable[str] = (), by: Actor) -> list[str]:
    """`scopes` in order and once each. Raises NotYours for one that `by` may not grant, unless it is in `besides`."""
    asked = {str(scope) for scope in scopes}
    if refused := asked - set(besides) - grantable(by):
        raise NotYours(refused)
    return sorted(asked)
