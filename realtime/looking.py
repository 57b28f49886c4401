"""Twice a second, once for all sockets of the process: was a change missed, may each socket still be there?"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from mybcat import epochs
from mybcat.gateway.authoriser import Known, Loader
from mybcat.gateway.tokens import Claims, InvalidToken
from mybcat.models import EventSequence
from mybcat.principal import Permission
from mybcat.tenancy import platform_scope, practice_scope
from realtime.hub import Hub, in_thread
from realtime.sockets import FORBIDDEN, UNAUTHENTICATED, Socket

logger = structlog.get_logger(__name__)

ROUND_SECONDS = 0.4


async def look(hub: Hub) -> None:
    """For ever: sockets and PostgreSQL, and beside it the layer, which may hang."""
    await asyncio.gather(_repeated(hub, _look_after), _repeated(hub, _tend))


async def _repeated(hub: Hub, work: Callable[[Hub], Awaitable[None]]) -> None:
    """What fails is repeated in the next round."""
    working = True
    while True:
        try:
            await work(hub)
            working = True
        except Exception as error:  # PostgreSQL or Redis may be away
            if working:
                logger.error("Sockets could not be looked after", exc_info=error)
            working = False
        await asyncio.sleep(ROUND_SECONDS)


async def _tend(hub: Hub) -> None:
    await hub.prune()
    await hub.repeat()
    for audience in hub:
        await hub.subscribe(audience)


async def _look_after(hub: Hub) -> None:
    for audience in hub:
        _end_expired(audience.sockets | audience.guests)
    practices = [audience.practice_id for audience in hub]
    last, raised = await in_thread(_state, practices) if practices else ({}, {})
    # Longer ago than epochs are told of: PostgreSQL could not be read.
    too_late = hub.looked(at=asyncio.get_running_loop().time()) > epochs.REMEMBERED.total_seconds()
    # Rights first: who may not hear any more hears nothing of what was missed.
    for audience in hub:
        for socket in tuple(audience.sockets):
            if too_late or _changed(socket, raised):
                await _judge(socket)
    for audience in hub:
        await hub.fill(audience, last.get(audience.practice_id, 0))


def load(claims: Claims) -> Known:
    """Who is behind the claims now. Raises InvalidToken."""
    loader: Loader = import_string(settings.PRINCIPAL_LOADERS[claims.kind])
    with practice_scope(claims.practice_id):
        return loader(claims=claims, now=datetime.now(UTC))


def _state(practices: list[UUID]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """The latest number of each practice's events, and the epochs raised lately."""
    with platform_scope(reason="live"):
        last = dict(EventSequence.objects.filter(practice_id__in=practices).values_list("practice_id", "last"))
        return last, dict(epochs.raised_lately())


def _end_expired(sockets: Iterable[Socket]) -> None:
    now = datetime.now(UTC).timestamp()
    for socket in tuple(sockets):
        if socket.until <= now:
            socket.close(UNAUTHENTICATED, "The access token has expired")


def _changed(socket: Socket, raised: dict[UUID, int]) -> bool:
    if socket.known is None:
        return False
    of_caller, of_practice = socket.known.epochs
    return raised.get(socket.principal.id, 0) > of_caller or raised.get(socket.practice_id, 0) > of_practice


async def _judge(socket: Socket) -> None:
    """Something of its member or practice has changed: let it stay only with the same rights."""
    if socket.claims is None:
        return
    try:
        known = await in_thread(load, socket.claims)
    except InvalidToken:
        socket.close(UNAUTHENTICATED, "The sign-in has ended")
        return
    if known.principal.scopes != socket.principal.scopes or known.principal.role != socket.principal.role:
        socket.close(FORBIDDEN, "What the member may do has changed")
        return
    socket.known = known


def may_watch(known: Known) -> bool:
    """Whether the caller may hear of appointments at all."""
    return known.principal.may(Permission.APPOINTMENT_READ)
