"""A Redis that goes away without a word: it is noticed, and what was subscribed to is heard again."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

from mybcat.ids import new_uuid
from realtime import layer as layers
from realtime.layer import Layer, Subscription
from realtime.models import Visit
from tests.callers import Caller, public
from tests.factories import Clinic, make_visit
from tests.mybcat.processes import PATIENCE, Cable, live
from tests.realtime.watcher import ORIGIN, Watcher


@pytest.fixture
def cable() -> Iterator[Cable]:
    """To the Redis of all tests."""
    redis = urlsplit(settings.REDIS_URL)
    cable = Cable(host=str(redis.hostname), port=redis.port or 6379)
    yield cable
    cable.close()


def over(cable: Cable) -> str:
    """The same Redis, by its other address."""
    redis = urlsplit(settings.REDIS_URL)
    known, at, _ = redis.netloc.rpartition("@")
    return redis._replace(netloc=f"{known}{at}127.0.0.1:{cable.port}").geturl()


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "ASK_SECONDS", 0.5)
    monkeypatch.setattr(layers, "ANSWER_SECONDS", 1.0)


class Heard:
    """One that has subscribed over the cable, and one that publishes without it."""

    def __init__(self, cable: Cable, kind: type[Any] = Layer) -> None:
        self.near = kind(hosts=[over(cable)])
        self.far = Layer(hosts=[settings.REDIS_URL])
        self.group = f"test.{new_uuid().hex}"
        self.channel = ""

    async def __aenter__(self) -> "Heard":
        self.channel = await self.near.new_channel()
        await self.near.group_add(self.group, self.channel)
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.near.flush()
        await self.far.flush()

    async def comes(self, word: str, *, rounds: int | None = None) -> bool:
        """Whether `word` comes, said again each half second for so many rounds; None: until it does."""
        heard = asyncio.create_task(self._hears(word))
        try:
            async with asyncio.timeout(PATIENCE):
                while not heard.done() and rounds != 0:
                    await self.far.group_send(self.group, {"type": word})
                    await asyncio.wait({heard}, timeout=0.5)
                    rounds = rounds and rounds - 1
            return heard.done()
        finally:
            heard.cancel()
            await asyncio.wait({heard})

    async def _hears(self, word: str) -> None:
        while (await self.near.receive(self.channel))["type"] != word:
            pass


def test_silence_is_noticed_and_everything_subscribed_to_anew(cable: Cable, eager: None) -> None:
    async def scene() -> None:
        async with Heard(cable) as heard:
            assert await heard.comes("before")
            cable.silence()
            assert await heard.comes("after")

    asyncio.run(scene())


def test_the_layer_we_stand_on_hears_nothing_for_as_long_as_tcp_keeps_quiet(cable: Cable) -> None:
    async def scene() -> None:
        async with Heard(cable, RedisPubSubChannelLayer) as heard:
            assert await heard.comes("before")
            cable.silence()
            assert not await heard.comes("after", rounds=10)

    asyncio.run(scene())


def test_who_has_nothing_to_say_is_asked_and_answers(cable: Cable, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Semaphore(0)
    monkeypatch.setattr(layers, "ASK_SECONDS", 0.1)
    # Nobody is asked again before having answered.
    monkeypatch.setattr(layers, "ANSWER_SECONDS", 10 * PATIENCE)
    ping = Subscription.ping

    def counted(self: Subscription, message: Any = None) -> Any:
        asked.release()
        return ping(self, message)

    monkeypatch.setattr(Subscription, "ping", counted)

    async def scene() -> None:
        async with Heard(cable) as heard, asyncio.timeout(PATIENCE):
            for _ in range(5):
                await asked.acquire()
            assert await heard.comes("after")

    asyncio.run(scene())


def test_a_break_is_mended_as_before(cable: Cable, eager: None) -> None:
    async def scene() -> None:
        async with Heard(cable) as heard:
            assert await heard.comes("before")
            cable.cut()
            cable.plug_in()
            assert await heard.comes("after")

    asyncio.run(scene())


@pytest.mark.processes
def test_positions_are_heard_again_after_the_network_was_cut(
    port: int, driver: Caller, agent: Caller, clinic: Clinic, cable: Cable
) -> None:
    visit = make_visit(clinic, status="under_way")
    with live(TRUSTED_ORIGINS=ORIGIN, LIVE_REDIS_URLS=over(cable)) as other, Watcher(other.port, agent) as desk:
        desk.say(type="watch", visitId=public("visit", visit.id))
        with Watcher(port, driver) as device:
            assert _seen(desk, device, visit, lat=40.1)
            cable.silence()
            assert _seen(desk, device, visit, lat=40.2)


def _seen(desk: Watcher, device: Watcher, visit: Visit, *, lat: float) -> bool:
    """The device says where it is until the desk, at another process, hears so."""
    for _ in range(int(PATIENCE)):
        device.say(type="location_update", visitId=public("visit", visit.id), lat=lat, lng=-74.0)
        try:
            while True:
                if desk.hears(seconds=1.2).get("lat") == lat:
                    return True
        except TimeoutError:
            pass
    return False
