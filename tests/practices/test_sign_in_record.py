"""Signing in, changing practice and signing out are on record in the practice concerned, and nowhere else."""

from hashlib import sha256
from typing import Any

import pytest
from django.test import Client

from mybcat.models import AuditEntry
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Membership, Practice, RefreshFamily, User
from tests.api.rows import changes
from tests.callers import Caller, public, together
from tests.factories import PASSWORD, Clinic, make_member

ACTIONS = ("member.signed_in", "member.practice_switched", "member.signed_out")
LEFT = {"practices_refreshfamily": 0, "mybcat_epoch": 1, "mybcat_auditentry": 1}


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice, password=PASSWORD)


def entries(practice: Practice) -> list[AuditEntry]:
    with practice_scope(practice.id):
        return list(AuditEntry.objects.filter(action__in=ACTIONS).order_by("at", "id"))


def recorded(practice: Practice) -> list[str]:
    return [entry.action for entry in entries(practice)]


def membership(practice: Practice, user: User) -> Membership:
    with practice_scope(practice.id):
        return Membership.objects.get(user=user)


def sign_out(caller: Caller, **headers: str) -> Any:
    return caller.http.post("/api/auth/logout", headers=headers)


def test_the_rows_name_the_member_by_id_alone(agent: Caller, clinic: Clinic) -> None:
    answer = sign_out(agent)
    signed_in, signed_out = entries(clinic.practice)
    for entry in (signed_in, signed_out):
        assert (entry.principal_kind, entry.principal_id) == ("member", clinic.agent.id)
        assert entry.object_kind == "mem"
        assert entry.object_ids == [str(membership(clinic.practice, clinic.agent).id)]
        assert (entry.outcome, entry.address, entry.reason) == ("success", "127.0.0.1", "")
        assert (entry.on_behalf_kind, entry.on_behalf_id) == ("", None)
        for told in (clinic.agent.email, clinic.agent.name):
            assert told not in str(vars(entry))
    assert (signed_in.action, signed_out.action) == ("member.signed_in", "member.signed_out")
    assert signed_out.correlation_id == answer.headers["X-Correlation-Id"]


def test_each_practice_has_what_concerns_it(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    make_member(practice=other_clinic.practice, user=clinic.agent)
    moved = agent.post("/api/auth/practice", {"practice": public("prac", other_clinic.practice.id)})
    assert moved.status_code == 200
    assert recorded(clinic.practice) == ["member.signed_in"]
    assert recorded(other_clinic.practice) == ["member.practice_switched"]
    assert sign_out(agent).status_code == 204
    assert recorded(clinic.practice) == ["member.signed_in"]
    assert recorded(other_clinic.practice) == ["member.practice_switched", "member.signed_out"]
    # Nothing tells one practice of the other.
    for entry in entries(other_clinic.practice):
        assert str(clinic.practice.id) not in str(vars(entry))
        assert entry.object_ids == [str(membership(other_clinic.practice, clinic.agent).id)]


def test_refreshing_is_no_sign_in(agent: Caller, clinic: Clinic) -> None:
    with changes(practices_refreshfamily=0):
        assert agent.http.post("/api/auth/refresh").status_code == 200
    assert recorded(clinic.practice) == ["member.signed_in"]


def test_what_is_refused_leaves_no_row(agent: Caller, clinic: Clinic) -> None:
    body = {"email": clinic.agent.email, "password": "wrong horse battery"}
    with changes(mybcat_failedsignins=3):
        refused = Client().post("/api/auth/token", body, content_type="application/json")
    assert refused.status_code == 401
    assert recorded(clinic.practice) == ["member.signed_in"]


def test_leaving_again_leaves_no_second_row(agent: Caller, clinic: Clinic) -> None:
    with changes(**LEFT):
        assert sign_out(agent, **agent.headers).status_code == 204
    with changes():
        assert sign_out(agent, **agent.headers).status_code == 204
    assert recorded(clinic.practice) == ["member.signed_in", "member.signed_out"]


def test_of_many_who_leave_at_once_one_is_on_record(agent: Caller, clinic: Clinic) -> None:
    def leave(_: int) -> int:
        return Client().post("/api/auth/logout", headers=agent.headers).status_code

    with changes(**LEFT):
        assert together(6, leave) == [204] * 6


def test_the_cookie_s_session_and_the_token_s_are_each_on_record(
    agent: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    other = Caller(other_clinic.agent, other_clinic.practice, password=PASSWORD)
    assert sign_out(other, **agent.headers).status_code == 204
    for each in (clinic, other_clinic):
        (_, signed_out) = entries(each.practice)
        assert (signed_out.action, signed_out.principal_id) == ("member.signed_out", each.agent.id)


def test_who_is_no_member_any_more_is_on_record_all_the_same(agent: Caller, clinic: Clinic) -> None:
    with platform_scope(reason="test"):
        Membership.objects.filter(user=clinic.agent).delete()
    assert sign_out(agent).status_code == 204
    signed_out = entries(clinic.practice)[-1]
    assert (signed_out.action, signed_out.principal_id, signed_out.object_ids) == (
        "member.signed_out",
        clinic.agent.id,
        [],
    )


def test_whom_tests_let_in_is_signed_in_as_over_http(clinic: Clinic) -> None:
    let_in, signed_in = Caller(clinic.agent, clinic.practice), Caller(clinic.agent, clinic.practice, password=PASSWORD)
    with platform_scope(reason="test"):
        one, other = RefreshFamily.objects.values_list("user_id", "current_practice_id", "client", "credentials")
    assert list(map(bytes, (one[2], other[2]))) == [sha256().digest()] * 2
    assert (*one[:2], one[3]) == (*other[:2], other[3])
    first, second = (
        (entry.action, entry.principal_id, entry.object_ids, entry.address, len(entry.correlation_id))
        for entry in entries(clinic.practice)
    )
    assert first == second
    assert [list(each.http.cookies) for each in (let_in, signed_in)] == [["refresh"]] * 2
    for caller in (let_in, signed_in):
        assert caller.http.post("/api/auth/refresh").status_code == 200
        assert caller.get("/api/v2/locations").status_code == 200
