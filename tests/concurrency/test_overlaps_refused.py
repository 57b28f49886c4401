"""The database itself refuses overlapping appointments of one practitioner, whoever writes."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings

from mybcat.ids import new_uuid
from tests.concurrency.counting import NOTHING, left_behind
from tests.factories import Clinic

ENVIRONMENT = settings.ENVIRONMENT
INSERT = """
    INSERT INTO appointments_appointment
        (id, practice_id, patient_id, practitioner_id, location_id, appointment_type_id, slot_id, status,
         starts_at, ends_at, occupied_from, occupied_until, booked_by, booked_at, cancellation_reason)
    VALUES (%(id)s, %(practice)s, %(patient)s, %(practitioner)s, %(location)s, %(type)s, %(slot)s, %(status)s,
            %(start)s, %(end)s, %(start)s, %(end)s, %(id)s, now(), '')
"""
HOUR = timedelta(hours=1)
NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
WRITERS = {
    "the application": (ENVIRONMENT.database_url, None),
    "the platform": (ENVIRONMENT.database_url, "mybcat_platform"),
    "the owner": (ENVIRONMENT.database_owner_url, None),
}


@pytest.fixture(params=WRITERS)
def writer(request: pytest.FixtureRequest, clinic: Clinic) -> Iterator[psycopg.Connection]:
    """A connection in a transaction that may write the practice's rows, and ends with a rollback."""
    url, role = WRITERS[request.param]
    with psycopg.connect(url) as connection:
        if role:
            connection.execute(f"SET LOCAL ROLE {role}")
        connection.execute("SELECT set_config('app.practice_id', %s, true)", [str(clinic.practice.id)])
        yield connection
        connection.rollback()


def write(connection: psycopg.Connection, clinic: Clinic, *, at: datetime, **fields: Any) -> None:
    """An hour of the practitioner's, straight into the table."""
    values = {
        "id": new_uuid(),
        "practice": clinic.practice.id,
        "patient": clinic.patient.id,
        "practitioner": clinic.practitioner.id,
        "location": clinic.location.id,
        "type": clinic.exam.id,
        "slot": clinic.slots[0].id,
        "status": "booked",
        "start": at,
        "end": at + HOUR,
    }
    connection.execute(INSERT, {**values, **fields})


def test_overlapping_time_is_refused(writer: psycopg.Connection, clinic: Clinic) -> None:
    write(writer, clinic, at=NOON)
    for minutes in (0, 59, -59):
        for status in ("booked", "arrived", "fulfilled"):
            with pytest.raises(psycopg.errors.ExclusionViolation) as refused, writer.transaction():
                write(writer, clinic, at=NOON + timedelta(minutes=minutes), status=status)
            assert refused.value.sqlstate == "23P01"
            assert refused.value.diag.constraint_name == "appointment_no_overlap"
    assert writer.execute("SELECT count(*) FROM appointments_appointment").fetchone() == (1,)


def test_appointments_back_to_back_do_not_overlap(writer: psycopg.Connection, clinic: Clinic) -> None:
    for hours in (0, 1, -1):
        write(writer, clinic, at=NOON + hours * HOUR)


def test_a_patient_who_did_not_come_holds_no_time(writer: psycopg.Connection, clinic: Clinic) -> None:
    write(writer, clinic, at=NOON, status="noshow")
    write(writer, clinic, at=NOON)


def test_two_transactions_that_do_not_see_each_other_are_still_kept_apart(clinic: Clinic) -> None:
    scope = ["SELECT set_config('app.practice_id', %s, true)", [str(clinic.practice.id)]]
    with psycopg.connect(ENVIRONMENT.database_url) as first, psycopg.connect(ENVIRONMENT.database_url) as second:
        first.execute(*scope)
        second.execute(*scope)
        write(first, clinic, at=NOON)
        second.execute("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            # Waits for the first to tell how it ends.
            write(second, clinic, at=NOON)
        second.rollback()
        first.commit()
        second.execute(*scope)
        with pytest.raises(psycopg.errors.ExclusionViolation):
            write(second, clinic, at=NOON)
        second.rollback()
    assert left_behind(clinic.practice.id).appointments == 1


def test_even_a_superuser_is_refused(clinic: Clinic) -> None:
    database = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(os.environ["MYBCAT_TEST_ADMIN_URL"], dbname=database) as superuser:
        write(superuser, clinic, at=NOON)
        with pytest.raises(psycopg.errors.ExclusionViolation):
            write(superuser, clinic, at=NOON)
        superuser.rollback()
    assert left_behind(clinic.practice.id) == NOTHING
