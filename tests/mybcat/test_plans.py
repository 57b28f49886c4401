"""What is kept for a month does not slow down what is done each second: the engine finds its rows by indexes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from mybcat.claims import claim
from mybcat.deliveries import due_listeners, replay_together
from mybcat.ids import new_uuid
from mybcat.listeners import DeliveryFailed, DeliveryRefused, Listener
from mybcat.models import Delivery
from mybcat.relay import relay_events
from mybcat.settling import recover_lost
from mybcat.tenancy import platform_scope, practice_scope
from tests.factories import Clinic
from tests.mybcat.engine import (
    NOW,
    claim_one,
    lease_runs_out,
    make_listener,
    owed,
    patient_updated,
    registered,
    settle_one,
)

GROWING = ("mybcat_delivery", "mybcat_event", "mybcat_deliveryattempt")


@contextmanager
def whole_tables_read() -> Iterator[list[str]]:
    """Statements for which PostgreSQL knows no other way than to read all of a table that grows."""
    found: list[str] = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.split(None, 1)
        if words and words[0] in ("SELECT", "WITH", "UPDATE", "DELETE", "INSERT"):
            cursor = context["cursor"]
            # In small tables, reading everything is the better plan.
            execute("SET LOCAL enable_seqscan = off", None, many, context)
            execute(f"EXPLAIN {sql}", params, many, context)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            execute("SET LOCAL enable_seqscan = on", None, many, context)
            if any(f"Seq Scan on {table} " in plan for table in GROWING):
                found.append(f"{sql}\n{plan}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield found


@pytest.fixture
def listener() -> Listener:
    return make_listener(schedule=(timedelta(hours=1),), per_target=4, keeps_attempts=True)


def test_what_is_owed_claimed_and_ended_is_found_by_indexes(clinic: Clinic, listener: Listener) -> None:
    subject = new_uuid()
    for _ in range(3):
        patient_updated(clinic, patient_id=subject)
    with registered(listener), whole_tables_read() as found:
        relay_events(now=NOW)
        assert due_listeners() == [listener]
        for error in (None, DeliveryRefused("gone"), DeliveryFailed("http_503", retry_after=timedelta(minutes=1))):
            (claimed,) = claim(listener=listener, limit=9).deliveries
            settle_one(claimed, listener, error)
    assert found == []


def test_what_vanished_workers_had_is_found_by_indexes(clinic: Clinic, listener: Listener) -> None:
    row = owed(clinic, listener)
    assert claim_one(listener) == row
    lease_runs_out(row)
    with whole_tables_read() as found:
        recover_lost(listener=listener)
    assert found == []


def test_what_is_replayed_is_found_by_indexes(clinic: Clinic, listener: Listener) -> None:
    rows = [owed(clinic, listener) for _ in range(3)]
    with platform_scope(reason="test"):
        Delivery.objects.update(status="dead")
    with practice_scope(clinic.practice.id), whole_tables_read() as found:
        assert replay_together(deliveries=rows, by=clinic.principal, now=NOW) == 3
    assert found == []


def test_an_or_with_a_subquery_would_be_found(clinic: Clinic) -> None:
    query = (
        "SELECT id FROM mybcat_delivery WHERE id = %s OR id IN (SELECT id FROM mybcat_delivery WHERE subject_id = %s)"
    )
    with platform_scope(reason="test"), whole_tables_read() as found, connection.cursor() as cursor:
        cursor.execute(query, [new_uuid(), new_uuid()])
    assert len(found) == 1
