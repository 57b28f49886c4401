"""Servers that somebody else runs: DATABASE_URL and REDIS_URL, checked before anything is started."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
import redis

from mybcat.embedded import passwords
from mybcat.embedded.addresses import as_role, database_of, password_of, user_of
from mybcat.embedded.preflight import check_addresses
from mybcat.embedded.provision import APP, OWNER, provision
from mybcat.embedded.refusal import Refusal

# Seconds for a login; whether anybody listens is known by then.
_PATIENCE = 4


@dataclass(frozen=True, kw_only=True, repr=False)
class Addresses:
    """A database as its two roles see it."""

    app: str
    owner: str


def database(environ: Mapping[str, str]) -> Addresses | None:
    """The database that DATABASE_URL names, prepared; None when it names none.

    It names either the plain role `mybcat_app`, then DATABASE_OWNER_URL must be given too and nothing
    is changed, or an administrator, who is used here and never handed on.
    """
    url = environ.get("DATABASE_URL")
    if not url:
        return None
    if _readable(url, "DATABASE_URL") == APP:
        owner = environ.get("DATABASE_OWNER_URL")
        if not owner:
            raise Refusal("DATABASE_URL names the role mybcat_app, so DATABASE_OWNER_URL must name mybcat_owner's.")
        _readable(owner, "DATABASE_OWNER_URL")
        _connect(url, "DATABASE_URL")
        _connect(owner, "DATABASE_OWNER_URL")
        return Addresses(app=url, owner=owner)
    return as_administrator(url, variable="DATABASE_URL", default="mybcat")


def as_administrator(url: str, *, variable: str, default: str) -> Addresses:
    """Prepares the database that an administrator's `url` names (else `default`); answers the addresses in it."""
    _readable(url, variable)
    password = password_of(url)
    if not password:
        raise Refusal(f"{variable} names an administrator without a password: put it into the address.")
    _connect(url, variable, any_database=True)
    roles, name = passwords.derived(password), database_of(url, default=default)
    provision(administrator=url, database=name, passwords=roles)
    return Addresses(
        app=as_role(url, role=APP, password=roles.app, database=name),
        owner=as_role(url, role=OWNER, password=roles.owner, database=name),
    )


def redis_address(environ: Mapping[str, str]) -> str | None:
    """REDIS_URL, once its server has answered; None when it is not set."""
    url = environ.get("REDIS_URL")
    if not url:
        return None
    check_addresses({"REDIS_URL": url})
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE, retry=None)
        client.ping()
    except redis.AuthenticationError:
        raise Refusal("REDIS_URL leads to a server that refuses its user or password.") from None
    except (redis.RedisError, OSError, ValueError):
        raise Refusal("REDIS_URL leads to no Redis server that answers: correct it, or unset it.") from None
    return url


def _readable(url: str, variable: str) -> str:
    """The role in `url`. psycopg's own complaint is not shown: it quotes the part that may be the password."""
    try:
        password_of(url)
        return user_of(url)
    except (psycopg.ProgrammingError, ValueError):
        raise Refusal(f"{variable} cannot be read as a PostgreSQL address.") from None


def _connect(url: str, variable: str, *, any_database: bool = False) -> None:
    """Raises Refusal unless the server lets us in."""
    check_addresses({variable: url})
    try:
        psycopg.connect(url, connect_timeout=_PATIENCE).close()
    except psycopg.OperationalError as error:
        missing = "does not exist" in str(error) and "database" in str(error)
        if not (missing and any_database):
            raise Refusal(f"{variable} leads to no database that lets us in: {_reason(error, url)}.") from None


def _reason(error: psycopg.Error, url: str) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[-1] if lines else "no answer"
    for secret in (password_of(url), url):
        text = text.replace(secret, "…") if secret else text
    return text.rstrip(".")
