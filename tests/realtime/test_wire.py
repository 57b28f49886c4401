"""Who reads nothing any more is dropped, however much waits to be read."""

import asyncio
import base64
import os
import socket
from typing import Any

import pytest
import uvicorn
import uvloop

from realtime.wire import Wire

_HANDSHAKE = (
    b"GET /live HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)) + b"\r\n\r\n"
)


def frozen(port: int) -> socket.socket:
    """A reader that opens a socket and reads no more."""
    reader = socket.create_connection(("127.0.0.1", port))
    reader.sendall(_HANDSHAKE)
    return reader


async def left_by_all(app: Any, *, ping_seconds: float, close_timeout: float = 10.0) -> None:
    """Returns once the server has no connection left; raises TimeoutError where it keeps one."""

    class Quick(Wire):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.close_timeout = close_timeout

    with socket.create_server(("127.0.0.1", 0)) as listening:
        pings = {"ws_ping_interval": ping_seconds, "ws_ping_timeout": ping_seconds}
        config = uvicorn.Config(app, ws=Quick, lifespan="off", log_config=None, **pings)  # type: ignore[arg-type]
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        reader = await asyncio.to_thread(frozen, listening.getsockname()[1])
        try:
            async with asyncio.timeout(60):
                await app.served.wait()
                while server.server_state.connections:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        finally:
            reader.close()
            server.should_exit = True
            await serving


class Talking:
    """Sends until nobody reads, and listens for the end."""

    def __init__(self) -> None:
        self.served = asyncio.Event()

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        talking = asyncio.create_task(self._talk(send))
        while (await receive())["type"] != "websocket.disconnect":
            pass
        with pytest.raises(OSError):
            await talking
        self.served.set()

    async def _talk(self, send: Any) -> None:
        while True:
            await send({"type": "websocket.send", "text": "x" * 1000})


class Leaving:
    """Says as much as is taken without a wait, then goodbye."""

    def __init__(self) -> None:
        self.served = asyncio.Event()

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        # More than the kernel takes, and less than what would make the server wait.
        transport = send.__self__.transport
        while transport.get_write_buffer_size() < 10_000:
            await send({"type": "websocket.send", "text": "x" * 1000})
        await send({"type": "websocket.close", "code": 4401})
        self.served.set()


# The latter in production.
ON_BOTH_LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run])


@ON_BOTH_LOOPS
def test_who_answers_no_ping_is_gone_though_much_waits_to_be_read(run: Any) -> None:
    run(left_by_all(Talking(), ping_seconds=0.2))


@ON_BOTH_LOOPS
def test_who_never_says_goodbye_is_gone(run: Any) -> None:
    run(left_by_all(Leaving(), ping_seconds=30, close_timeout=0.2))
