"""A connection to PostgreSQL ends with the thread that opened it.

The web server ends threads that have had nothing to do for 30 s. Django's wrapper of a connection is
part of a reference cycle, so the connection itself would stay open until the garbage collector comes
by, which it seldom does in a quiet process: each pause would cost PostgreSQL another few connections.
"""

import threading
from typing import Any

from django.db.backends.signals import connection_created


class _Ending:
    """Referred to by its thread alone, and so dropped with it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __del__(self) -> None:
        self._connection.close()


_of_thread = threading.local()


def end_with_their_threads() -> None:
    """From now on; called once, when Django starts."""
    connection_created.connect(_keep, dispatch_uid=__name__)


def _keep(*, connection: Any, **_: Any) -> None:
    setattr(_of_thread, connection.alias, _Ending(connection.connection))
