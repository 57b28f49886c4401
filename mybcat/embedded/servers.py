"""PostgreSQL and Valkey, ours or somebody else's, ready to be used."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
import redis

from mybcat.embedded import external, passwords, ports, postgres, valkey
from mybcat.embedded.external import Addresses
from mybcat.embedded.home import Home, read_json
from mybcat.embedded.refusal import Refusal
from mybcat.embedded.supervisor import Supervisor

# Recovery after a power cut replays what the last checkpoint left: minutes of work on a slow disk. To give up
# before would stop it half-way, each time anew.
_RECOVERY = 900.0


@dataclass(frozen=True, kw_only=True, repr=False)
class Servers:
    """Where the application finds them."""

    database: Addresses
    redis_url: str


def start(*, home: Home, supervisor: Supervisor, environ: Mapping[str, str]) -> Servers:
    """Those that the environment names, checked; the others started from this home's data."""
    database = external.database(environ)
    redis_url = external.redis_address(environ)
    if database is None:
        administrator = start_postgres(home=home, supervisor=supervisor, durable=True)
        database = external.as_administrator(administrator, variable="PostgreSQL", default="mybcat")
    if redis_url is None:
        redis_url = start_valkey(home=home, supervisor=supervisor, durable=True)
    return Servers(database=database, redis_url=redis_url)


def start_postgres(*, home: Home, supervisor: Supervisor, durable: bool) -> str:
    """Starts this home's PostgreSQL; answers its administrator's address once it serves."""
    _forget_libpq_variables()
    cluster = postgres.locate(home)
    password = passwords.of_home(home).postgres
    postgres.ensure_created(cluster, password=password, supervisor=supervisor, log=home.log("initdb"))
    port = ports.remembered(home=home, name="postgres")
    child = supervisor.start(cluster.command(port=port, durable=durable))
    url = _administrator(home, port)
    supervisor.wait_until(lambda: _postgres_serves(url, home), child=child, seconds=_RECOVERY)
    return url


def running_postgres(*, home: Home) -> str:
    """The administrator's address of the one that another command runs. Raises Refusal where it does not serve."""
    url = _administrator(home, read_json(home.file("ports.json")).get("postgres", 0))
    if not _postgres_serves(url, home):
        raise Refusal(f"MyBCAT runs from {home.root}, but its database does not answer: look into {home.logs}.")
    return url


def _administrator(home: Home, port: int) -> str:
    password = passwords.of_home(home).postgres
    return f"postgresql://{postgres.SUPERUSER}:{password}@{ports.LOOPBACK}:{port}/postgres"


def start_valkey(*, home: Home, supervisor: Supervisor, durable: bool) -> str:
    """Starts this home's Valkey; answers its address once it serves."""
    password = passwords.of_home(home).valkey
    port = ports.remembered(home=home, name="valkey")
    child = supervisor.start(valkey.command(home=home, port=port, password=password, durable=durable))
    url = valkey.url(port=port, password=password)
    supervisor.wait_until(lambda: _valkey_serves(url), child=child, seconds=_RECOVERY)
    return url


def _postgres_serves(url: str, home: Home) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Refusal(
                f"The password in {home.file('secrets.json')} is not that of the database in {home.postgres}: "
                "restore the file, or remove both to start with an empty database."
            ) from None
        return False
    return True


def _valkey_serves(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=2, retry=None) as client:
            client.ping()
    except redis.RedisError:
        return False
    return True


def _forget_libpq_variables() -> None:
    """PGSSLMODE, PGHOSTADDR and the like are meant for other servers, and would keep us from our own."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
