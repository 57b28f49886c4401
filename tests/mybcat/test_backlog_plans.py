"""However much waits, or is old, what is taken of it is looked up row by row.

Of a LIMIT that comes as a parameter the plan that PostgreSQL keeps expects a tenth of the table. Joined with the table
on that account, each sixty-four deliveries of a backlog cost two readings of all there ever were.
"""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from mybcat.claims import claim
from mybcat.idempotency_keys import forget_expired
from mybcat.relay import relay_events
from mybcat.retention import forget_old_deliveries
from mybcat.tenancy import platform_scope
from tests.factories import Clinic
from tests.mybcat.engine import NOW, make_listener, registered

ROWS = 5_000
TABLES = ("mybcat_event", "mybcat_delivery", "mybcat_deliveryattempt", "mybcat_idempotencykey")
# Each: many that wait, or that are old, and nothing else.
FILL = """
    INSERT INTO mybcat_event (id, practice_id, type, subject_id, data, principal_kind, correlation_id, occurred_at)
    SELECT uuidv7(), %(practice)s, 'patient.updated', uuidv7(), '{}', 'member', '', %(now)s
    FROM generate_series(1, %(rows)s);
    INSERT INTO mybcat_delivery
        (id, practice_id, event_id, subject_id, seq, listener, target_id, created_at, next_attempt_at, attempts, lost,
         last_error, discarded_because, status)
    SELECT uuidv7(), %(practice)s, id, subject_id, 1, 'probe', %(practice)s, %(now)s, %(now)s, 0, 0, '', '', 'pending'
    FROM mybcat_event;
    INSERT INTO mybcat_delivery
        (id, practice_id, event_id, subject_id, seq, listener, target_id, created_at, next_attempt_at, attempts, lost,
         last_error, discarded_because, status, delivered_at)
    SELECT uuidv7(interval '-1 year'), %(practice)s, id, subject_id, 1, 'other', %(practice)s, %(now)s, %(now)s, 1, 0,
        '', '', 'delivered', %(now)s
    FROM mybcat_event;
    INSERT INTO mybcat_deliveryattempt
        (id, practice_id, delivery_id, attempt, trigger, succeeded, error, response_excerpt, started_at, duration_ms)
    SELECT uuidv7(), practice_id, id, 1, 'automatic', true, '', '', %(now)s, 1 FROM mybcat_delivery;
    INSERT INTO mybcat_idempotencykey (id, practice_id, principal_id, operation, key, fingerprint, expires_at)
    SELECT uuidv7(), %(practice)s, %(practice)s, 'book', n::text, '', %(now)s FROM generate_series(1, %(rows)s) AS n
"""


@pytest.fixture
def backlog(clinic: Clinic, owner: psycopg.Connection) -> Iterator[None]:
    """A morning after a night without workers, of which PostgreSQL knows."""
    with platform_scope(reason="test"), connection.cursor() as cursor:
        for statement in FILL.split(";"):
            cursor.execute(statement, {"practice": clinic.practice.id, "now": NOW, "rows": ROWS})
    owner.execute(f"ANALYZE {', '.join(TABLES)}")
    # A connection that has prepared nothing yet, and prepares all that it is given.
    connection.close()
    connection.ensure_connection()
    connection.connection.prepare_threshold = 0
    yield
    connection.close()
    owner.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    owner.execute(f"ANALYZE {', '.join(TABLES)}")


def whole_tables_read() -> list[str]:
    """Of the statements that this connection has prepared, with the plans that are kept for them."""
    found = []
    with platform_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute("SELECT name, cardinality(parameter_types), statement FROM pg_prepared_statements")
        for name, count, statement in cursor.fetchall():
            if any(table in statement for table in TABLES):
                values = f"({', '.join(['NULL'] * count)})" if count else ""
                cursor.execute(f'EXPLAIN EXECUTE "{name}"{values}')
                plan = "\n".join(row[0] for row in cursor.fetchall())
                if any(f"Seq Scan on {table} " in plan for table in TABLES):
                    found.append(f"{statement}\n{plan}")
    return found


@pytest.mark.usefixtures("backlog")
def test_what_is_taken_of_a_backlog_is_looked_up() -> None:
    listener = make_listener(per_target=64)
    with registered(listener):
        assert len(claim(listener=listener, limit=128).deliveries) == 32
    with registered():
        assert relay_events(now=NOW) == 500
    assert forget_old_deliveries(now=NOW + timedelta(days=100)) == ROWS
    assert forget_expired(now=NOW + timedelta(days=1), batch=1_000) == ROWS
    assert whole_tables_read() == []
    # A join with what is limited would be found.
    query = "SELECT FROM mybcat_event WHERE id IN (SELECT id FROM mybcat_event WHERE seq IS NULL LIMIT %s)"
    with platform_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute(query, [64])
    assert len(whole_tables_read()) == 1
