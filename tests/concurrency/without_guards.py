"""The product with a guard taken away, to show that the races do race.

Tables without their constraints live in a schema of their own, which connections opened meanwhile
see before the real one: the real tables keep their guards and are not touched.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connection
from django.db.backends.signals import connection_created

from appointments import booking
from appointments.models import Slot
from mybcat.tenancy import practice_scope
from tests.factories import Clinic

SCHEMA = "without_guards"
_LOCKING = "FOR NO KEY UPDATE"


@contextmanager
def without_locks(owner: psycopg.Connection) -> Iterator[None]:
    """Booking reads the slots, but locks none."""
    lockless = "appointments_book_without_locks"
    definition = owner.execute("SELECT pg_get_functiondef('appointments_book'::regproc)").fetchone()[0]
    assert definition.count(_LOCKING) == 1
    owner.execute(definition.replace(_LOCKING, "").replace("appointments_book", lockless))
    try:
        with patch.object(booking, "_BOOK", booking._BOOK.replace("appointments_book", lockless)):
            yield
    finally:
        owner.execute(f"DROP FUNCTION {lockless}")


@contextmanager
def without_constraints(owner: psycopg.Connection, *tables: str) -> Iterator[None]:
    """Connections opened from now on see copies of `tables` that have no constraint, no index and no rows."""
    owner.execute(f"CREATE SCHEMA {SCHEMA}")
    owner.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO mybcat_app, mybcat_platform")
    for table in tables:
        owner.execute(f"CREATE TABLE {SCHEMA}.{table} (LIKE public.{table} INCLUDING DEFAULTS)")
    owner.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {SCHEMA} TO mybcat_app, mybcat_platform")
    connection.close()
    connection_created.connect(_see_copies)
    try:
        yield
    finally:
        connection_created.disconnect(_see_copies)
        connection.close()
        owner.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


@contextmanager
def failing_bookings(
    owner: psycopg.Connection, clinic: Clinic, *, sqlstate: str, times: int
) -> Iterator[Callable[[], int]]:
    """PostgreSQL ends the first `times` attempts to book with `sqlstate`; yields how many were made."""
    with without_constraints(owner, "appointments_slot", "appointments_appointment"):
        owner.execute(f"CREATE SEQUENCE {SCHEMA}.attempts")
        owner.execute(f"GRANT USAGE ON SEQUENCE {SCHEMA}.attempts TO mybcat_app")
        # A sequence is not rolled back, so it counts attempts and not successes.
        owner.execute(f"""
            CREATE FUNCTION {SCHEMA}.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('{SCHEMA}.attempts') <= {times} THEN
                    RAISE EXCEPTION 'on purpose' USING ERRCODE = '{sqlstate}';
                END IF;
                RETURN NEW;
            END $$""")
        owner.execute(f"""
            CREATE TRIGGER fail BEFORE INSERT ON {SCHEMA}.appointments_appointment
            FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.fail()""")
        with practice_scope(clinic.practice.id):
            Slot.objects.bulk_create(clinic.slots)
        yield lambda: owner.execute(f"SELECT last_value FROM {SCHEMA}.attempts").fetchone()[0]


def _see_copies(*, connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {SCHEMA}, public")
