"""Tests that break things, on servers and processes of their own."""

import json
from collections.abc import Iterator

import pytest

from tests.faults.agents import Office
from tests.faults.product import Api, Product, installed, run, serving

SMALL_OFFICES, SMALL = 24, 20
LARGE_OFFICES, LARGE = 3, 400


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Whoever breaks a part of it mends it again."""
    with installed(tmp_path_factory.mktemp("product")) as found:
        yield found


@pytest.fixture(scope="session")
def _offices(product: Product) -> dict[int, list[Office]]:
    """By their number of slots."""
    wanted = [SMALL] * SMALL_OFFICES + [LARGE] * LARGE_OFFICES
    printed = run(product, "-m", "tests.faults.furnish", *map(str, wanted))
    offices = [Office(**each) for each in json.loads(printed.splitlines()[-1])]
    return {slots: [office for office in offices if len(office.slots) == slots] for slots in (SMALL, LARGE)}


@pytest.fixture
def office(_offices: dict[int, list[Office]]) -> Office:
    """A practice that no other test has used."""
    return _offices[SMALL].pop()


@pytest.fixture
def large_office(_offices: dict[int, list[Office]]) -> Office:
    """The same, with slots for many bookings."""
    return _offices[LARGE].pop()


@pytest.fixture(scope="session")
def api(product: Product) -> Iterator[Api]:
    with serving(product) as found:
        yield found
