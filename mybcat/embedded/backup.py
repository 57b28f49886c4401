"""`backup FILE` and `restore FILE`: all that the embedded PostgreSQL holds of ours, as one file.

PostgreSQL's own programs make and read it, as the superuser: row-level security keeps every other role
from most rows, and the superuser's password is nobody's to type.
"""

import os
import shutil
from pathlib import Path

import psycopg
from psycopg import sql

from mybcat.embedded import passwords, postgres, servers
from mybcat.embedded.addresses import as_role, in_database, password_of
from mybcat.embedded.child import Command
from mybcat.embedded.console import Console
from mybcat.embedded.home import Busy, Home
from mybcat.embedded.leftovers import stop_leftovers
from mybcat.embedded.provision import provision
from mybcat.embedded.refusal import Refusal
from mybcat.embedded.supervisor import StopRequested, Supervisor

_DATABASE, _DRAFT, _BEFORE = "mybcat", "mybcat_restoring", "mybcat_before"


def backup(*, home: Home, arguments: list[str]) -> int:
    """Writes the data to a new file that its owner alone can read, beside `up` or without it."""
    file = _file(arguments)
    if file.exists() or not file.parent.is_dir():
        raise Refusal(f"{file} cannot be written: name a new file in a directory that exists.")
    with Supervisor(home=home, console=Console(silent=True)) as supervisor:
        try:
            try:
                with home.locked():
                    _dump(file, home=home, administrator=_started(home, supervisor), supervisor=supervisor)
            except Busy:
                with home.visited():
                    _dump(file, home=home, administrator=servers.running_postgres(home=home), supervisor=supervisor)
        except StopRequested:
            return 128 + (supervisor.requested or 0)
    print(f"{file} holds the database; back up {home.file('keys')} as well, and not beside it.")
    return 0


def restore(*, home: Home, arguments: list[str]) -> int:
    """Puts a backup in the place of the data, all of it or nothing; `up` must not run."""
    file = _file(arguments)
    if not file.is_file():
        raise Refusal(f"There is no file {file}.")
    try:
        with home.locked(), Supervisor(home=home, console=Console(silent=True)) as supervisor:
            administrator = _started(home, supervisor)
            _read_into_draft(file, home=home, administrator=administrator, supervisor=supervisor)
            kept = _swap(administrator)
    except StopRequested:
        return 130
    # What Redis remembers is of data that is there no more: epochs, limits, tickets, nudges.
    shutil.rmtree(home.valkey, ignore_errors=True)
    print(
        f"Restored. The data of before is kept as the database {_BEFORE} until the next time." if kept else "Restored."
    )
    return 0


def _file(arguments: list[str]) -> Path:
    if len(arguments) != 1 or not arguments[0]:
        raise Refusal('Name one file, as in `make backup ARGS="/backups/monday.dump"`.')
    if os.environ.get("DATABASE_URL"):
        raise Refusal(
            "DATABASE_URL names a server that somebody else runs: back it up and restore it by its own means."
        )
    return Path(arguments[0]).expanduser().absolute()


def _started(home: Home, supervisor: Supervisor) -> str:
    """The administrator's address of this home's PostgreSQL, which nobody else runs."""
    stop_leftovers(home=home)
    return servers.start_postgres(home=home, supervisor=supervisor, durable=True)


def _dump(file: Path, *, home: Home, administrator: str, supervisor: Supervisor) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    words = ("pg_dump", "--format=custom", f"--file={draft}")
    try:
        code = _run(words, home=home, address=in_database(administrator, _DATABASE), supervisor=supervisor)
        if code != 0:
            raise Refusal("Nothing was backed up.")
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)


def _read_into_draft(file: Path, *, home: Home, administrator: str, supervisor: Supervisor) -> None:
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(_DRAFT)))
    roles = passwords.derived(password_of(administrator))
    provision(administrator=administrator, database=_DRAFT, passwords=roles)
    words = ("pg_restore", "--exit-on-error", str(file))
    if _run(words, home=home, address=in_database(administrator, _DRAFT), supervisor=supervisor) != 0:
        raise Refusal(f"{file} could not be read; the data is what it was.")


def _swap(administrator: str) -> bool:
    """The database that was read becomes ours, in one transaction; whether there was one before."""
    with psycopg.connect(administrator, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone()
        if found:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(_BEFORE)))
        with connection.transaction():
            for old, new in (*([(_DATABASE, _BEFORE)] if found else []), (_DRAFT, _DATABASE)):
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))
    return found is not None


def _run(words: tuple[str, ...], *, home: Home, address: str, supervisor: Supervisor) -> int:
    """One of PostgreSQL's programs. The password is not among its arguments, which all users of a machine can read."""
    program = str(postgres.locate(home).binaries / words[0])
    quiet = as_role(address, role=postgres.SUPERUSER, password="", database=address.rpartition("/")[2])
    surroundings = {"LC_ALL": "C.UTF-8", "PATH": os.defpath, "PGPASSWORD": password_of(address)}
    arguments = (program, *words[1:], f"--dbname={quiet}")
    return supervisor.run_in_foreground(Command(name=words[0], arguments=arguments, environment=surroundings))
