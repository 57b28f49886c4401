"""One socket whose reader is slow: nobody waits for it, and it is told what it missed."""

import asyncio
from typing import Any
from uuid import UUID

from mybcat.gateway.authoriser import Known
from mybcat.gateway.tokens import Claims
from realtime.pace import Pace
from realtime.sockets import QUEUED, Admitted, Socket
from tests.factories import Clinic


class Reader:
    """The other end, which can stop reading."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.got: list[str] = []
        self.code: int | None = None

    async def __call__(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        if message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            self.got.append(message["text"])


def made(reader: Reader, clinic: Clinic) -> Socket:
    claims = Claims("member", clinic.agent.id, None, clinic.practice.id, None, 2_000_000_000)

    def resync(practice_id: UUID) -> str:
        assert practice_id == clinic.practice.id
        return "resync"

    admitted = Admitted(clinic.practice.id, claims.expires_at, claims, Known(clinic.principal, (0, 0)))
    return Socket(reader, admitted=admitted, resync=resync)


def test_who_keeps_up_gets_each_frame_at_once(clinic: Clinic) -> None:
    async def scene() -> None:
        reader = Reader()
        socket = made(reader, clinic)
        for number in range(1000):
            socket.push(str(number))
            assert reader.got[-1] == str(number)

    asyncio.run(scene())


def test_a_pause_loses_nothing(clinic: Clinic) -> None:
    async def scene() -> None:
        reader = Reader()
        socket = made(reader, clinic)
        reader.reads.clear()
        for number in range(QUEUED):
            socket.push(str(number))
        assert reader.got == []
        reader.reads.set()
        await asyncio.sleep(0.01)
        socket.push("last")
        assert reader.got == [*map(str, range(QUEUED)), "last"]

    asyncio.run(scene())


def test_a_long_pause_ends_in_a_resync(clinic: Clinic) -> None:
    async def scene() -> None:
        reader = Reader()
        socket = made(reader, clinic)
        reader.reads.clear()
        for number in range(QUEUED * 3):
            socket.push(str(number))
        reader.reads.set()
        await asyncio.sleep(0.01)
        socket.push("next")
        # The first was on its way already.
        assert reader.got == ["0", "resync", "next"]

    asyncio.run(scene())


def test_nothing_follows_the_end(clinic: Clinic) -> None:
    async def scene() -> None:
        reader = Reader()
        socket = made(reader, clinic)
        reader.reads.clear()
        socket.push("waits")
        socket.close(4401, "over")
        socket.close(4403, "twice")
        socket.push("too late")
        reader.reads.set()
        await asyncio.sleep(0.01)
        assert (reader.got, reader.code) == ([], 4401)

    asyncio.run(scene())


def test_a_pace_admits_a_burst_and_then_its_rate() -> None:
    pace = Pace(rate=10, burst=3)

    assert [pace.admits(0.0) for _ in range(4)] == [True, True, True, False]
    assert [pace.admits(0.1) for _ in range(2)] == [True, False]
    assert [pace.admits(100.0) for _ in range(4)] == [True, True, True, False]
