"""A manager, an agent, and partners' programs."""

from collections.abc import Callable

import pytest

from mybcat.principal import Role
from tests.callers import Caller, Partner, public
from tests.factories import Clinic, make_api_client, make_member
from tests.gateway.conftest import own_redis

__all__ = ["own_redis"]

MakePartner = Callable[..., Partner]


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return a_manager(clinic)


def a_manager(clinic: Clinic) -> Caller:
    """Signed in now, which in some tests is another time."""
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def partner_of() -> MakePartner:
    """Makes a client of a practice's with these scopes, and a program that has its token."""

    def make(clinic: Clinic, *scopes: str) -> Partner:
        client, secret = make_api_client(practice=clinic.practice, **({"scopes": list(scopes)} if scopes else {}))
        assert secret is not None
        return Partner(public("appc", client.id), secret)

    return make


@pytest.fixture
def partner(partner_of: MakePartner, clinic: Clinic) -> Partner:
    """One with every scope."""
    return partner_of(clinic)
