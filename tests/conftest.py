"""Every test runs against real PostgreSQL as `mybcat_app`, and against real Redis.

`make test` starts throw-away servers and passes their addresses; nothing here is a superuser.
"""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from psycopg.conninfo import make_conninfo
from pytest_django.plugin import DjangoDbBlocker

from tests import factories

# Bytes of a table that shall be empty.
LARGE = 256 * 1024
# Filled by migrations, so they outlive a test.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
# How a test says that its patience ran out: our waits, and those of the libraries.
IMPATIENT = [
    "waited in vain", "nobody came to wait", "^(Read|Connect|Write|Pool)?Timeout(Error|Exception|Expired)?:",
    "^Failed: Timeout", "^ConnectError:", "^ConnectionRefusedError:",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A second try for what other processes kept waiting, which the summary tells (ADR 36)."""
    for item in items:
        place = item.path.parent.name
        # A screen's tests have theirs for whatever reason.
        if place != "dashboard" and (item.get_closest_marker("processes") or place in ("concurrency", "embedded")):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=IMPATIENT))


@pytest.fixture(scope="session", autouse=True)
def _migrated(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)
        yield
        connections.close_all()


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Who is unknown, guesses wrong or is given a password costs here what `hashed_password` does."""
    with pytest.MonkeyPatch.context() as patched:
        for name, cost in factories.CHEAP.items():
            patched.setattr(Argon2PasswordHasher, name, cost)
        yield


@pytest.fixture(scope="session")
def owner() -> Iterator[psycopg.Connection]:
    """A connection as the owner of the tables, to look at the catalogue and to clean up."""
    with psycopg.connect(settings.ENVIRONMENT.database_owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def _tables(_migrated: None, owner: psycopg.Connection) -> list[str]:
    rows = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return sorted({row[0] for row in rows} - KEPT)


@pytest.fixture(scope="session")
def _sweeper(_tables: list[str], owner: psycopg.Connection) -> Iterator[psycopg.Connection | None]:
    """Empties tables without asking triggers or what refers to them, which only a superuser may; else none."""
    address = make_conninfo(os.environ["MYBCAT_TEST_ADMIN_URL"], dbname=owner.info.dbname)
    with psycopg.connect(address, autocommit=True) as superuser:
        try:
            superuser.execute("SET session_replication_role = replica")
        except psycopg.errors.InsufficientPrivilege:
            yield None
        else:
            # A function keeps its plans: to make those of eighty statements takes four times as long as to run them.
            emptied = "; ".join(f"DELETE FROM {table}" for table in _tables)
            superuser.execute(
                f"CREATE FUNCTION pg_temp.sweep() RETURNS void LANGUAGE plpgsql AS $$BEGIN {emptied}; END$$"
            )
            yield superuser


@pytest.fixture(autouse=True)
def _clean(
    request: pytest.FixtureRequest,
    owner: psycopg.Connection,
    _sweeper: psycopg.Connection | None,
    _tables: list[str],
) -> Iterator[None]:
    if connection.connection is not None and connection.connection.closed:
        # The test before had PostgreSQL end it.
        connection.close()
    yield
    # To truncate what practices lead to takes a hundred milliseconds, to delete a few rows five. But what the product's
    # own processes are just writing, only the lock of the former waits for.
    if _sweeper is None or request.node.get_closest_marker("processes"):
        _truncate(owner, _tables)
    else:
        _sweeper.execute("SELECT pg_temp.sweep()")
        _shrink(_sweeper, _tables)


def _shrink(sweeper: psycopg.Connection, tables: list[str]) -> None:
    """Gives back what deleted rows take up: every look at a table reads it, and thousands of tests leave megabytes."""
    rows = sweeper.execute(
        "SELECT t FROM unnest(%s::text[]) AS t WHERE pg_relation_size(t::regclass) > %s", [tables, LARGE]
    )
    if large := [name for (name,) in rows.fetchall()]:
        sweeper.execute(f"VACUUM {', '.join(large)}")


def _truncate(owner: psycopg.Connection, tables: list[str]) -> None:
    """Where the product's own processes run beside the test, they may hold one table and wait for another."""
    # Emptying a table costs as much when it is empty: only those that have pages, and what refers to them.
    filled = owner.execute("SELECT t FROM unnest(%s::text[]) AS t WHERE pg_relation_size(t::regclass) > 0", [tables])
    names = [name for (name,) in filled.fetchall()]
    for attempt in range(5 if names else 0):
        try:
            owner.execute(f"TRUNCATE {', '.join(names)} CASCADE")
            return
        except psycopg.errors.DeadlockDetected:
            if attempt == 4:
                raise


@pytest.fixture
def client() -> Client:
    """A browser-less caller that gets the 500 that a user would get."""
    return Client(raise_request_exception=False)


@pytest.fixture
def clinic() -> factories.Clinic:
    """A practice in New York with one of everything, and eight free slots tomorrow from 09:00."""
    return factories.make_clinic(name="Bright Eyes Optometry", time_zone="America/New_York")


@pytest.fixture
def other_clinic() -> factories.Clinic:
    """Another practice, in Chicago, likewise."""
    return factories.make_clinic(name="Lakeside Vision", time_zone="America/Chicago")
