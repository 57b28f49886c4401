"""What the layer, PostgreSQL and a watcher bring at one time: nothing is missed, nothing comes twice."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from mybcat.gateway.authoriser import Known
from mybcat.ids import new_uuid
from realtime import hub as hubs
from realtime import looking, talking
from realtime.frames import resync, text_of
from realtime.hub import Audience, Hub
from realtime.models import Visit
from realtime.sockets import Admitted, Socket
from realtime.visits.positions import Located
from tests.factories import Clinic, make_visit

FAR = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
Read = Callable[..., Awaitable[Any]]


def frame(seq: int) -> dict[str, Any]:
    return {"stream": "calendar", "seq": seq, "type": "appointment.booked", "id": None}


class Reader:
    """The other end of a socket; one that is `ended` has a server that will hear of nothing more to send."""

    def __init__(self, *, ended: bool = False) -> None:
        self.ended = ended
        self.got: list[str] = []
        self.code: int | None = None

    async def __call__(self, message: dict[str, Any]) -> None:
        if self.ended:
            raise RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'.")
        if message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            self.got.append(message["text"])


def joined(audience: Audience, reader: Reader) -> Socket:
    socket = Socket(reader, admitted=Admitted(audience.practice_id, FAR), resync=lambda _: "resync")
    audience.sockets.add(socket)
    return socket


def in_place_of_threads(monkeypatch: pytest.MonkeyPatch, read: Read) -> None:
    monkeypatch.setattr(hubs, "in_thread", read)


def audience_of(hub: Hub, practice_id: UUID, *, seq: int = 0) -> Audience:
    audience = hub._audiences[practice_id] = Audience(practice_id, seq=seq)
    return audience


def test_what_the_layer_brings_while_postgresql_is_read_is_no_gap(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        hub, reader = Hub(), Reader()
        audience = audience_of(hub, clinic.practice.id)
        joined(audience, reader)

        async def read(*_: Any) -> list[dict[str, Any]]:
            told = [(seq, text_of(frame(seq))) for seq in (1, 2, 3)]
            hub._heard({"type": "changes", "practice": clinic.practice.id.hex, "frames": told})
            return [frame(1), frame(2)]

        in_place_of_threads(monkeypatch, read)
        await hub.fill(audience, 2)

        assert reader.got == [text_of(frame(seq)) for seq in (1, 2, 3)]
        assert audience.seq == 3

    asyncio.run(scene())


def test_what_is_gone_for_good_takes_nobody_back(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        hub, reader = Hub(), Reader()
        audience = audience_of(hub, clinic.practice.id)
        joined(audience, reader)

        async def read(*_: Any) -> list[dict[str, Any]]:
            audience.seq = 9
            return [frame(2)]

        in_place_of_threads(monkeypatch, read)
        await hub.fill(audience, 2)

        assert (audience.seq, reader.got) == (9, [resync(9)])

    asyncio.run(scene())


def test_one_that_ends_takes_nothing_from_the_others(clinic: Clinic) -> None:
    async def scene() -> None:
        hub, readers = Hub(), [Reader(ended=number == 0) for number in range(20)]
        audience = audience_of(hub, clinic.practice.id)
        sockets = [joined(audience, reader) for reader in readers]

        for seq in (1, 2):
            told = [(seq, text_of(frame(seq)))]
            hub._heard({"type": "changes", "practice": clinic.practice.id.hex, "frames": told})

        assert [len(reader.got) for reader in readers] == [0, *[2] * 19]
        assert [socket.closing for socket in sockets] == [True, *[False] * 19]

    asyncio.run(scene())


@pytest.mark.parametrize(("away", "judged"), [(0.0, 0), (400.0, 1)])
def test_after_a_long_time_without_postgresql_each_socket_is_judged_anew(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, away: float, judged: int
) -> None:
    """Epochs are told of for five minutes: a sign-in that ended in the meantime would stay open."""

    async def scene() -> None:
        hub, seen = Hub(), list[Socket]()
        audience = audience_of(hub, clinic.practice.id)
        socket = joined(audience, Reader())

        async def read(*_: Any) -> Any:
            return {}, {}

        async def judge(socket: Socket) -> None:
            seen.append(socket)

        monkeypatch.setattr(looking, "in_thread", read)
        monkeypatch.setattr(looking, "_judge", judge)
        hub.looked(at=asyncio.get_running_loop().time() - away)
        await looking._look_after(hub)
        await looking._look_after(hub)

        assert seen == [socket] * judged

    asyncio.run(scene())


def test_an_operator_who_views_as_a_member_is_not_taken_for_them(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        hub = Hub()
        audience = audience_of(hub, clinic.practice.id)

        async def name(*_: Any) -> str:
            return clinic.agent.name

        monkeypatch.setattr(talking, "in_thread", name)
        for principal, shown in ((clinic.principal.viewed_by(new_uuid()), 0), (clinic.principal, 1)):
            socket = joined(audience, Reader())
            socket.known = Known(principal, (0, 0))
            await talking.heed('{"type":"look","date":"2026-04-24"}', socket=socket, hub=hub)
            assert len(audience.looking.own) == shown

    asyncio.run(scene())


def seen(visit: Visit, status: str, *, over: bool = False) -> Located:
    return Located(visit.id, status, None, None, None, None, over=over)


def test_a_step_while_the_visit_is_read_is_read_again(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make_visit(clinic, status="under_way")

    async def scene() -> None:
        hub, answers = Hub(), [seen(visit, "arrived"), seen(visit, "under_way")]
        audience = audience_of(hub, clinic.practice.id)

        async def read(*_: Any) -> Located:
            if len(answers) == 2:
                hubs._tell_step(audience, visit.id, "arrived")
            return answers.pop()

        in_place_of_threads(monkeypatch, read)
        assert (await hub.visit_now(clinic.practice.id, visit.id)).status == "arrived"

    asyncio.run(scene())


def test_holders_of_links_are_told_what_a_resync_leaves_out(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = make_visit(clinic, status="under_way")

    async def scene() -> None:
        hub, reader = Hub(), Reader()
        audience = audience_of(hub, clinic.practice.id)
        admitted = Admitted(clinic.practice.id, FAR, visit=seen(visit, "under_way"))
        guest = Socket(reader, admitted=admitted, resync=lambda _: "resync")
        audience.guests.add(guest)
        hub.watch(guest, visit.id)

        async def read(*_: Any) -> Located:
            return seen(visit, "done", over=True)

        in_place_of_threads(monkeypatch, read)
        await hub.fill(audience, 5000)
        await asyncio.gather(*hub._running)
        while reader.code is None:  # noqa: ASYNC110
            await asyncio.sleep(0)

        assert (len(reader.got), reader.code) == (1, 1000)
        assert '"status":"done"' in reader.got[0]

    asyncio.run(scene())
