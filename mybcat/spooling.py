"""Bodies too large for memory: to disk while they arrive, few at a time, and only for callers with a token."""

from collections.abc import AsyncIterator
from typing import IO, Any

from django.utils import timezone

from mybcat.gateway.tokens import InvalidToken, verify_access_token

# Each may fill 256 MiB of disk, and they are served one after the other. Whoever waits for room is not read from.
ROOM = 4


async def keep(pieces: AsyncIterator[bytes], file: IO[bytes]) -> None:
    """All of `pieces` in the file, to be read from its start."""
    async for piece in pieces:
        # Into the page cache: a wait for the disk would be one of every request.
        file.write(piece)
    file.seek(0)


def has_token(headers: Any) -> bool:
    """Whether the caller has a token in force: nobody else may fill the disk."""
    scheme, _, token = (headers.get("authorization") or "").partition(" ")
    try:
        verify_access_token(token.strip(), now=timezone.now())
    except InvalidToken:
        return False
    return scheme.lower() == "bearer"
