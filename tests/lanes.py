"""Leads each worker of pytest-xdist to servers of its own; loaded before Django reads its settings.

Two workers on one database would empty each other's tables, and one Valkey has but one set of channels.
A module is one worker's. Those that start processes come first: begun last, one would keep its lane busy alone.
"""

import json
import os
from pathlib import Path

import pytest

_worker = os.environ.get("PYTEST_XDIST_WORKER")
if _worker:
    _home = os.environ["MYBCAT_TEST_LANES"].split(os.pathsep)[int(_worker.removeprefix("gw"))]
    os.environ.update(json.loads((Path(_home) / "lane.json").read_text(encoding="utf-8")))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffle, which stays what it was otherwise; what a directory's tests share is started once."""
    slow = {item.path for item in items if item.get_closest_marker("processes")}
    items.sort(key=lambda item: (item.path not in slow, str(item.path.parent) if item.path in slow else ""))
