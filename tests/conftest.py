"""Every test runs against real PostgreSQL as `mybcat_app`, and against real Redis.

`make test` starts throw-away servers and passes their addresses; nothing here is a superuser.
"""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from tests import factories

# Filled by migrations, so they outlive a test.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture(scope="session", autouse=True)
def _migrated(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)
        yield
        connections.close_all()


@pytest.fixture(scope="session")
def owner() -> Iterator[psycopg.Connection]:
    """A connection as the owner of the tables, to look at the catalogue and to clean up."""
    with psycopg.connect(settings.ENVIRONMENT.database_owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def _tables(_migrated: None, owner: psycopg.Connection) -> list[str]:
    rows = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return sorted({row[0] for row in rows} - KEPT)


@pytest.fixture(autouse=True)
def _clean(owner: psycopg.Connection, _tables: list[str]) -> Iterator[None]:
    yield
    # Emptying a table costs as much when it is empty: only those that have pages, and what refers to them.
    filled = owner.execute("SELECT t FROM unnest(%s::text[]) AS t WHERE pg_relation_size(t::regclass) > 0", [_tables])
    names = [name for (name,) in filled.fetchall()]
    if names:
        _empty(owner, names)


def _empty(owner: psycopg.Connection, names: list[str]) -> None:
    """Where the product's own processes run beside the test, they may hold one table and wait for another."""
    for attempt in range(5):
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
