"""`run -- COMMAND`: one command with the servers around it."""

import os
import shutil
import time

import psycopg

from mybcat.embedded import environment, external, ports, processes, servers
from mybcat.embedded.child import Command
from mybcat.embedded.console import Console
from mybcat.embedded.home import Busy, Home
from mybcat.embedded.leftovers import stop_leftovers
from mybcat.embedded.refusal import Refusal
from mybcat.embedded.supervisor import StopRequested, Supervisor

# Seconds that another command may take to bring up the servers that we want to share.
_PATIENCE = 60.0


def run(*, home: Home, arguments: list[str]) -> int:
    """Runs the command in the product's environment; answers its exit code.

    Servers that already run from this home are used; else they are started and stopped again.
    """
    words = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not words:
        raise Refusal("Say what to run: python3 -m mybcat.embedded run -- COMMAND …")
    if shutil.which(words[0], path=environment.search_path(os.environ)) is None:
        raise Refusal(f"There is no program {words[0]}.")
    with Supervisor(home=home, console=Console(silent=True)) as supervisor:
        try:
            try:
                with home.locked():
                    return _around(words, home=home, supervisor=supervisor)
            except Busy:
                return _beside(words, home=home, supervisor=supervisor)
        except StopRequested:
            return 128 + (supervisor.requested or 0)


def _around(words: list[str], *, home: Home, supervisor: Supervisor) -> int:
    stop_leftovers(home=home)
    found = servers.start(home=home, supervisor=supervisor, environ=os.environ)
    settings = environment.settings(home=home, servers=found, port=ports.web_port(os.environ), environ=os.environ)
    environment.publish(settings, home=home)
    surroundings = environment.for_children(settings, environ=os.environ)
    processes.migrate(home=home, supervisor=supervisor, environment=surroundings)
    code = supervisor.run_in_foreground(Command(name="run", arguments=tuple(words), environment=surroundings))
    while home.has_guests():
        supervisor.supervise(seconds=0.2)
    return code


def _beside(words: list[str], *, home: Home, supervisor: Supervisor) -> int:
    with home.visited():
        settings = {**_running(home=home, supervisor=supervisor), **_named_by_caller()}
        surroundings = environment.for_children(settings, environ=os.environ)
        return supervisor.run_in_foreground(Command(name="run", arguments=tuple(words), environment=surroundings))


def _running(*, home: Home, supervisor: Supervisor) -> dict[str, str]:
    """The environment of what runs from this home, once its database answers."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        settings = environment.published(home=home)
        try:
            psycopg.connect(settings["DATABASE_OWNER_URL"], connect_timeout=2).close()
        except (KeyError, psycopg.OperationalError):
            supervisor.supervise(seconds=0.2)
        else:
            return settings
    raise Refusal(f"MyBCAT runs from {home.root}, but its database does not answer: look into {home.logs}.")


def _named_by_caller() -> dict[str, str]:
    """Servers that the caller names win over those that run."""
    named: dict[str, str] = {}
    if database := external.database(os.environ):
        named |= {"DATABASE_URL": database.app, "DATABASE_OWNER_URL": database.owner}
    if redis_url := external.redis_address(os.environ):
        named["REDIS_URL"] = redis_url
    return named
