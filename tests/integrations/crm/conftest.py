"""HubSpot on this machine, and a practice that is connected to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.crm import hubspot as adapter
from tests.factories import Clinic, make_crm_connection
from tests.standins.hubspot import HubSpot


@pytest.fixture
def hubspot(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpot]:
    vendor = HubSpot()
    settings.HUBSPOT_API_URL = vendor.url
    # Nobody waits for the pauses between repetitions.
    calling = adapter.vendor_client(base_url=vendor.url, sleep=lambda _: None)
    monkeypatch.setattr(adapter, "_client", lambda _: calling)
    with calling, vendor.running():
        yield vendor


@pytest.fixture
def connected(clinic: Clinic, hubspot: HubSpot) -> Clinic:
    make_crm_connection(practice=clinic.practice)
    return clinic
