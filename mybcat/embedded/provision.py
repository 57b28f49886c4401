"""Makes the roles, the database and the rights that the application stands on; repeats without harm.

`mybcat_owner` owns and migrates, `mybcat_app` serves, `mybcat_platform` is entered by `mybcat_app`
through SET ROLE alone and sees every practice. Why: docs/architecture.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection, sql

from mybcat.embedded.addresses import in_database
from mybcat.embedded.passwords import RolePasswords
from mybcat.embedded.refusal import Refusal

OWNER, APP, PLATFORM = "mybcat_owner", "mybcat_app", "mybcat_platform"
OLDEST_VERSION = 16
_LOCK = 7_299_227  # any number, the same in every checkout
_NO_EXTENSION = (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)

# Column of pg_roles -> wanted; anything else is put right.
_ATTRIBUTES = {
    OWNER: {"LOGIN": True, "SUPERUSER": False, "BYPASSRLS": False, "CREATEDB": False, "CREATEROLE": False},
    APP: {"LOGIN": True, "SUPERUSER": False, "BYPASSRLS": False, "CREATEDB": False, "CREATEROLE": False},
    PLATFORM: {"LOGIN": False, "SUPERUSER": False, "BYPASSRLS": True, "CREATEDB": False, "CREATEROLE": False},
}
_COLUMNS = {
    "LOGIN": "rolcanlogin",
    "SUPERUSER": "rolsuper",
    "BYPASSRLS": "rolbypassrls",
    "CREATEDB": "rolcreatedb",
    "CREATEROLE": "rolcreaterole",
}
# Settings of the role, because they hold behind PgBouncer in transaction mode; start-up options do not.
_ROLE_SETTINGS = {
    OWNER: {"lock_timeout": "4s", "jit": "off", "timezone": "UTC"},
    APP: {
        "lock_timeout": "2s",
        "statement_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
        "jit": "off",
        # Booking's statements would be planned anew at each execution, for more than they take to run:
        # the planner guesses ten rows behind every array and so finds the kept plan too dear.
        "plan_cache_mode": "force_generic_plan",
        "timezone": "UTC",
    },
}
_SCHEMA = """
ALTER SCHEMA public OWNER TO mybcat_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO mybcat_app, mybcat_platform;
ALTER DEFAULT PRIVILEGES FOR ROLE mybcat_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO mybcat_app, mybcat_platform;
ALTER DEFAULT PRIVILEGES FOR ROLE mybcat_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO mybcat_app, mybcat_platform;
ALTER DEFAULT PRIVILEGES FOR ROLE mybcat_owner IN SCHEMA public
    GRANT EXECUTE ON FUNCTIONS TO mybcat_app, mybcat_platform;
"""


def provision(*, administrator: str, database: str, passwords: RolePasswords) -> None:
    """Provisions `database` on the server of `administrator`, an address with a role that may make roles.

    Raises Refusal where the server is too old or the role may not; psycopg's errors where it cannot connect.
    """
    with _maintenance(administrator) as connection:
        if connection.info.server_version < OLDEST_VERSION * 10_000:
            version = connection.info.server_version // 10_000
            raise Refusal(f"PostgreSQL {OLDEST_VERSION} or newer is needed; DATABASE_URL leads to {version}.")
        # Two checkouts that start on one server must not alter one role at the same time.
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            _roles(connection, passwords)
            _database(connection, database)
            with psycopg.connect(in_database(administrator, database), autocommit=True) as inside:
                _extensions(inside)
                inside.execute(_SCHEMA)
        except psycopg.errors.InsufficientPrivilege as error:
            role = connection.info.user
            raise Refusal(f"DATABASE_URL's role {role} may not prepare the database: {_first_line(error)}.") from None


@contextmanager
def _maintenance(administrator: str) -> Iterator[Connection[Any]]:
    """A connection to any database of the server; the wanted one may not exist yet."""
    try:
        connection = psycopg.connect(in_database(administrator, "postgres"), autocommit=True)
    except psycopg.OperationalError:
        connection = psycopg.connect(administrator, autocommit=True)
    with connection:
        yield connection


def _roles(connection: Connection[Any], passwords: RolePasswords) -> None:
    for role in _ATTRIBUTES:
        _role(connection, role)
    for role, password in ((OWNER, passwords.owner), (APP, passwords.app)):
        _set_password(connection, role=role, password=password)
    for role, settings in _ROLE_SETTINGS.items():
        for name, value in settings.items():
            statement = sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(role), sql.Identifier(name), sql.Literal(value)
            )
            connection.execute(statement)
    connection.execute("GRANT mybcat_platform TO mybcat_app WITH INHERIT FALSE, SET TRUE")
    if not _is_superuser(connection):
        # Who is no superuser must be a member to give away a database and a schema.
        me = sql.Identifier(connection.info.user)
        connection.execute(sql.SQL("GRANT mybcat_owner TO {} WITH INHERIT TRUE, SET TRUE").format(me))


def _role(connection: Connection[Any], role: str) -> None:
    """Makes the role, or puts right what differs: only a superuser may so much as say NOSUPERUSER."""
    columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS.values()))
    query = sql.SQL("SELECT {} FROM pg_roles WHERE rolname = %s").format(columns)
    found = connection.execute(query, [role]).fetchone()
    if found is None:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        found = (False,) * len(_COLUMNS)
    wanted = _ATTRIBUTES[role]
    wrong = [name for name, value in zip(_COLUMNS, found, strict=True) if wanted[name] is not value]
    if wrong:
        words = sql.SQL(" ").join(sql.SQL(name if wanted[name] else f"NO{name}") for name in wrong)
        connection.execute(sql.SQL("ALTER ROLE {} WITH {}").format(sql.Identifier(role), words))


def _set_password(connection: Connection[Any], *, role: str, password: str) -> None:
    # Hashed on this side: the server may log statements.
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed.decode()))
    connection.execute(statement)


def _database(connection: Connection[Any], database: str) -> None:
    name = sql.Identifier(database)
    query = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
    found = connection.execute(query, [database]).fetchone()
    if found is None:
        make = sql.SQL("CREATE DATABASE {} OWNER mybcat_owner ENCODING 'UTF8' TEMPLATE template0")
        connection.execute(make.format(name))
    elif found[0] != OWNER:
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO mybcat_owner").format(name))


def _extensions(connection: Connection[Any]) -> None:
    connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    # For measuring alone; many managed servers have it off.
    with suppress(*_NO_EXTENSION):
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")


def _is_superuser(connection: Connection[Any]) -> bool:
    found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(found and found[0])


def _first_line(error: psycopg.Error) -> str:
    return (error.diag.message_primary or "permission denied").rstrip(".")
