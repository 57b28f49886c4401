"""The wire under the sockets: uvicorn's, except that whoever has vanished is gone for good.

uvicorn closes a connection in an orderly way, which waits until everything that was written has been read.
A phone that froze reads nothing: its socket, its place among the looking and its share of the limits
would stay for as long as TCP goes on trying.
"""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Wire(WebSocketsSansIOProtocol):
    """One connection."""

    def keepalive_timeout(self) -> None:
        """It has not answered the ping."""
        super().keepalive_timeout()
        self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Nobody serves it any more; the other end may take a while to say goodbye."""
        super().on_task_complete(task)
        if self in self.connections:
            self.loop.call_later(self.close_timeout, self.transport.abort)
