"""A home whose database has the product's tables, for tests to copy: in a second, where to make them takes thirty."""

import os
import shutil
from pathlib import Path

from mybcat.embedded import environment, external, ports, processes, servers
from mybcat.embedded.console import Console
from mybcat.embedded.home import Home
from mybcat.embedded.leftovers import stop_leftovers
from mybcat.embedded.servers import Servers
from mybcat.embedded.supervisor import Supervisor

# Where it is, for what a run of the tests starts.
TEMPLATE = "MYBCAT_TEST_TEMPLATE"
# As it is in any home.
DATABASE = "mybcat"


def named() -> Home | None:
    """The one that the environment names."""
    root = os.environ.get(TEMPLATE)
    return Home(Path(root)) if root else None


def make(*, home: Home) -> Home:
    """Migrates a new database in `home`, and stops its servers; a run inside a run uses what is there already."""
    if known := named():
        return known
    home.prepare()
    stop_leftovers(home=home)
    shutil.rmtree(home.postgres, ignore_errors=True)
    with Supervisor(home=home, console=Console(silent=True)) as supervisor:
        administrator = servers.start_postgres(home=home, supervisor=supervisor, durable=False)
        database = external.as_administrator(administrator, variable="PostgreSQL", default=DATABASE)
        redis_url = servers.start_valkey(home=home, supervisor=supervisor, durable=False)
        found = Servers(database=database, redis_url=redis_url)
        told = environment.settings(home=home, servers=found, port=ports.free_ports(), environ=os.environ)
        children = environment.for_children(told, environ=os.environ)
        processes.migrate(home=home, supervisor=supervisor, environment=children)
    return home


def copy(template: Home, *, to: Home) -> None:
    """Gives `to`, which has no database yet, that of the template, and the passwords that go with it."""
    # Where root may not serve from a closed home, it is elsewhere: then each makes its own.
    if template.postgres.exists():
        shutil.copytree(template.postgres, to.postgres)
        shutil.copy(template.file("secrets.json"), to.file("secrets.json"))
