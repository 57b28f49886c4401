"""What the person at the terminal sees: one line per line of each process."""

import os
import select
import zlib

# A write of this size to a descriptor that select() calls writable never blocks (PIPE_BUF).
_SAFE_WRITE = 4096
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_NAME_WIDTH = 8
# Seconds a line may wait for a reader: ours are worth more than a child's, whose log has it anyway.
_OWN_PATIENCE, _CHILD_PATIENCE = 1.0, 0.2


class Console:
    """Writes lines, and never waits long for whoever should read them.

    A pager, a stopped terminal or a test that reads no further would otherwise hold up the
    supervisor, then every process that writes to it, and in the end the shutdown.
    """

    def __init__(self, *, descriptor: int = 1, silent: bool = False) -> None:
        self._descriptor = descriptor
        self._silent = silent
        self._stalled = False
        self._colour = os.isatty(descriptor) and "NO_COLOR" not in os.environ

    def say(self, text: str) -> None:
        """Our own words."""
        for line in text.splitlines():
            self._line("mybcat", line.encode(), _OWN_PATIENCE)

    def show(self, text: str) -> None:
        """A block that stands out, without a name before it."""
        self._write(text.encode() + b"\n", _OWN_PATIENCE)

    def relay(self, name: str, line: bytes) -> None:
        """A line of process `name`; left out when nobody reads."""
        self._line(name, line, 0.0 if self._stalled else _CHILD_PATIENCE)

    def _line(self, name: str, line: bytes, patience: float) -> None:
        if not self._silent:
            self._write(self._prefix(name) + b" " + line + b"\n", patience)

    def _prefix(self, name: str) -> bytes:
        text = f"{name:<{_NAME_WIDTH}} |".encode()
        if not self._colour:
            return text
        colour = _COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]
        return b"\x1b[%dm%b\x1b[0m" % (colour, text)

    def _write(self, data: bytes, patience: float) -> None:
        try:
            while data:
                self._stalled = not select.select([], [self._descriptor], [], patience)[1]
                if self._stalled:
                    return
                data = data[os.write(self._descriptor, data[:_SAFE_WRITE]) :]
        except (OSError, ValueError):
            # The terminal is gone; what follows is the hang-up signal.
            self._silent = True
