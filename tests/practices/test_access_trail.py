"""A practice's managers see who came and went there, and who was refused: theirs, and nobody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden, assert_invalid
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_user

PATH = "/api/v2/access"


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    member = make_member(practice=clinic.practice, user=make_user(name="Mona"), role=Role.PRACTICE_MANAGER)
    return Caller(member, clinic.practice)


@pytest.fixture
def their_manager(other_clinic: Clinic) -> Caller:
    member = make_member(practice=other_clinic.practice, user=make_user(name="Otto"), role=Role.PRACTICE_MANAGER)
    return Caller(member, other_clinic.practice)


def told(caller: Caller, **query: str) -> list[dict[str, Any]]:
    answer = caller.get(PATH, **query)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["data"])


def said(caller: Caller) -> list[tuple[str, str, str]]:
    return [(each["action"], each["who"]["name"], each["outcome"]) for each in told(caller)]


def test_comings_goings_and_refusals_are_told_the_newest_first(manager: Caller, clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    assert_forbidden(agent.get(PATH))
    assert agent.http.post("/api/auth/logout", headers=agent.headers).status_code == 204
    name = clinic.agent.name
    assert said(manager) == [
        ("member.signed_out", name, "success"),
        ("access.refused", name, "refused"),
        ("member.signed_in", name, "success"),
        ("member.signed_in", "Mona", "success"),
    ]
    [out, refused, came, _] = told(manager)
    assert refused["asked"] == "GET api/v2/access"
    assert (out["asked"], came["asked"]) == (None, None)
    assert {each["address"] for each in (out, refused, came)} == {"127.0.0.1"}
    assert out["onBehalfOf"] is None


def test_where_somebody_came_from_is_told_to_nobody(
    manager: Caller, their_manager: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    make_member(practice=other_clinic.practice, user=clinic.agent)
    agent = Caller(clinic.agent, clinic.practice)
    before = said(manager)
    moved = agent.post("/api/auth/practice", {"practice": public("prac", other_clinic.practice.id)})
    assert moved.status_code == 200
    assert said(manager) == before
    assert said(their_manager) == [
        ("member.practice_switched", clinic.agent.name, "success"),
        ("member.signed_in", "Otto", "success"),
    ]
    answer = their_manager.get(PATH).content.decode()
    for secret in (public("prac", clinic.practice.id), str(clinic.practice.id), clinic.practice.name):
        assert secret not in answer
    for email in (clinic.agent.email, other_clinic.agent.email):
        assert email not in answer


def test_from_where_somebody_ends_all_their_sessions_is_told_to_nobody(
    manager: Caller, their_manager: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    make_member(practice=other_clinic.practice, user=clinic.agent)
    agent = Caller(clinic.agent, clinic.practice)
    assert agent.post("/api/auth/logout/everywhere", {}).status_code == 204
    for each in (manager, their_manager):
        [ended] = [row for row in told(each) if row["action"] == "member.signed_out_everywhere"]
        assert (ended["who"]["name"], ended["address"]) == (clinic.agent.name, None)


def test_who_asked_for_another_practice_s_row_is_told_without_it(
    manager: Caller, their_manager: Caller, clinic: Clinic, other_clinic: Clinic
) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    theirs = public("pat", other_clinic.patient.id)
    assert_forbidden(agent.get(f"/api/v2/patients/{theirs}"))
    answer = manager.get(PATH)
    [attempt] = [each for each in answer.json()["data"] if each["action"] == "cross_practice_access"]
    assert (attempt["who"]["name"], attempt["outcome"], attempt["asked"]) == (clinic.agent.name, "denied", None)
    for secret in (theirs, str(other_clinic.patient.id), str(other_clinic.practice.id)):
        assert secret not in answer.content.decode()
    # Whose row it was hears of it from operators, and not whose members ask.
    assert said(their_manager) == [("member.signed_in", "Otto", "success")]


def test_what_is_done_with_patients_is_not_told_here(manager: Caller, clinic: Clinic) -> None:
    before = said(manager)
    manager.get(f"/api/v2/patients/{public('pat', clinic.patient.id)}")
    manager.get("/api/v2/patients", search=clinic.patient.last_name)
    assert said(manager) == before


def test_asking_is_on_record_too_and_is_no_access(manager: Caller, clinic: Clinic) -> None:
    with changes(mybcat_auditentry=1):
        manager.get(PATH)
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(action="access.audit")
    assert (entry.object_kind, entry.object_ids) == ("prac", [str(clinic.practice.id)])
    assert said(manager) == [("member.signed_in", "Mona", "success")]


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_nobody_else_may_ask(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    with changes(**REFUSED):
        assert_forbidden(caller.get(PATH))


def test_pages_follow_each_other_backwards(manager: Caller, clinic: Clinic) -> None:
    for _ in range(4):
        Caller(clinic.agent, clinic.practice)
    until = datetime.now(UTC).isoformat()
    first = manager.get(PATH, limit=3, to=until).json()
    second = manager.get(PATH, limit=3, to=until, cursor=first["nextCursor"]).json()
    names = [each["who"]["name"] for page in (first, second) for each in page["data"]]
    assert names == [clinic.agent.name] * 4 + ["Mona"]
    assert second["nextCursor"] is None


def test_a_cursor_of_another_practice_is_refused(manager: Caller, their_manager: Caller, other_clinic: Clinic) -> None:
    Caller(other_clinic.agent, other_clinic.practice)
    theirs = their_manager.get(PATH, limit=1).json()["nextCursor"]
    assert theirs is not None
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        assert_forbidden(manager.get(PATH, limit=1, cursor=theirs))


def test_time_is_bounded(manager: Caller) -> None:
    now = datetime.now(UTC)
    earlier = {"from": (now - timedelta(days=60)).isoformat(), "to": (now - timedelta(days=1)).isoformat()}
    assert told(manager, **earlier) == []
    for since in (now - timedelta(days=94), now + timedelta(days=1)):
        refused = manager.get(PATH, **{"from": since.isoformat(), "to": now.isoformat()})
        assert_invalid(refused, **{"from": ["Before `to`, by at most 93 days"]})


def test_v1_has_no_such_route(manager: Caller) -> None:
    assert manager.get(PATH.replace("/v2/", "/v1/")).status_code == 404
