"""Who calls in these tests."""

from tests.api.conftest import agent, clinician

__all__ = ["agent", "clinician"]
