"""HubSpot on this machine, and a practice that is connected to it."""

from collections.abc import Iterator

import pytest

from tests.factories import Clinic, make_crm_connection
from tests.standins.hubspot import HubSpot, hubspot_for_us


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    with hubspot_for_us() as vendor:
        yield vendor


@pytest.fixture
def connected(clinic: Clinic, hubspot: HubSpot) -> Clinic:
    make_crm_connection(practice=clinic.practice)
    return clinic
