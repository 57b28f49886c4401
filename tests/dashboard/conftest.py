"""One browser and one running product for all of these modules. A machine without Chromium downloads it first."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.dashboard.browsing import browser, product


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A second try for each test of a screen, which the summary tells (ADR 36)."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with browser() as launched:
        yield launched


@pytest.fixture(scope="package")
def url(_migrated: None) -> Iterator[str]:
    with product() as address:
        yield address
