"""A column that somebody adds to Patient is nobody's business until somebody shows it."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, models
from django.utils import timezone

from integrations.models import Message
from mybcat.events import CATALOGUE
from mybcat.listeners import find
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope
from mybcat.working import work_off
from patients.models import Patient
from tests.callers import Caller, public
from tests.contract.openapi import operations
from tests.contract.test_openapi import CALLS, Own, agent, filled, own, send
from tests.factories import Clinic, by_day

__all__ = ["agent", "own"]

COLUMN, CANARY = "genome_note", "GATTACA-canary"


@pytest.fixture
def new_column(owner: psycopg.Connection, clinic: Clinic) -> Iterator[None]:
    """In the table, in the model, and filled for every patient that there is or will be."""
    field = models.TextField(default=CANARY, db_default=CANARY)
    owner.execute(f"ALTER TABLE patients_patient ADD COLUMN {COLUMN} text NOT NULL DEFAULT '{CANARY}'")
    field.contribute_to_class(Patient, COLUMN)
    yield
    Patient._meta.local_fields.remove(field)
    Patient._meta._expire_cache()
    delattr(Patient, COLUMN)
    owner.execute(f"ALTER TABLE patients_patient DROP COLUMN {COLUMN}")


def tells(text: str) -> bool:
    return any(word in text.lower() for word in (CANARY.lower(), COLUMN, "genomenote"))


def test_the_column_is_really_there(new_column: None, clinic: Clinic) -> None:
    """Negative control: a model that is shown as it is would show it."""
    with platform_scope(reason="test"):
        assert getattr(Patient.objects.get(), COLUMN) == CANARY
        assert tells(str(Patient.objects.values().get()))


def told_patient() -> None:
    """Relays what has happened, and sends the texts that follow."""
    relay_events(now=timezone.now())
    notifications = find("notifications")
    assert notifications
    work_off(listener=notifications, clock=timezone.now)
    with platform_scope(reason="test"):
        assert Message.objects.filter(status="sent").exists()


def test_it_appears_in_no_answer_event_message_or_log_line(
    new_column: None, agent: Caller, own: Own, clinic: Clinic, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    by_day(clinic)
    # Before the walk makes others that are in their way.
    assert all(own[made] for call in CALLS.values() for made in call.made)
    answers = []
    for version in ("v1", "v2"):
        for method, path, operation in operations(version):
            if not path.startswith("/api/v"):
                # Signing out would end this walk.
                continue
            call = CALLS[operation["operationId"]]
            body = None if call.body is None else filled(call.body, own)
            address = own.at(path)
            answers.append(send(agent, method, address, filled(call.query, own), body))
    answers.append(agent.patch(f"/api/v2/patients/{public('pat', clinic.patient.id)}", {COLUMN: "x"}))
    assert [answer.status_code for answer in answers].count(200) > 10
    for answer in answers[:-1]:
        assert not tells(answer.content.decode() + str(answer.headers))
    assert CANARY not in answers[-1].content.decode()
    told_patient()
    with platform_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'patients_patient'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            assert not any(tells(text) for (text,) in cursor.fetchall()), table
    assert not any(tells(str(line)) for line in logged() if "unexpected" not in str(line))


def test_events_hold_ids_and_nothing_else() -> None:
    for members in CATALOGUE.values():
        assert not any(tells(name) for name in members)
        assert all(name.endswith("Id") for name in members)
