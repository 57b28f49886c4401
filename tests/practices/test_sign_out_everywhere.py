"""Signing out everywhere: all sessions of the person end at once, nobody else's, and their practices record it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from mybcat.ids import new_uuid
from mybcat.models import AuditEntry
from mybcat.tenancy import platform_scope, practice_scope
from practices import everywhere
from practices.models import Practice, RefreshFamily, User
from practices.sign_in import SessionEnded
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.callers import Caller, together
from tests.factories import PASSWORD, Clinic, make_member

PATH = "/api/auth/logout/everywhere"
OVER = {"status": 401, "code": "session_ended", "sentence": "Your session has ended. Sign in again."}


def leave(token: str | None, *, http: Client | None = None, **headers: str) -> Any:
    sent = {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
    return (http or Client(raise_request_exception=False)).post(PATH, headers=sent)


def status(caller: Caller) -> int:
    return int(caller.get("/api/v1/locations").status_code)


def refreshed(caller: Caller) -> int:
    return int(caller.http.post("/api/auth/refresh").status_code)


def ended() -> list[str]:
    with platform_scope(reason="test"):
        return list(RefreshFamily.objects.order_by("id").values_list("revoked_because", flat=True))


def recorded(practice: Practice) -> list[tuple[str, Any]]:
    with practice_scope(practice.id):
        rows = AuditEntry.objects.filter(action="member.signed_out_everywhere")
        return list(rows.values_list("principal_kind", "principal_id"))


@pytest.fixture
def desk(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice, password=PASSWORD)


@pytest.fixture
def at_home(desk: Caller, clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice, password=PASSWORD)


def test_every_session_ends_at_once_this_one_too(desk: Caller, at_home: Caller, clinic: Clinic) -> None:
    with changes(practices_refreshfamily=0, mybcat_epoch=1, mybcat_auditentry=1):
        answer = leave(desk.token, http=desk.http)
    assert (answer.status_code, answer.content) == (204, b"")
    cookie = answer.cookies["refresh"]
    assert (cookie.value, cookie["max-age"], cookie["path"], cookie["samesite"]) == ("", 0, "/api/auth", "Strict")
    assert [status(desk), status(at_home), refreshed(desk), refreshed(at_home)] == [401] * 4
    assert ended() == ["everywhere"] * 2
    assert recorded(clinic.practice) == [("member", clinic.agent.id)]
    assert status(Caller(clinic.agent, clinic.practice, password=PASSWORD)) == 200


def test_sessions_in_every_practice_end_and_each_has_it_on_record(
    desk: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    make_member(practice=other_clinic.practice, user=clinic.agent)
    elsewhere = Caller(clinic.agent, other_clinic.practice, password=PASSWORD)
    assert leave(desk.token).status_code == 204
    assert [status(elsewhere), refreshed(elsewhere)] == [401] * 2
    assert recorded(clinic.practice) == recorded(other_clinic.practice) == [("member", clinic.agent.id)]


def test_nobody_else_is_signed_out(desk: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice, password=PASSWORD)
    stranger = Caller(other_clinic.agent, other_clinic.practice, password=PASSWORD)
    assert leave(desk.token).status_code == 204
    assert [status(colleague), refreshed(colleague), status(stranger), refreshed(stranger)] == [200] * 4
    assert recorded(other_clinic.practice) == []


def test_what_ended_before_keeps_its_reason(desk: Caller, at_home: Caller) -> None:
    assert desk.http.post("/api/auth/logout").status_code == 204
    assert leave(at_home.token).status_code == 204
    assert sorted(ended()) == ["everywhere", "logout"]


def test_who_has_been_signed_out_signs_nobody_out(desk: Caller, at_home: Caller) -> None:
    """A token that somebody kept is worth nothing once its session is over."""
    assert desk.http.post("/api/auth/logout").status_code == 204
    with changes():
        assert_refused(leave(desk.token), **OVER)
    assert [status(at_home), refreshed(at_home)] == [200] * 2


def test_again_is_refused_as_the_session_is_over(desk: Caller) -> None:
    assert leave(desk.token).status_code == 204
    with changes():
        assert_refused(leave(desk.token), **OVER)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}])
def test_the_cookie_alone_is_not_enough(desk: Caller, headers: dict[str, str]) -> None:
    """Pages of other sites may make a browser send a cookie, never a token."""
    with changes():
        answer = leave(None, http=desk.http, **headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.cookies == {}
    assert [status(desk), refreshed(desk)] == [200] * 2


def test_an_expired_token_is_refused(desk: Caller) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=15), tick=False), changes():
        answer = leave(desk.token)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert ended() == [""]


def test_many_at_once_end_it_once(desk: Caller, at_home: Caller, clinic: Clinic) -> None:
    tokens = [desk.token, at_home.token] * 4
    answers = together(8, lambda number: leave(tokens[number]))
    assert sorted(answer.status_code for answer in answers) == [204] + [401] * 7
    assert recorded(clinic.practice) == [("member", clinic.agent.id)]


def test_a_session_of_somebody_else_is_none(desk: Caller, other_clinic: Clinic) -> None:
    with platform_scope(reason="test"):
        family = RefreshFamily.objects.get()
    for session_id, user_id in ((family.id, other_clinic.agent.id), (new_uuid(), family.user_id), (None, None)):
        with platform_scope(reason="test"), pytest.raises(SessionEnded):
            everywhere.sign_out(session_id=session_id, user_id=user_id, now=datetime.now(UTC))
    assert status(desk) == 200


def test_who_is_disabled_meanwhile_is_refused(desk: Caller, clinic: Clinic) -> None:
    User.objects.filter(id=clinic.agent.id).update(is_active=False)
    with changes():
        assert_refused(leave(desk.token), **OVER)


def test_signing_in_again_needs_no_more_than_the_password(desk: Caller, clinic: Clinic) -> None:
    leave(desk.token)
    again = Caller(clinic.agent, clinic.practice, password=PASSWORD)
    assert [status(again), refreshed(again)] == [200] * 2
