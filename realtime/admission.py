"""Who may open a socket: a ticket of ours from a page of ours, or a program with its token."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from mybcat.errors import UnknownId
from mybcat.gateway.tokens import Claims, InvalidToken, verify_access_token
from realtime.hub import in_thread
from realtime.looking import load, may_watch
from realtime.sockets import FORBIDDEN, UNAUTHENTICATED, UNKNOWN_STREAM, Admitted
from realtime.tickets import take_ticket
from realtime.visits.links import BadLink, read_link
from realtime.visits.positions import located

PROTOCOL = "mybcat.v1"
PATH = "/live"
_TICKET, _LINK = "ticket.", "visit."


class Refused(Exception):
    """The socket is closed with this."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def admit(scope: dict[str, Any]) -> Admitted:
    """The caller of a handshake. Raises Refused; LiveAway while tickets cannot be read."""
    if scope["path"] != PATH:
        raise Refused(UNKNOWN_STREAM, "No such stream")
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    _refuse_foreign_page(headers)
    if links := [each.removeprefix(_LINK) for each in scope["subprotocols"] if each.startswith(_LINK)]:
        return await _holder(links[0])
    try:
        claims = await _claims(scope, headers)
        known = await in_thread(load, claims)
    except InvalidToken as error:
        raise Refused(UNAUTHENTICATED, "A new ticket is needed") from error
    if not may_watch(known):
        raise Refused(FORBIDDEN, "Forbidden")
    until = min(claims.expires_at, known.ends_at.timestamp() if known.ends_at else claims.expires_at)
    return Admitted(claims.practice_id, until, claims, known)


async def _holder(token: str) -> Admitted:
    """Of a visit's link. Raises Refused for one that is made up or over."""
    try:
        link = read_link(token, now=datetime.now(UTC))
        seen = await in_thread(lambda: located(practice_id=link.practice_id, visit_id=link.visit_id))
    except (BadLink, UnknownId) as error:
        raise Refused(UNAUTHENTICATED, "The link is not valid any more") from error
    if seen.over:
        raise Refused(FORBIDDEN, "The visit is over")
    return Admitted(link.practice_id, link.expires_at.timestamp(), visit=seen)


def _refuse_foreign_page(headers: dict[bytes, str]) -> None:
    """Browsers always say which page opens the socket; who says nothing is a program, and must bring its token."""
    origin = headers.get(b"origin")
    if origin not in settings.LIVE_ORIGINS if origin is not None else b"authorization" not in headers:
        raise Refused(FORBIDDEN, "This origin may not open a socket")


async def _claims(scope: dict[str, Any], headers: dict[bytes, str]) -> Claims:
    """Raises InvalidToken. What stands in the URL is not looked at."""
    if PROTOCOL not in scope["subprotocols"]:
        raise InvalidToken(missing=True)
    tickets = [each.removeprefix(_TICKET) for each in scope["subprotocols"] if each.startswith(_TICKET)]
    if tickets:
        claims = await in_thread(take_ticket, tickets[0]) if len(tickets) == 1 else None
        if claims is None or claims.expires_at <= datetime.now(UTC).timestamp():
            raise InvalidToken
        return claims
    scheme, _, token = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() != "bearer" or b"origin" in headers:
        raise InvalidToken(missing=True)
    claims = await in_thread(lambda: verify_access_token(token.strip(), now=datetime.now(UTC)))
    if claims.thumbprint is not None:
        # Certificates are shown to `api`, where such a client gets a ticket.
        raise InvalidToken
    return claims
