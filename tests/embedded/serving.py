"""A program under test: a home's own PostgreSQL and Valkey, until it is asked to stop.

`python -m tests.embedded.serving HOME` prints the two addresses as JSON. With a directory as second
argument it behaves as for root where user namespaces are refused, and that directory is open to all.
"""

import json
import sys
from pathlib import Path

from mybcat.embedded import postgres, servers
from mybcat.embedded.console import Console
from mybcat.embedded.home import Home
from mybcat.embedded.isolation import Account
from mybcat.embedded.leftovers import stop_leftovers
from mybcat.embedded.supervisor import StopRequested, Supervisor


def main(root: str, open_directory: str = "") -> None:
    if open_directory:
        postgres._OPEN_DIRECTORY = Path(open_directory)
        postgres.account_for = lambda program: Account.NOBODY
    home = Home(Path(root))
    home.prepare()
    try:
        with home.locked(), Supervisor(home=home, console=Console(silent=True)) as supervisor:
            stop_leftovers(home=home)
            administrator = servers.start_postgres(home=home, supervisor=supervisor, durable=True)
            redis_url = servers.start_valkey(home=home, supervisor=supervisor, durable=True)
            print(json.dumps({"administrator": administrator, "redis": redis_url}), flush=True)
            supervisor.supervise()
    except StopRequested:
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
