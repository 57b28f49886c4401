"""Who calls, and what is logged, in these tests."""

from tests.api.conftest import agent
from tests.isolation.conftest import logged

__all__ = ["agent", "logged"]
