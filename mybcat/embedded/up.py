"""`up`: everything, in the foreground, until somebody asks for the end."""

import os
import shutil
import time

from mybcat.embedded import dashboard, environment, preflight, processes, readiness, servers
from mybcat.embedded.child import Command
from mybcat.embedded.console import Console
from mybcat.embedded.home import Home
from mybcat.embedded.ports import LOOPBACK
from mybcat.embedded.supervisor import StopRequested, Supervisor

# Seconds after which a start is called slow, with what it waits for.
_USUAL = 30.0

_READY = """
  MyBCAT is ready.

  Address     {url}/
  Operators   {url}/admin/
  API         {url}/api/docs

  sarah@mybcat.example   scheduling agent, Bright Eyes Optometry and Lakeside Vision
  omar@mybcat.example    scheduling agent, Lakeside Vision
  maria@mybcat.example   practice manager, Bright Eyes Optometry
  ops@mybcat.example     platform operator
  Password of each: mybcat-demo
  The operator sets up an authenticator at the first sign-in. Without one: make operator-code

  Ctrl-C stops everything.
"""


def up(*, home: Home, arguments: list[str]) -> int:
    """Starts and supervises everything; 0 after an orderly end, a Refusal for what cannot start."""
    del arguments
    console = Console()
    try:
        with home.locked(), Supervisor(home=home, console=console) as supervisor:
            port = preflight.check(home=home, environ=os.environ)
            api, live, *behind = _prepared(home=home, port=port, supervisor=supervisor, console=console)
            supervisor.start(api)
            supervisor.start(live)
            _wait(port=port, supervisor=supervisor, console=console)
            # Not before: each takes seconds of a processor to load, and people wait for those two alone.
            for command in behind:
                supervisor.start(command)
            console.show(_READY.format(url=f"http://{LOOPBACK}:{port}"))
            supervisor.supervise()
    except StopRequested:
        pass
    return 0


def _prepared(*, home: Home, port: int, supervisor: Supervisor, console: Console) -> list[Command]:
    """Servers started, tables up to date, demo data loaded; what remains to be started, `api` and `live` first."""
    found = servers.start(home=home, supervisor=supervisor, environ=os.environ)
    settings = environment.settings(home=home, servers=found, port=port, environ=os.environ)
    environment.publish(settings, home=home)
    # Counters of processes that are gone.
    shutil.rmtree(home.file("metrics"), ignore_errors=True)
    surroundings = environment.for_children(settings, environ=os.environ)
    dashboard.build(home=home, say=console.say)
    processes.migrate(home=home, supervisor=supervisor, environment=surroundings)
    processes.load(home=home, supervisor=supervisor, environment=surroundings)
    return processes.processes(home=home, port=port, environment=surroundings)


def _wait(*, port: int, supervisor: Supervisor, console: Console) -> None:
    begun, told = time.monotonic(), False
    while obstacle := readiness.obstacle(port):
        supervisor.supervise(seconds=0.1)
        if not told and time.monotonic() - begun > _USUAL:
            console.say(f"not ready yet: {obstacle}")
            told = True
