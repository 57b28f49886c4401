"""What yields to others on its machine (`nice`) has its sessions yield as well, and PostgreSQL's work for it.

A flood of webhooks costs more in PostgreSQL than in the worker, and a backend has the server's priority, as those that
serve bookings have. And between sessions `nice` alone does nothing where Linux groups processes by session: each of
our processes and each backend is one (sched(7), "The autogroup feature").
"""

import os
import socket
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created

from mybcat.free_core import keeper


def yield_everywhere() -> None:
    """From now on, if this process was started to yield; called once, when Django starts."""
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    if niceness <= 0:
        return
    # In another's session, a terminal's for one, others would yield with us.
    if os.getsid(0) == os.getpid():
        _let_session_yield(os.getpid(), niceness)
    connection_created.connect(_let_backend_yield, dispatch_uid=__name__)


def _let_backend_yield(*, connection: Any, **_: Any) -> None:
    backend, niceness = connection.connection.info.backend_pid, os.getpriority(os.PRIO_PROCESS, 0)
    # From the first connection on: a worker's processes are forked after Django has started, and threads are not.
    free_core = keeper()
    if not _serves(backend, connection.connection.fileno()):
        return
    if free_core is not None:
        free_core.add(connection.connection)
    try:
        os.setpriority(os.PRIO_PROCESS, backend, niceness)
    except OSError:
        # Another account's server keeps its priority.
        return
    _let_session_yield(backend, niceness)


def _let_session_yield(process_id: int, niceness: int) -> None:
    try:
        Path(f"/proc/{process_id}/autogroup").write_text(str(niceness))
    except OSError:
        # No such thing here (another system, or control groups instead): `nice` is enough there.
        return


def _serves(process_id: int, descriptor: int) -> bool:
    """Whether the process is the backend at the other end of this very connection, and not another machine's number.

    PostgreSQL's backends are titled by their client's port.
    """
    try:
        with socket.socket(fileno=os.dup(descriptor)) as ours:
            name = ours.getsockname()
        title = Path(f"/proc/{process_id}/cmdline").read_bytes()
    except OSError:
        return False
    return isinstance(name, tuple) and title.startswith(b"postgres: ") and f"({name[1]})".encode() in title
