"""Who calls, what is logged, and which Redis, in these tests."""

from collections.abc import Iterator

import pytest

from tests.api.conftest import agent
from tests.gateway.redis_of_its_own import redis_of_its_own
from tests.isolation.conftest import logged
from tests.mybcat.processes import Valkey

__all__ = ["agent", "logged"]


@pytest.fixture
def own_redis() -> Iterator[Valkey]:
    """May be hung and ended."""
    with redis_of_its_own() as server:
        yield server
