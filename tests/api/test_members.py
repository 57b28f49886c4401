"""Managers let people in and out; whoever is new chooses a password by a link that is good once."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from mybcat.ids import new_uuid
from mybcat.models import AuditEntry
from mybcat.principal import Principal, Role
from mybcat.tenancy import platform_scope, practice_scope
from practices.members import services
from practices.members.invitations import mail_invitations
from practices.models import Membership, RefreshFamily, User
from tests.api.refusals import assert_forbidden, assert_not_found, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_invited, make_member, make_user

PATH = "/api/v2/members"
INES = {"email": "Ines@Members.example", "name": "Ines Moreau", "role": "scheduling_agent"}
CHOSEN = "a long one of my own"
OVER = "This link is over, or was used already. Ask for another on the page where you sign in."


@pytest.fixture
def head(clinic: Clinic) -> User:
    return make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)


@pytest.fixture
def manager(head: User, clinic: Clinic) -> Caller:
    return Caller(head, clinic.practice)


@pytest.fixture(autouse=True)
def mailbox(tmp_path: Path, settings: Any) -> Path:
    """Django's own file backend: what is in the folder was sent."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"


def mails(folder: Path) -> list[Any]:
    files = sorted(folder.glob("*.log")) if folder.exists() else []
    texts = [text for path in files for text in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n")]
    return [message_from_bytes(text, policy=policy.default) for text in texts if text.strip()]


def token_in(mail: Any) -> str:
    tokens = set(re.findall(r"/welcome#(\S+)", mail.get_content()))
    assert len(tokens) == 1
    return str(tokens.pop())


def mail_now() -> int:
    return mail_invitations(now=datetime.now(UTC))


def choose(token: str, password: str = CHOSEN) -> Any:
    body = {"token": token, "password": password}
    return Client(raise_request_exception=False).post("/api/auth/password", body, content_type="application/json")


def path_of(clinic: Clinic, user: User) -> str:
    with practice_scope(clinic.practice.id):
        return f"{PATH}/{public('mem', Membership.objects.get(user=user).id)}"


def recorded(clinic: Clinic) -> list[str]:
    with practice_scope(clinic.practice.id):
        rows = AuditEntry.objects.filter(action__startswith="member.").exclude(action="member.signed_in")
        return list(rows.order_by("at", "id").values_list("action", flat=True))


class TestInviting:
    def test_who_is_invited_chooses_a_password_and_signs_in(
        self, manager: Caller, clinic: Clinic, mailbox: Path
    ) -> None:
        answer = manager.post(PATH, INES)
        told = answer.json()
        assert (answer.status_code, told) == (
            201,
            {
                "memberId": told["memberId"],
                "name": "",
                "email": "ines@members.example",
                "role": "scheduling_agent",
                "active": True,
                "pending": True,
                "invitedAt": told["invitedAt"],
                "me": False,
            },
        )
        assert mails(mailbox) == []
        assert (mail_now(), mail_now()) == (1, 0)
        (mail,) = mails(mailbox)
        assert (mail["To"], clinic.practice.name in mail["Subject"]) == ("ines@members.example", True)
        assert choose(token_in(mail)).status_code == 204
        ines = Caller(User.objects.get(email="ines@members.example"), clinic.practice, password=CHOSEN)
        assert ines.get("/api/v2/patients", search="okafor").status_code == 200
        listed = {each["email"]: each for each in manager.get(PATH).json()["data"]}
        shown = listed["ines@members.example"]
        assert (shown["name"], shown["pending"], len(listed)) == ("Ines Moreau", False, 3)
        assert recorded(clinic) == ["member.added", "member.password_chosen"]

    def test_the_link_is_good_once(self, clinic: Clinic, manager: Caller, mailbox: Path) -> None:
        manager.post(PATH, INES)
        mail_now()
        token = token_in(mails(mailbox)[0])
        assert choose(token).status_code == 204
        with changes():
            assert_refused(choose(token, "another long one"), status=410, code="invalid_link", sentence=OVER)
        Caller(User.objects.get(email="ines@members.example"), clinic.practice, password=CHOSEN)

    def test_the_link_ends_after_three_days_and_there_is_another(
        self, clinic: Clinic, manager: Caller, mailbox: Path
    ) -> None:
        member = manager.post(PATH, INES).json()["memberId"]
        mail_now()
        token = token_in(mails(mailbox)[0])
        with time_machine.travel(datetime.now(UTC) + timedelta(days=3, minutes=1)), changes():
            assert choose(token).json()["code"] == "invalid_link"
        again = manager.post(f"{PATH}/{member}/invite", None)
        assert (again.status_code, again.json()["pending"]) == (200, True)
        assert mail_now() == 1
        assert choose(token_in(mails(mailbox)[1])).status_code == 204
        Caller(User.objects.get(email="ines@members.example"), clinic.practice, password=CHOSEN)
        with changes():
            refused = manager.post(f"{PATH}/{member}/invite", None)
        assert (refused.status_code, refused.json()["code"]) == (409, "has_password")

    @pytest.mark.parametrize("password", ["short", "password123", ""])
    def test_a_weak_password_is_refused_by_name_and_the_link_stays_good(
        self, clinic: Clinic, manager: Caller, mailbox: Path, password: str
    ) -> None:
        manager.post(PATH, INES)
        mail_now()
        token = token_in(mails(mailbox)[0])
        with changes():
            refused = choose(token, password)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "#/password")
        assert choose(token).status_code == 204

    def test_what_is_no_link_is_over(self, clinic: Clinic, head: User, manager: Caller, mailbox: Path) -> None:
        manager.post(PATH, INES)
        mail_now()
        token = token_in(mails(mailbox)[0])
        made_up = (
            "x",
            ".",
            f"{new_uuid()}.{token.partition('.')[2]}",
            f"{head.id}.{token.partition('.')[2]}",
            token[:-1] + ("a" if token[-1] != "a" else "b"),
        )
        for wrong in made_up:
            with changes():
                assert choose(wrong).json()["code"] == "invalid_link", wrong
        # Whoever was let go meanwhile comes in no more.
        with practice_scope(clinic.practice.id):
            Membership.objects.filter(user__email="ines@members.example").update(is_active=False)
        with changes():
            assert choose(token).json()["code"] == "invalid_link"

    def test_who_works_elsewhere_keeps_name_and_password(
        self, clinic: Clinic, other_clinic: Clinic, manager: Caller, mailbox: Path
    ) -> None:
        omar = make_member(practice=other_clinic.practice, user=make_user(email="omar@mybcat.example", name="Omar"))
        manager.post(PATH, {**INES, "email": "OMAR@mybcat.example"})
        assert mail_now() == 1
        assert "welcome#" not in mails(mailbox)[0].get_content()
        assert Caller(omar, clinic.practice).get("/api/v2/workspace").json()["role"] == "scheduling_agent"
        assert len(Caller(omar, other_clinic.practice).get("/api/v2/locations").json()["data"]) == 1
        assert "Omar" in [each["name"] for each in manager.get(PATH).json()["data"]]

    def test_nobody_is_a_member_twice(self, clinic: Clinic, manager: Caller) -> None:
        body = {**INES, "email": clinic.agent.email}
        with changes():
            refused = manager.post(PATH, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "already_member")

    def test_the_same_again_invites_once(self, manager: Caller, mailbox: Path) -> None:
        key = str(uuid4())
        first, again = (manager.post(PATH, INES, key=key) for _ in range(2))
        assert (again.status_code, again.json()) == (201, first.json())
        assert mail_now() == 1

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("email", "ines"),
            ("email", "\u0130" * 200 + "@members.example"),
            ("name", ""),
            ("role", "owner"),
            ("active", True),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, manager: Caller, member: str, value: Any) -> None:
        with changes():
            refused = manager.post(PATH, {**INES, member: value})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, f"#/{member}")

    def test_where_no_mail_can_be_sent_it_is_tried_again(self, manager: Caller, settings: Any, mailbox: Path) -> None:
        manager.post(PATH, INES)
        works = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        assert mail_now() == 0
        settings.EMAIL_BACKEND = works
        assert mail_now() == 1


class TestChanging:
    def test_another_role_holds_at_the_next_request(self, manager: Caller, agent: Caller, clinic: Clinic) -> None:
        assert agent.get("/api/v2/time-off").status_code == 403
        path = path_of(clinic, clinic.agent)
        assert manager.patch(path, {"role": "practice_manager"}).json()["role"] == "practice_manager"
        assert agent.get("/api/v2/time-off").status_code == 200
        manager.patch(path, {"role": "practitioner"})
        assert agent.get("/api/v2/time-off").status_code == 403
        assert recorded(clinic) == ["member.changed"] * 2

    def test_who_is_let_go_is_out_at_once_here_and_nowhere_else(
        self, manager: Caller, agent: Caller, clinic: Clinic, other_clinic: Clinic
    ) -> None:
        make_member(practice=other_clinic.practice, user=clinic.agent)
        elsewhere = Caller(clinic.agent, other_clinic.practice)
        assert agent.get("/api/v2/locations").status_code == 200
        path = path_of(clinic, clinic.agent)
        assert manager.patch(path, {"active": False}).json()["active"] is False
        assert agent.get("/api/v2/locations").status_code == 401
        assert agent.http.post("/api/auth/refresh").status_code == 401
        assert elsewhere.get("/api/v2/locations").status_code == 200
        assert elsewhere.http.post("/api/auth/refresh").status_code == 200
        ended = RefreshFamily.objects.get(user=clinic.agent, current_practice_id=clinic.practice.id)
        assert ended.revoked_because == "member_left"
        # Let in again, they sign in again.
        manager.patch(path, {"active": True})
        assert agent.get("/api/v2/locations").status_code == 401
        assert Caller(clinic.agent, clinic.practice).get("/api/v2/locations").status_code == 200

    @pytest.mark.parametrize("body", [{"role": "scheduling_agent"}, {"active": False}, {"active": True}])
    def test_nobody_changes_themselves(self, manager: Caller, head: User, clinic: Clinic, body: dict[str, Any]) -> None:
        make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)
        with changes():
            refused = manager.patch(path_of(clinic, head), body)
        assert (refused.status_code, refused.json()["code"]) == (409, "own_membership")

    @pytest.mark.parametrize("change", [{"role": "practitioner", "active": None}, {"role": None, "active": False}])
    def test_a_manager_stays(self, head: User, clinic: Clinic, change: dict[str, Any]) -> None:
        """Whoever asks was let go between their coming in and their change: tests/concurrency has it in a race."""
        gone = Principal.member(
            user_id=clinic.agent.id,
            practice_id=clinic.practice.id,
            role=Role.PRACTICE_MANAGER,
            plan="standard",
            entitled_until=None,
            time_zone="UTC",
            session_id=None,
        )
        with practice_scope(clinic.practice.id):
            only = Membership.objects.get(user=head)
        with changes(), pytest.raises(services.LastManager), practice_scope(clinic.practice.id):
            services.change_member(member_id=only.id, **change, by=gone, now=datetime.now(UTC))

    def test_what_nobody_has_and_what_says_nothing(self, manager: Caller, clinic: Clinic) -> None:
        with changes():
            assert_not_found(manager.patch(f"{PATH}/{public('mem', new_uuid())}", {"active": False}))
            assert_not_found(manager.post(f"{PATH}/{public('mem', new_uuid())}/invite", None))
            assert manager.patch(path_of(clinic, clinic.agent), {}).status_code == 400
            assert manager.patch(path_of(clinic, clinic.agent), {"email": "x@y.example"}).status_code == 400


def test_managers_alone_manage(agent: Caller, clinic: Clinic) -> None:
    invited = public("mem", make_invited(clinic).id)
    asks: list[Callable[[], Any]] = [
        partial(agent.get, PATH),
        partial(agent.post, PATH, INES),
        partial(agent.patch, f"{PATH}/{invited}", {"role": "practice_manager"}),
        partial(agent.post, f"{PATH}/{invited}/invite", None),
    ]
    for ask in asks:
        with changes(**REFUSED):
            assert_forbidden(ask())
    with platform_scope(reason="test"):
        assert not User.objects.filter(email="ines@members.example").exists()
