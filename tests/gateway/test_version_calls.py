"""Who still calls v1: counted per member and practice, kept per day, shown to operators."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from mybcat import version_calls
from mybcat.models import VersionCall
from mybcat.tenancy import platform_scope, practice_scope
from mybcat.version_calls import Counter, counter
from tests.api.refusals import assert_refused
from tests.callers import Caller, together
from tests.factories import Clinic

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty() -> None:
    counter.flush()
    with platform_scope(reason="test"):
        VersionCall.objects.all().delete()


def written() -> list[tuple[Any, ...]]:
    with platform_scope(reason="test"):
        columns = ("practice_id", "principal_id", "principal_kind", "version", "day", "calls")
        return list(VersionCall.objects.order_by("day", "practice_id").values_list(*columns))


def test_calls_of_v1_are_counted_per_caller_and_practice(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    other = Caller(other_clinic.agent, other_clinic.practice)
    for caller, times in ((agent, 3), (other, 2)):
        for _ in range(times):
            caller.get("/api/v1/locations")
    agent.get("/api/v1/patients/pat_none")
    agent.get("/api/v2/locations")
    agent.http.get("/api/v1/locations")
    counter.flush()
    today = datetime.now(UTC).date()
    assert sorted(written()) == sorted(
        [
            (clinic.practice.id, clinic.agent.id, "member", "v1", today, 4),
            (other_clinic.practice.id, other_clinic.agent.id, "member", "v1", today, 2),
        ]
    )


def test_a_request_writes_nothing_of_it(agent: Caller) -> None:
    with CaptureQueriesContext(connection) as queries:
        agent.get("/api/v1/locations")
    assert not any("versioncall" in query["sql"] for query in queries)


def test_days_and_processes_add_up(clinic: Clinic) -> None:
    """Each process has a counter of its own; they write to the same row, also at the same moment."""
    counters = [Counter() for _ in range(8)]
    for each in counters:
        each.count(clinic.principal, now=NOON)
        each.count(clinic.principal, now=NOON + timedelta(hours=1))
        each.count(clinic.principal, now=NOON + timedelta(days=1))
    together(8, lambda number: counters[number].flush())
    assert [row[4:] for row in written()] == [(NOON.date(), 16), (NOON.date() + timedelta(days=1), 8)]
    with practice_scope(clinic.practice.id):
        assert VersionCall.objects.earliest("day").last_at == NOON + timedelta(hours=1)


def test_while_postgresql_is_away_calls_stay_counted(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**kwargs: Any) -> Any:
        raise OperationalError("connection refused")

    mine = Counter()
    mine.count(clinic.principal, now=NOON)
    with monkeypatch.context() as patched:
        patched.setattr(version_calls, "platform_scope", away)
        mine.flush()
    mine.count(clinic.principal, now=NOON)
    mine.flush()
    mine.flush()
    assert [row[5] for row in written()] == [2]


@pytest.mark.parametrize("path", ["/api/v1/locations", "/api/v1/nowhere"])
def test_after_its_end_v1_is_gone_and_v2_is_not(agent: Caller, settings: Any, path: str) -> None:
    with time_machine.travel(settings.V1_SUNSET_AT - timedelta(seconds=1), tick=False):
        assert agent.http.get(path).status_code in (401, 404)
    with time_machine.travel(settings.V1_SUNSET_AT, tick=False):
        gone = agent.http.get(path)
        assert_refused(
            gone, status=410, code="version_sunset", sentence="This version of the API has ended. Use /api/v2/"
        )
        assert {"Deprecation", "Sunset", "Link"} <= set(gone.headers)
        assert agent.http.get(path.replace("v1", "v2")).status_code in (401, 404)
