"""Leads each worker of pytest-xdist to servers of its own; loaded before Django reads its settings.

Two workers on one database would empty each other's tables, and one Valkey has but one set of channels.
A module is one worker's. So is a directory whose modules share processes that take long to start, and all of these
are the first worker's as long as the second has anything else: they wait as much as they work, the rest only works,
and two products, browsers and benches side by side would slow each other down to where tests give up.
While the first waits, a third worker works: it gets nothing that starts processes or races, which both need the time.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

TOGETHER = {f"tests/{name}" for name in ("bench", "dashboard", "embedded", "faults", "realtime")}
RACES = "tests/concurrency/"
# So many tests are begun early.
LARGE = 60
# From this lane on they take what can wait its turn.
PATIENT = 2

_worker = os.environ.get("PYTEST_XDIST_WORKER")
if _worker:
    _lane = int(_worker.removeprefix("gw"))
    _home = os.environ["MYBCAT_TEST_LANES"].split(os.pathsep)[_lane]
    os.environ.update(json.loads((Path(_home) / "lane.json").read_text(encoding="utf-8")))


def chosen(scopes: Iterable[str], *, lane: int) -> str | None:
    """Which of these, in their order, this lane takes next; None: nothing for it is left."""
    waiting = list(scopes)
    others = [scope for scope in waiting if scope not in TOGETHER]
    if lane >= PATIENT:
        # From the end: what starts processes elsewhere stands at the beginning.
        return next((scope for scope in reversed(others) if not scope.startswith(RACES)), None)
    return next(iter(others if lane and others else waiting), None)


class Lanes(LoadFileScheduling):
    """File by file, but for directories that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        directory = file.rpartition("/")[0]
        return directory if directory in TOGETHER else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope = chosen(self.workqueue, lane=int(node.gateway.id.removeprefix("gw")))
        if scope is None:
            # Else it would keep its last test back until there is another.
            node.shutdown()
            return
        self.workqueue.move_to_end(scope, last=False)
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
