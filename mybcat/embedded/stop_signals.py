"""Turns Ctrl-C, SIGTERM and SIGHUP into requests that are looked at between two steps, never in the midst of one."""

import os
import signal
import socket
import time
from types import FrameType
from typing import Any, Self

_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# `make`, `timeout` and shells hand one request on to us again: within this time it is the same one.
_SAME_REQUEST = 0.5


class StopSignals:
    """Counts requests to stop while entered; `wakeup` becomes readable with any signal, SIGCHLD included."""

    def __init__(self) -> None:
        self.received: list[signal.Signals] = []
        self._last = float("-inf")
        self._before: dict[signal.Signals, Any] = {}
        self.wakeup, self._writer = socket.socketpair()

    def __enter__(self) -> Self:
        for end in (self.wakeup, self._writer):
            end.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in _WATCHED:
            # nohup has a say about SIGHUP; a shell that ignores SIGINT for its background jobs has none.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _nothing)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self.wakeup.close()
        self._writer.close()

    def drain(self) -> None:
        """Empties `wakeup`."""
        try:
            while os.read(self.wakeup.fileno(), 512):
                pass
        except BlockingIOError:
            pass

    def _note(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last > _SAME_REQUEST:
            self.received.append(signal.Signals(number))
        self._last = now


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Only the wake-up matters."""
