"""The proxy, and what partners are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.callers import public
from tests.certificates import Authority, Issued
from tests.deploy.edge import Edge, serving
from tests.factories import Clinic, bind_client, make_api_client


@dataclass(frozen=True)
class Certificates:
    """Of one authority, but for the rogue's."""

    authority: Authority
    good: Issued
    other: Issued
    expired: Issued
    early: Issued
    revoked: Issued
    rogue: Issued


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    authority, now = Authority("Partners' CA"), datetime.now(UTC)
    made = Certificates(
        authority,
        good=authority.issue("good"),
        other=authority.issue("other"),
        expired=authority.issue("expired", valid_from=now - timedelta(days=9), days=8),
        early=authority.issue("early", valid_from=now + timedelta(days=1)),
        revoked=authority.issue("revoked"),
        # The same name does not make the same authority.
        rogue=Authority("Partners' CA").issue("good"),
    )
    authority.revoke(made.revoked)
    return made


@pytest.fixture(scope="session")
def edge(_migrated: None, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with serving(tmp_path_factory.mktemp("edge"), authority=certificates.authority) as found:
        yield found


@dataclass(frozen=True)
class Credentials:
    """A client's id and secret, as its owner keeps them."""

    id: str
    secret: str


@pytest.fixture
def unbound(clinic: Clinic) -> Credentials:
    client, secret = make_api_client(practice=clinic.practice)
    return Credentials(public("appc", client.id), str(secret))


@pytest.fixture
def bound(clinic: Clinic, certificates: Certificates) -> Credentials:
    """Must come with the good certificate."""
    client, secret = make_api_client(practice=clinic.practice)
    bind_client(client, certificates.good)
    return Credentials(public("appc", client.id), str(secret))
