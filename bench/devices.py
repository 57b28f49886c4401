"""Clinicians' devices that send where they are."""

import asyncio
import json
import time
from collections.abc import Sequence

from websockets.asyncio.client import ClientConnection, connect

EVERY = 4.0


def driving(*, port: int, drivers: Sequence[tuple[str, list[str]]], seconds: float) -> dict[float, float]:
    """Send for so long, each visit every 4 s; by latitude, which is never sent twice: when it was sent.

    `drivers` are their tokens and visits.
    """
    return asyncio.run(_drive(port, drivers, seconds))


async def _drive(port: int, drivers: Sequence[tuple[str, list[str]]], seconds: float) -> dict[float, float]:
    sent: dict[float, float] = {}
    end = time.monotonic() + seconds

    async def one(number: int, token: str, visits: list[str]) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        address = f"ws://127.0.0.1:{port}/live"
        async with connect(address, subprotocols=["mybcat.v1"], additional_headers=headers) as socket:  # type: ignore[list-item]
            await _rounds(socket, number, visits)

    async def _rounds(socket: ClientConnection, number: int, visits: list[str]) -> None:
        pause = EVERY / len(visits)
        await asyncio.sleep(pause * number / len(drivers))
        turn = 0
        while time.monotonic() < end:
            latitude = round(50 + number / 100 + turn / 1_000_000, 6)
            message = {"type": "location_update", "visitId": visits[turn % len(visits)], "lat": latitude, "lng": -0.1}
            sent[latitude] = time.monotonic()
            await socket.send(json.dumps(message))
            turn += 1
            await asyncio.sleep(pause)

    await asyncio.gather(*(one(number, *driver) for number, driver in enumerate(drivers)))
    return sent
