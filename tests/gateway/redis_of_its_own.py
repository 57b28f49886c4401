"""A Redis that a test may hang, end or look into, used by the gateway of this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from mybcat.gateway.authoriser import contexts
from mybcat.volatile import volatile
from tests.mybcat.processes import Valkey, valkey


@contextmanager
def redis_of_its_own() -> Iterator[Valkey]:
    """Nothing is remembered at its beginning, nor afterwards."""
    before = settings.REDIS_URL
    with valkey() as server:
        settings.REDIS_URL = server.url
        _start_anew()
        try:
            yield server
        finally:
            settings.REDIS_URL = before
            _start_anew()


def _start_anew() -> None:
    volatile.cache_clear()
    contexts.clear()
