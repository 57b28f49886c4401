"""What a request did to the database: every table, every row, before and after."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from mybcat.tenancy import platform_scope

# What one booking leaves, and what a refusal leaves that a retry would meet again.
BOOKED = {
    "appointments_appointment": 1,
    "appointments_slot": 0,
    "mybcat_event": 1,
    "mybcat_auditentry": 1,
    "mybcat_idempotencykey": 1,
}
REMEMBERED = {"mybcat_idempotencykey": 1}
# A stored answer is read again, and that is on record.
REPLAYED = {"mybcat_auditentry": 1}
# Who asks for what they are not granted is on record.
REFUSED = {"mybcat_auditentry": 1}

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


@contextmanager
def changes(**expected: int) -> Iterator[None]:
    """Exactly these tables change inside, each by so many rows; 0 is a table whose rows change but not their number.

    Without arguments: nothing changes at all.
    """
    before = _state()
    yield
    after = _state()
    changed = {table: after[table][0] - before[table][0] for table in after if after[table] != before[table]}
    assert changed == expected


def _state() -> dict[str, tuple[int, str]]:
    with platform_scope(reason="test"), connection.cursor() as cursor:
        # PostgreSQL would share so many tables out, and to start those who help takes ten times as long as to read.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute(_TABLES)
        tables = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                f' FROM "{table}" t'
                for table in tables
            )
        )
        return {table: (count, digest) for table, count, digest in cursor.fetchall()}
