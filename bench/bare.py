"""The limit of `bench.live`: a bare `websockets` server that hands what Redis publishes to everybody.

`python -m bench.bare PORT REDIS_URL CHANNEL`
"""

import sys

import redis.asyncio
import uvloop
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve


async def _until_closed(connection: ServerConnection) -> None:
    await connection.send('{"type":"hello"}')
    await connection.wait_closed()


async def _hand_on(server: Server, url: str, channel: str) -> None:
    async with redis.asyncio.Redis.from_url(url) as client, client.pubsub() as subscription:
        await subscription.subscribe(channel)
        async for message in subscription.listen():
            if message["type"] == "message":
                broadcast(server.connections, message["data"].decode())


async def _serve(port: int, url: str, channel: str) -> None:
    async with serve(_until_closed, "127.0.0.1", port, compression=None, subprotocols=["mybcat.v1"]) as server:  # type: ignore[list-item]
        await _hand_on(server, url, channel)


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
