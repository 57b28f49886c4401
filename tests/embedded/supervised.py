"""A program under test: supervises children that are given as JSON, until it is asked to stop.

`python -m tests.embedded.supervised HOME '[{"name": …, "code": …, "stage": …, "grace": …}]'`
"""

import json
import os
import sys
from pathlib import Path

from mybcat.embedded.child import Command, Stage
from mybcat.embedded.console import Console
from mybcat.embedded.home import Home
from mybcat.embedded.leftovers import stop_leftovers
from mybcat.embedded.supervisor import StopRequested, Supervisor


def main(root: str, children: str) -> None:
    home = Home(Path(root))
    home.prepare()
    try:
        with home.locked(), Supervisor(home=home, console=Console()) as supervisor:
            stop_leftovers(home=home)
            for child in json.loads(children):
                supervisor.start(_command(**child))
            print("started", flush=True)
            supervisor.supervise()
    except StopRequested:
        print("ended", flush=True)


def _command(*, name: str, code: str, stage: str = "APPLICATION", grace: float = 10.0) -> Command:
    return Command(
        name=name,
        arguments=(sys.executable, "-u", "-c", code),
        environment=dict(os.environ),
        stage=Stage[stage],
        grace=grace,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
