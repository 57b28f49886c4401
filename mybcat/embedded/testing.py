"""`test`: the test suite against servers that live as long as it does."""

import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from mybcat.embedded import environment, external, ports, servers, template
from mybcat.embedded.child import Command
from mybcat.embedded.console import Console
from mybcat.embedded.home import Home, write_json
from mybcat.embedded.leftovers import stop_leftovers
from mybcat.embedded.refusal import Refusal
from mybcat.embedded.servers import Servers
from mybcat.embedded.supervisor import StopRequested, Supervisor

# Another server to test against; see contracts.md: the suite must pass on a foreign one, too.
_FOREIGN = "MYBCAT_TEST_DATABASE_ADMIN_URL"
# How many run side by side, each with servers of its own.
_LANES = "TEST_LANES"
# Their homes, for tests/lanes.py.
LANES = "MYBCAT_TEST_LANES"


def test(*, home: Home, arguments: list[str]) -> int:
    """Runs pytest with `arguments`; answers its exit code. The last line printed is `N passed, N failed`."""
    place = home.test
    place.prepare()
    report = place.file("report.xml")
    report.unlink(missing_ok=True)
    count = _lanes(arguments)
    try:
        with place.locked():
            model = template.make(home=Home(place.file("template"))) if count > 1 else None
            with Supervisor(home=place, console=Console(silent=True)) as supervisor:
                lanes = [place if number == 0 else place.lane(number) for number in range(count)]
                code = _run(arguments, lanes=lanes, model=model, report=report, supervisor=supervisor)
    except StopRequested:
        code = 130
    passed, failed = tally(report)
    print(f"{passed} passed, {failed} failed", flush=True)
    return code or (1 if failed else 0)


def tally(report: Path) -> tuple[int, int]:
    """Tests passed and failed, errors among the failed; no report at all counts as one failure."""
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314  # pytest wrote it
    except (OSError, ElementTree.ParseError):
        return 0, 1
    # A test that had a second try is there twice.
    outcomes: dict[tuple[str | None, str | None], set[str]] = {}
    for case in cases:
        outcomes.setdefault((case.get("classname"), case.get("name")), set()).update(part.tag for part in case)
    failed = sum(1 for outcome in outcomes.values() if outcome & {"failure", "error"})
    return sum(1 for outcome in outcomes.values() if not outcome & {"failure", "error", "skipped"}), failed


def _run(
    arguments: list[str], *, lanes: Sequence[Home], model: Home | None, report: Path, supervisor: Supervisor
) -> int:
    found = [_surroundings(place=lane, model=model, supervisor=supervisor) for lane in lanes]
    pytest = (sys.executable, "-m", "pytest", "-o", f"cache_dir={lanes[0].file('pytest')}", *arguments)
    command = Command(
        name="pytest",
        arguments=(*pytest, f"--junit-xml={report}", *_side_by_side(found, lanes=lanes)),
        environment={**found[0], LANES: os.pathsep.join(str(lane.root) for lane in lanes)},
        # Lets fixtures stop what they have started.
        stop_signal=signal.SIGINT,
    )
    return supervisor.run_in_foreground(command)


def _lanes(arguments: list[str]) -> int:
    """Three for the whole suite, on two cores: much of it waits. One for what was picked, and on a foreign server."""
    asked = os.environ.get(_LANES, "1" if arguments else "3")
    if asked not in ("1", "2", "3", "4"):
        raise Refusal(f"{_LANES} must be a number from 1 to 4, not {asked!r}.")
    return 1 if os.environ.get(_FOREIGN) else int(asked)


def _side_by_side(found: Sequence[Mapping[str, str]], *, lanes: Sequence[Home]) -> tuple[str, ...]:
    """What pytest-xdist must be told; tests/lanes.py leads each of its workers to its lane."""
    if len(lanes) == 1:
        return ()
    for lane, variables in zip(lanes, found, strict=True):
        write_json(lane.file("lane.json"), variables)
    return ("-p", "tests.lanes", "--numprocesses", str(len(lanes)), "--dist", "loadfile", "--no-loadscope-reorder")


def _surroundings(*, place: Home, model: Home | None, supervisor: Supervisor) -> dict[str, str]:
    place.prepare()
    stop_leftovers(home=place)
    # Counters of an earlier run would be added to ours.
    for directory in (place.postgres, place.valkey, place.file("metrics")):
        shutil.rmtree(directory, ignore_errors=True)
    if model:
        template.copy(model, to=place)
    foreign = os.environ.get(_FOREIGN)
    administrator = foreign or servers.start_postgres(home=place, supervisor=supervisor, durable=False)
    # Somebody else's server may have one of that name already.
    default = "mybcat_test" if foreign else template.DATABASE
    database = external.as_administrator(administrator, variable=_FOREIGN, default=default)
    found = Servers(database=database, redis_url=servers.start_valkey(home=place, supervisor=supervisor, durable=False))
    settings = environment.settings(home=place, servers=found, port=ports.free_ports(), environ=os.environ)
    # The tests make databases of their own, and start the product in this very virtual environment.
    extra = {
        "MYBCAT_TEST_ADMIN_URL": administrator,
        "MYBCAT_VENV": sys.prefix,
        # One caller of theirs asks more often than any agent would.
        "RATE_LIMIT_FACTOR": "1000",
        # An endpoint there may be registered without asking DNS.
        "OUTBOUND_EXCEPTIONS": "127.0.0.1:4242",
        **({template.TEMPLATE: str(model.root)} if model else {}),
    }
    # A run inside a run has lanes of its own.
    kept = {name: value for name, value in os.environ.items() if name != LANES and not name.startswith("PYTEST_XDIST_")}
    return {**environment.for_children(settings, environ=kept), **extra}
