"""One browser and one running product for all of these modules. A machine without Chromium downloads it first."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.dashboard.browsing import browser, product


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with browser() as launched:
        yield launched


@pytest.fixture(scope="package")
def url(_migrated: None) -> Iterator[str]:
    with product() as address:
        yield address
