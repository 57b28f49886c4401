"""A calendar that has not changed is sent again, not made again; and never one that has."""

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mybcat.gateway import conditional
from mybcat.gateway.remembered import Kept, Memory
from mybcat.models import AuditEntry
from mybcat.tenancy import practice_scope
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_patient
from tests.gateway.test_etags import calendar


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditional, "memory", Memory())


@pytest.fixture
def path(agent: Caller, clinic: Clinic) -> str:
    assert agent.book(clinic).status_code == 201
    return calendar(clinic, "appointments")


def cuts(agent: Caller, path: str) -> tuple[Any, int]:
    """The answer, and how often the rows themselves were fetched for it."""
    with CaptureQueriesContext(connection) as asked:
        answer = agent.get(path)
    return answer, sum("ORDER BY a.starts_at" in query["sql"] for query in asked.captured_queries)


def test_it_is_made_once_and_the_same_for_a_colleague(agent: Caller, clinic: Clinic, path: str) -> None:
    first, made = cuts(agent, path)
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    second, again = cuts(colleague, path)
    assert (made, again) == (1, 0)
    assert (second.content, second.headers["ETag"]) == (first.content, first.headers["ETag"])
    assert second.headers["Content-Type"] == first.headers["Content-Type"]
    assert second.headers["Cache-Control"] == "no-store"


def test_each_reading_is_on_record_with_the_patients_that_it_showed(agent: Caller, clinic: Clinic, path: str) -> None:
    other = make_patient(practice=clinic.practice)
    assert agent.book(clinic, slot=4, patientId=public("pat", other.id)).status_code == 201
    page = f"{path}&limit=1"
    for _ in range(3):
        assert len(agent.get(page).json()["data"]) == 1
    with practice_scope(clinic.practice.id):
        entries = list(AuditEntry.objects.filter(action="appointment.list").values_list("object_ids", "outcome"))
    assert entries == [([str(clinic.patient.id)], "success")] * 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE appointments_appointment SET status = 'noshow'",
        "UPDATE practices_appointmenttype SET code = 'renamed'",
        "UPDATE appointments_appointment SET starts_at = starts_at + interval '5 min'",
    ],
)
def test_what_another_process_has_changed_is_seen_at_once(
    agent: Caller, clinic: Clinic, path: str, change: str
) -> None:
    before, _ = cuts(agent, path)
    with psycopg.connect(settings.ENVIRONMENT.database_url) as elsewhere:
        elsewhere.execute("SELECT set_config('app.practice_id', %s, true)", [str(clinic.practice.id)])
        elsewhere.execute(change)
    after, made = cuts(agent, path)
    assert made == 1
    assert after.content != before.content
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_booking_is_seen_at_once(agent: Caller, clinic: Clinic, path: str) -> None:
    assert len(agent.get(path).json()["data"]) == 1
    agent.book(clinic, slot=4)
    assert len(agent.get(path).json()["data"]) == 2


def test_practices_do_not_meet(agent: Caller, clinic: Clinic, other_clinic: Clinic, path: str) -> None:
    ours, _ = cuts(agent, path)
    theirs = Caller(other_clinic.agent, other_clinic.practice)
    answer, made = cuts(theirs, path)
    assert (answer.json()["data"], made) == ([], 1)
    assert cuts(theirs, path)[0].json()["data"] == []
    assert cuts(agent, path)[0].content == ours.content


def test_who_may_not_read_gets_none_of_it(agent: Caller, clinic: Clinic, path: str) -> None:
    agent.get(path)
    assert agent.http.get(path).status_code == 401


def test_room_is_made_by_forgetting_what_was_asked_for_longest_ago() -> None:
    small = Memory(room=30)
    for name in "abc":
        small.put(name, Kept(name, b"x" * 10, ()))
    small.get("a")
    small.put("d", Kept("d", b"x" * 10, ()))
    assert [name for name in "abcd" if small.get(name)] == ["a", "c", "d"]
    small.put("a", Kept("a", b"x" * 31, ()))
    assert not any(small.get(name) for name in "abcd")
