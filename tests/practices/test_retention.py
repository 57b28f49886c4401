"""Sign-ins that are long over are forgotten; nobody is signed out by it, and nothing gets in that did not before."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session

from mybcat.celery import app
from mybcat.ids import earliest_uuid, new_uuid
from mybcat.tasks import forget_operators_sessions
from mybcat.tenancy import platform_scope
from practices import retention
from practices.models import RefreshFamily
from practices.tasks import forget_old_sign_ins
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.callers import Caller
from tests.factories import Clinic

MONTH, SECOND = timedelta(days=30), timedelta(seconds=1)
OVER: dict[str, Any] = {"status": 401, "code": "session_ended", "sentence": "Your session has ended. Sign in again."}


def signed_in(clinic: Clinic, *, until: datetime, **fields: Any) -> UUID:
    """A sign-in of twelve hours that ended, or will end, then."""
    began = until - timedelta(hours=12)
    identifier = UUID(int=earliest_uuid(at=began).int | new_uuid().int & 0xFFFF)
    with platform_scope(reason="test"):
        RefreshFamily.objects.create(
            id=identifier,
            user=clinic.agent,
            current_practice_id=clinic.practice.id,
            client=b"",
            credentials="",
            current=b"",
            rotated_at=began,
            expires_at=until,
            **fields,
        )
    return identifier


def kept() -> set[UUID]:
    with platform_scope(reason="test"):
        return set(RefreshFamily.objects.values_list("id", flat=True))


def test_what_ended_a_month_ago_is_forgotten_and_nothing_else_changes(clinic: Clinic, other_clinic: Clinic) -> None:
    now = datetime.now(UTC)
    before, after = now - MONTH - SECOND, now - MONTH + SECOND
    signed_in(clinic, until=before)
    signed_in(other_clinic, until=before, revoked_at=before, revoked_because="logout")
    signed_in(clinic, until=before, viewed_by=other_clinic.agent)
    young = {
        signed_in(clinic, until=after),
        signed_in(clinic, until=after, revoked_at=before, revoked_because="logout"),
        signed_in(clinic, until=now + timedelta(hours=1)),
    }
    # Nobody's epoch: what is remembered of callers holds as it did.
    with changes(practices_refreshfamily=-3):
        assert retention.forget_old_sign_ins(now=now) == 3
    assert kept() == young
    with changes():
        assert retention.forget_old_sign_ins(now=now) == 0


def test_it_goes_batch_by_batch(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mybcat.retention.BATCH", 2)
    now = datetime.now(UTC)
    for _ in range(5):
        signed_in(clinic, until=now - 2 * MONTH)
    assert retention.forget_old_sign_ins(now=now) == 5
    assert kept() == set()


def test_who_is_signed_in_stays_so(clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    assert retention.forget_old_sign_ins(now=datetime.now(UTC)) == 0
    assert agent.get("/api/v2/locations").status_code == 200
    assert agent.http.post("/api/auth/refresh").status_code == 200


def test_a_token_of_what_is_forgotten_is_refused_as_before(clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    old = agent.http.cookies["refresh"].value
    with platform_scope(reason="test"):
        RefreshFamily.objects.update(expires_at=datetime.now(UTC) - SECOND)
    refused = agent.http.post("/api/auth/refresh")
    assert_refused(refused, **OVER)
    with platform_scope(reason="test"):
        RefreshFamily.objects.all().delete()
    for path in ("/api/auth/refresh", "/api/auth/logout"):
        agent.http.cookies["refresh"] = old
        with changes():
            answer = agent.http.post(path)
        assert answer.status_code == {"/api/auth/refresh": 401, "/api/auth/logout": 204}[path]


def test_to_delete_one_that_still_stands_ends_it_at_once(clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    assert agent.get("/api/v2/locations").status_code == 200
    with changes(practices_refreshfamily=-1, mybcat_epoch=1), platform_scope(reason="test"):
        RefreshFamily.objects.all().delete()


def test_operators_sessions_that_are_over_are_forgotten() -> None:
    now = datetime.now(UTC)
    for name, end in (("over", now - SECOND), ("standing", now + timedelta(minutes=15))):
        Session.objects.create(session_key=name, session_data="", expire_date=end)
    with changes(django_session=-1):
        forget_operators_sessions()
    assert Session.objects.get().session_key == "standing"


@pytest.mark.parametrize("task", [forget_old_sign_ins, forget_operators_sessions], ids=lambda task: task.name)
def test_beat_forgets_every_hour(task: Any) -> None:
    (sweep,) = [entry for entry in app.conf.beat_schedule.values() if entry["task"] == task.name]
    assert sweep["schedule"] == timedelta(hours=1)


def test_the_task_forgets(clinic: Clinic) -> None:
    signed_in(clinic, until=datetime.now(UTC) - 2 * MONTH)
    forget_old_sign_ins()
    assert kept() == set()
