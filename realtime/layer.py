"""The channel layer, except that a Redis which goes away without a word is noticed and subscribed to anew.

Where a network is cut, TCP says so only after many minutes, and until then nothing is heard.
"""

import asyncio
from typing import Any

import structlog
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisSingleShardConnection
from redis.asyncio.client import PubSub
from redis.asyncio.connection import Connection

logger = structlog.get_logger(__name__)

# Where nothing was heard for so long, the other end is asked whether it is there;
ASK_SECONDS = 5.0
# whoever does not answer for so long is not.
ANSWER_SECONDS = 10.0


class Subscription(PubSub):
    """One to which silence is an answer, too."""

    _heard_at = 0.0
    _asked_at: float | None = None

    async def on_connect(self, connection: Connection) -> None:
        """Whoever was asked is not the one who is there now."""
        self._asked_at = None
        await super().on_connect(connection)

    async def parse_response(self, block: bool = True, timeout: float = 0) -> Any:  # noqa: ASYNC109  # theirs
        """The layer comes here ten times a second, and is the only one who reads.

        Read first: after a pause of this process's own, the answer is there already.
        """
        response = await super().parse_response(block=block, timeout=timeout)
        now = asyncio.get_running_loop().time()
        if response is not None:
            self._heard_at, self._asked_at = now, None
        elif self._asked_at is None:
            if now - self._heard_at >= ASK_SECONDS:
                self._asked_at = now
                await self.ping()
        elif now - self._asked_at >= ANSWER_SECONDS:
            self._asked_at = None
            logger.warning("The channel layer's Redis says nothing; connecting anew")
            # Without waiting for a goodbye. Whoever reads next connects, which subscribes to everything again.
            await self.connection.disconnect(nowait=True)  # type: ignore[attr-defined]
        return response


class Shard(RedisSingleShardConnection):
    def _ensure_redis(self) -> None:
        if self._redis is None:
            super()._ensure_redis()
            self._pubsub = Subscription(self._redis.connection_pool)  # type: ignore[attr-defined]


class Layer(RedisPubSubChannelLayer):
    """Named in settings.py."""

    def _get_layer(self) -> Any:
        known = asyncio.get_running_loop() in self._layers
        layer = super()._get_layer()
        if not known:
            layer._shards = [Shard(shard.host, layer) for shard in layer._shards]
        return layer
