"""`test`: the test suite against servers that live as long as it does."""

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from mybcat.embedded import environment, external, ports, servers
from mybcat.embedded.child import Command
from mybcat.embedded.console import Console
from mybcat.embedded.home import Home
from mybcat.embedded.leftovers import stop_leftovers
from mybcat.embedded.servers import Servers
from mybcat.embedded.supervisor import StopRequested, Supervisor

# Another server to test against; see contracts.md: the suite must pass on a foreign one, too.
_FOREIGN = "MYBCAT_TEST_DATABASE_ADMIN_URL"


def test(*, home: Home, arguments: list[str]) -> int:
    """Runs pytest with `arguments`; answers its exit code. The last line printed is `N passed, N failed`."""
    place = home.test
    place.prepare()
    report = place.file("report.xml")
    report.unlink(missing_ok=True)
    try:
        with place.locked(), Supervisor(home=place, console=Console(silent=True)) as supervisor:
            code = _run(arguments, place=place, report=report, supervisor=supervisor)
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
    outcomes = [{part.tag for part in case} for case in cases]
    failed = sum(1 for outcome in outcomes if outcome & {"failure", "error"})
    return sum(1 for outcome in outcomes if not outcome & {"failure", "error", "skipped"}), failed


def _run(arguments: list[str], *, place: Home, report: Path, supervisor: Supervisor) -> int:
    stop_leftovers(home=place)
    # Counters of an earlier run would be added to ours.
    for directory in (place.postgres, place.valkey, place.file("metrics")):
        shutil.rmtree(directory, ignore_errors=True)
    surroundings = _surroundings(place=place, supervisor=supervisor)
    pytest = (sys.executable, "-m", "pytest", "-o", f"cache_dir={place.file('pytest')}", *arguments)
    command = Command(
        name="pytest",
        arguments=(*pytest, f"--junit-xml={report}"),
        environment=surroundings,
        # Lets fixtures stop what they have started.
        stop_signal=signal.SIGINT,
    )
    return supervisor.run_in_foreground(command)


def _surroundings(*, place: Home, supervisor: Supervisor) -> Mapping[str, str]:
    administrator = os.environ.get(_FOREIGN) or servers.start_postgres(home=place, supervisor=supervisor, durable=False)
    database = external.as_administrator(administrator, variable=_FOREIGN, default="mybcat_test")
    found = Servers(database=database, redis_url=servers.start_valkey(home=place, supervisor=supervisor, durable=False))
    # Counters of an earlier run.
    shutil.rmtree(place.file("metrics"), ignore_errors=True)
    settings = environment.settings(home=place, servers=found, port=ports.free_ports(), environ=os.environ)
    # The tests make databases of their own, and start the product in this very virtual environment.
    extra = {
        "MYBCAT_TEST_ADMIN_URL": administrator,
        "MYBCAT_VENV": sys.prefix,
        # One caller of theirs asks more often than any agent would.
        "RATE_LIMIT_FACTOR": "1000",
        # An endpoint there may be registered without asking DNS.
        "OUTBOUND_EXCEPTIONS": "127.0.0.1:4242",
    }
    return {**environment.for_children(settings, environ=os.environ), **extra}
