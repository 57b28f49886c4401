"""Leads each worker of pytest-xdist to servers of its own; loaded before Django reads its settings.

Two workers on one database would empty each other's tables, and one Valkey has but one set of channels.
A module is one worker's. So is a directory whose modules share processes that take long to start, and all of these
are the first worker's as long as others have anything else: they wait as much as they work, the rest only works, and
two products, browsers and benches side by side would slow each other down to where tests give up.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

TOGETHER = {f"tests/{name}" for name in ("bench", "dashboard", "embedded", "faults", "realtime")}
# So many tests are begun early.
LARGE = 60

_worker = os.environ.get("PYTEST_XDIST_WORKER")
if _worker:
    _home = os.environ["MYBCAT_TEST_LANES"].split(os.pathsep)[int(_worker.removeprefix("gw"))]
    os.environ.update(json.loads((Path(_home) / "lane.json").read_text(encoding="utf-8")))


class Lanes(LoadFileScheduling):
    """File by file, but for directories that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        directory = file.rpartition("/")[0]
        return directory if directory in TOGETHER else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        other = next((scope for scope in self.workqueue if scope not in TOGETHER), None)
        if node.gateway.id != "gw0" and other is not None:
            self.workqueue.move_to_end(other, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """In place of the one that `--dist` names."""
    return Lanes(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes and what is long first: begun last, one would keep its lane busy alone. Shuffled otherwise."""
    count = Counter(item.path for item in items)
    long = {item.path for item in items if item.get_closest_marker("timeout") or count[item.path] >= LARGE}
    slow = {item.path for item in items if item.get_closest_marker("processes")}
    items.sort(
        key=lambda item: (item.path not in slow, str(item.path.parent) if item.path in slow else item.path not in long)
    )
