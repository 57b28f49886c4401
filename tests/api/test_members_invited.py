"""Until they come in, a manager learns of whom they invited no more than the address that they typed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from mybcat.principal import Role
from practices.members.invitations import mail_invitations
from practices.models import User
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.api.test_members import INES, PATH, head, mailbox, mails, manager, path_of
from tests.callers import Caller, public
from tests.factories import PASSWORD, Clinic, make_member, make_practice, make_user

__all__ = ["head", "mailbox", "manager"]

CANNOT = "This address cannot be added. Look how it is spelt, or ask MyBCAT's support."
COME_IN = {"practices_membership": 0, "practices_refreshfamily": 1, "mybcat_auditentry": 1}


@pytest.fixture
def omar(other_clinic: Clinic) -> User:
    """Works elsewhere."""
    return make_member(practice=other_clinic.practice, user=make_user(email="omar@mybcat.example", name="Omar Haddad"))


def invite(manager: Caller, user: User) -> Any:
    answer = manager.post(PATH, {**INES, "email": user.email})
    assert answer.status_code == 201
    return answer.json()


def listed(manager: Caller, user: User) -> tuple[str, bool]:
    (row,) = [each for each in manager.get(PATH).json()["data"] if each["email"] == user.email]
    return row["name"], row["pending"]


def sign_in(user: User, **body: str) -> Any:
    sent = {"email": user.email, "password": PASSWORD, **body}
    return Client().post("/api/auth/token", sent, content_type="application/json")


@pytest.mark.parametrize(
    "known",
    [{}, {"password": "!"}, {"password": "!", "external_subject": "somebody-s-subject"}, {"is_staff": True}],
    ids=["with a password", "without", "elsewhere", "an operator"],
)
def test_who_has_an_account_is_answered_as_who_has_none(manager: Caller, known: dict[str, Any]) -> None:
    user = make_user(email="known@members.example", name="Known Elsewhere", **known)
    new = manager.post(PATH, INES)
    answers = [manager.post(PATH, {**INES, "email": user.email}), new]
    listing = {each["email"]: each for each in manager.get(PATH).json()["data"]}
    again = [manager.post(f"{PATH}/{answer.json()['memberId']}/invite", None) for answer in answers]
    changed = [manager.patch(f"{PATH}/{each.json()['memberId']}", {"role": "practitioner"}) for each in answers]
    own = ("memberId", "email", "invitedAt")

    def told(body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name not in own}

    for one, other in (answers, again, changed):
        assert (one.status_code, told(one.json())) == (other.status_code, told(other.json()))
    assert told(listing[user.email]) == told(listing["ines@members.example"])
    assert (listing[user.email]["name"], listing[user.email]["pending"]) == ("", True)
    assert "Known Elsewhere" not in str([answer.content for answer in (*answers, *again, *changed)])


def test_who_comes_in_is_shown_from_then_on(manager: Caller, omar: User, clinic: Clinic) -> None:
    invite(manager, omar)
    with changes(**COME_IN):
        assert sign_in(omar, practice=public("prac", clinic.practice.id)).status_code == 200
    assert listed(manager, omar) == ("Omar Haddad", False)
    with changes():
        refused = manager.post(f"{path_of(clinic, omar)}/invite", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "has_password")
    # Once is enough.
    with changes(practices_refreshfamily=1, mybcat_auditentry=1):
        assert sign_in(omar, practice=public("prac", clinic.practice.id)).status_code == 200


def test_changing_practice_is_coming_in_as_well(
    manager: Caller, omar: User, clinic: Clinic, other_clinic: Clinic
) -> None:
    invite(manager, omar)
    elsewhere = Caller(omar, other_clinic.practice)
    assert listed(manager, omar) == ("", True)
    moved = elsewhere.post("/api/auth/practice", {"practice": public("prac", clinic.practice.id)})
    assert moved.status_code == 200
    assert listed(manager, omar) == ("Omar Haddad", False)


def test_a_session_that_is_over_brings_nobody_in(
    manager: Caller, omar: User, clinic: Clinic, other_clinic: Clinic
) -> None:
    invite(manager, omar)
    elsewhere = Caller(omar, other_clinic.practice)
    elsewhere.http.post("/api/auth/logout")
    with changes():
        refused = elsewhere.post("/api/auth/practice", {"practice": public("prac", clinic.practice.id)})
    assert refused.status_code == 401
    assert listed(manager, omar) == ("", True)


def test_nobody_comes_in_by_the_order_of_names(omar: User, other_clinic: Clinic) -> None:
    """Else a manager would see who has an account by calling the practice so that it comes first."""
    first = make_practice(name="A first by name")
    manager = Caller(make_member(practice=first, role=Role.PRACTICE_MANAGER), first)
    invite(manager, omar)
    with changes(practices_refreshfamily=1, mybcat_auditentry=1):
        body = sign_in(omar).json()
    assert body["practice"]["id"] == public("prac", other_clinic.practice.id)
    assert [each["practice"]["name"] for each in body["memberships"]] == [first.name, other_clinic.practice.name]
    assert listed(manager, omar) == ("", True)


def test_who_works_nowhere_else_comes_in_without_naming_it(manager: Caller, clinic: Clinic) -> None:
    user = make_user(email="free@members.example", name="Works Nowhere")
    invite(manager, user)
    assert sign_in(user).json()["practice"]["id"] == public("prac", clinic.practice.id)
    assert listed(manager, user) == ("Works Nowhere", False)


def test_the_mail_comes_again_to_who_has_a_password(manager: Caller, omar: User, mailbox: Any) -> None:
    member = invite(manager, omar)["memberId"]
    assert mail_invitations(now=datetime.now(UTC)) == 1
    assert manager.post(f"{PATH}/{member}/invite", None).status_code == 200
    assert mail_invitations(now=datetime.now(UTC)) == 1
    for mail in mails(mailbox):
        assert (mail["To"], "welcome#" in mail.get_content()) == (omar.email, False)


class TestWhomAnOperatorDisabled:
    @pytest.mark.parametrize("elsewhere", [True, False])
    def test_is_not_added_and_the_answer_says_nothing_of_them(
        self, manager: Caller, other_clinic: Clinic, elsewhere: bool
    ) -> None:
        user = make_user(email="gone@members.example", name="Gone For Good", is_active=False)
        if elsewhere:
            make_member(practice=other_clinic.practice, user=user)
        with changes():
            refused = manager.post(PATH, {**INES, "email": "GONE@members.example"})
        assert_refused(refused, status=409, code="cannot_be_added", sentence=CANNOT)
        for told in (user.name, other_clinic.practice.name, "disabled"):
            assert told not in refused.content.decode()

    def test_is_already_a_member_where_they_were_one(self, manager: Caller, clinic: Clinic) -> None:
        User.objects.filter(id=clinic.agent.id).update(is_active=False)
        with changes():
            refused = manager.post(PATH, {**INES, "email": clinic.agent.email})
        assert (refused.status_code, refused.json()["code"]) == (409, "already_member")

    def test_is_mailed_nothing(self, manager: Caller) -> None:
        make_user(email="gone@members.example", is_active=False)
        manager.post(PATH, {**INES, "email": "gone@members.example"})
        assert mail_invitations(now=datetime.now(UTC)) == 0
