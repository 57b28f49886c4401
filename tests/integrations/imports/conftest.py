"""Who hands files in."""

import pytest

from mybcat.principal import Role
from tests.callers import Caller
from tests.factories import Clinic, make_member


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)
