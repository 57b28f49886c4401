"""A page costs the same in a table of any size."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import Appointment, Slot
from mybcat.models import AuditEntry, Event
from mybcat.operators import pages
from patients.models import Patient
from tests.admin.rows import Rows
from tests.admin.test_pages import MODELS, page
from tests.factories import Clinic, make_patient, make_slots, tomorrow_at


def statements(desk: Client, path: str, **query: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(path, query).status_code == 200
    return [query["sql"] for query in queries]


@MODELS
def test_a_list_counts_within_a_bound_and_reads_one_page(desk: Client, rows: Rows, model: type[Model]) -> None:
    table = f'"{model._meta.db_table}"'
    for query in ({}, {"q": str(rows[model].pk)}, {"_facets": "True"}):
        asked = [sql for sql in statements(desk, page(model, "changelist"), **query) if table in sql]
        counting = [sql for sql in asked if re.search(r"COUNT\(", sql)]
        assert len(counting) == 1
        assert "LIMIT 10001" in counting[0]


@MODELS
def test_a_list_asks_once_for_all_its_rows(
    desk: Client, clinic: Clinic, rows: Rows, other_rows: Rows, model: type[Model]
) -> None:
    """One practice's rows or two: as many statements, so none is asked for row by row."""
    narrowed = statements(desk, page(model, "changelist"), q=str(rows[model].pk))
    assert len(statements(desk, page(model, "changelist"))) <= len(narrowed)


def test_a_page_is_one_transaction_as_the_platform(desk: Client, rows: Rows) -> None:
    asked = statements(desk, page(Patient, "changelist"))
    entered = [number for number, sql in enumerate(asked) if "SET LOCAL ROLE mybcat_platform" in sql]
    assert len(entered) == 1
    for sql in asked[: entered[0]]:
        assert "patients_patient" not in sql


def test_the_newest_come_first_without_sorting(desk: Client, clinic: Clinic) -> None:
    for model in (Slot, Appointment, Event, AuditEntry, Patient):
        (listing,) = [
            sql
            for sql in statements(desk, page(model, "changelist"))
            if f'FROM "{model._meta.db_table}"' in sql and "ORDER BY" in sql
        ]
        assert f'ORDER BY "{model._meta.db_table}"."id" DESC' in listing


def test_beyond_the_bound_the_list_says_more(desk: Client, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_COUNTED", 60)
    start = tomorrow_at("09:00", time_zone="America/New_York", days=2)
    make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=92)
    answer = desk.get(page(Slot, "changelist"))
    assert len(answer.context["cl"].result_list) == 50
    assert "more than 60" in " ".join(answer.content.decode().split())
    query = {"practice": str(clinic.practice.id), "starts_until": str(start.date() - timedelta(days=1))}
    narrowed = desk.get(page(Slot, "changelist"), query)
    assert narrowed.context["cl"].result_count == 8
    assert "more than" not in narrowed.content.decode()


def test_days_are_told_by_the_id(desk: Client, clinic: Clinic) -> None:
    newest = make_patient(practice=clinic.practice)
    today = timezone.now().date()
    yesterday, tomorrow = str(today - timedelta(days=1)), str(today + timedelta(days=1))

    def listed(**query: str) -> int:
        return len(desk.get(page(Patient, "changelist"), query).context["cl"].result_list)

    made = (newest.id.int >> 80) / 1000
    assert abs(datetime.fromtimestamp(made, UTC) - newest.created_at) < timedelta(seconds=5)
    assert listed(recorded_from=yesterday, recorded_until=tomorrow) == 2
    assert listed(recorded_from=tomorrow) == 0
    assert listed(recorded_until=yesterday) == 0


def test_slots_are_listed_by_status_practice_and_day(desk: Client, clinic: Clinic, other_clinic: Clinic) -> None:
    day = str(clinic.slots[0].starts_at.date())

    def listed(**query: str) -> int:
        return len(desk.get(page(Slot, "changelist"), query).context["cl"].result_list)

    assert listed() == 16
    assert listed(practice=str(clinic.practice.id)) == 8
    assert listed(practice=str(clinic.practice.id), status__exact="free", starts_from=day, starts_until=day) == 8
    assert listed(practice=str(clinic.practice.id), status__exact="busy") == 0
    assert listed(practice=str(clinic.practice.id), starts_until=str(datetime.now(UTC).date() - timedelta(days=1))) == 0


def test_slots_are_filtered_within_a_practice_only(desk: Client, clinic: Clinic) -> None:
    """No index holds a slot's status, so that booking stays cheap: across practices it is not offered."""

    def offered(**query: str) -> list[str]:
        return [spec.title for spec in desk.get(page(Slot, "changelist"), query).context["cl"].filter_specs]

    assert offered() == ["practice"]
    assert offered(practice=str(clinic.practice.id)) == ["status", "practice", "start (UTC)"]
    assert desk.get(page(Slot, "changelist"), {"starts_from": "2026-11-23"})["Location"].endswith("?e=1")
