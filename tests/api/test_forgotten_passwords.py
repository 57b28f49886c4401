"""Forgotten passwords: who asks learns nothing; the owner of the mailbox gets a link that is good once, for an hour."""

import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from smtplib import SMTPException
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mybcat.lockout import ACCOUNT, HERE
from mybcat.models import AuditEntry
from mybcat.tenancy import platform_scope, practice_scope
from practices.members.forgotten import mail_links
from practices.members.links import forgotten_token_of, token_of
from practices.models import Membership, RefreshFamily, User
from practices.tasks import send_password_links
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.api.test_members import CHOSEN, OVER, choose, mailbox, mails, token_in
from tests.callers import Caller, together
from tests.factories import PASSWORD, Clinic, make_invited, make_member, make_user
from tests.isolation.conftest import logged

# Fixtures.
__all__ = ("logged", "mailbox")

NOW = datetime(2026, 4, 24, 14, tzinfo=UTC)
PATH = "/api/auth/password/forgotten"
NOBODY = "nobody@members.example"
COUNTED = {"mybcat_failedsignins": 3}


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as travelled:
        yield travelled


def ask(email: Any, *, address: str = "127.0.0.1") -> Any:
    client = Client(raise_request_exception=False, REMOTE_ADDR=address)
    return client.post(PATH, {"email": email}, content_type="application/json")


def mail_now() -> int:
    return mail_links(now=datetime.now(UTC))


def linked(user: User, folder: Path) -> str:
    """What stands in the link that is mailed when they ask."""
    assert ask(user.email).status_code == 202
    assert mail_now() == 1
    mail = mails(folder)[-1]
    assert mail["To"] == user.email
    return token_in(mail)


def signs_in(user: User, password: str) -> bool:
    body = {"email": user.email, "password": password}
    status = Client().post("/api/auth/token", body, content_type="application/json").status_code
    assert status in (200, 401)
    return status == 200


def recorded(clinic: Clinic) -> list[tuple[str, str]]:
    with practice_scope(clinic.practice.id):
        rows = AuditEntry.objects.filter(action__startswith="member.password").order_by("at", "id")
        return list(rows.values_list("action", "principal_kind"))


def chosen_at_last(token: str, password: str) -> Any:
    """Digests are slow: on a busy machine, who waits longest for the others is told to come again."""
    while (answer := choose(token, password)).status_code == 503:
        pass
    return answer


def assert_over(token: str) -> None:
    with changes():
        assert_refused(choose(token), status=410, code="invalid_link", sentence=OVER)


class TestAsking:
    def test_the_answer_is_the_same_whoever_is_asked_for(self, clinic: Clinic) -> None:
        disabled = make_user(is_active=False)
        answers = [ask(email) for email in (clinic.agent.email, NOBODY, disabled.email, "no address at all")]
        assert [answer.status_code for answer in answers] == [202] * 4
        assert [answer.json() for answer in answers] == [{"linkExpiresIn": 3600}] * 4
        assert len({frozenset(answer.headers) for answer in answers}) == 1
        assert all(answer.headers["Cache-Control"] == "no-store" and answer.cookies == {} for answer in answers)

    def test_so_is_the_work(self, clinic: Clinic) -> None:
        """Statement by statement: what could take longer for those who have an account is done by the sweep."""

        def work(email: str) -> list[str]:
            with CaptureQueriesContext(connection) as queries:
                ask(email)
            return [re.sub(r"'[^']*'", "?", each["sql"]).split("WHERE")[0] for each in queries.captured_queries]

        known, unknown = work(clinic.agent.email), work(NOBODY)
        assert known == unknown
        assert any(each.startswith("UPDATE") for each in known)

    def test_who_has_no_account_leaves_nothing_and_nobody_is_mailed(self, clinic: Clinic, mailbox: Path) -> None:
        with changes(**COUNTED):
            ask(NOBODY)
        assert mail_now() == 0
        assert mails(mailbox) == []

    @pytest.mark.parametrize("email", [None, "", "x" * 255, 7, ["a@b.example"]])
    def test_what_is_no_text_is_refused_by_name(self, clinic: Clinic, email: Any) -> None:
        with changes():
            answer = ask(email)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/email")

    def test_it_is_limited_as_signing_in_is_and_apart_from_it(self, clinic: Clinic, mailbox: Path) -> None:
        for email in (clinic.agent.email, NOBODY):
            assert [ask(email).status_code for _ in range(HERE)] == [202] * HERE
            with changes():
                answer = ask(email)
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
        # Nobody keeps the owner out by asking.
        assert signs_in(clinic.agent, PASSWORD)

    def test_many_machines_are_limited_for_one_account(self, clinic: Clinic) -> None:
        for number in range(ACCOUNT // HERE):
            assert [ask(NOBODY, address=f"203.0.113.{number}").status_code for _ in range(HERE)] == [202] * HERE
        assert ask(NOBODY, address="198.51.100.7").status_code == 429
        assert ask(clinic.agent.email, address="198.51.100.7").status_code == 202

    def test_neither_log_nor_table_has_the_address(self, clinic: Clinic, logged: Any, caplog: Any) -> None:
        caplog.set_level(logging.DEBUG, logger="mybcat")
        ask(NOBODY)
        ask(clinic.agent.email)
        mail_now()
        said = "".join(str(line) for line in logged())
        assert NOBODY not in said
        assert clinic.agent.email not in said
        with platform_scope(reason="test"), connection.cursor() as cursor:
            cursor.execute("SELECT f::text FROM mybcat_failedsignins f")
            assert "@" not in str(cursor.fetchall())


class TestMailing:
    def test_the_owner_gets_one_mail_in_both_languages(self, clinic: Clinic, mailbox: Path) -> None:
        ask(f" {clinic.agent.email.upper()} ")
        assert mails(mailbox) == []
        send_password_links()
        assert mail_now() == 0
        (mail,) = mails(mailbox)
        text = mail.get_content()
        assert (mail["To"], mail["Subject"]) == (clinic.agent.email, "MyBCAT")
        assert "within an hour" in text
        assert "durante una hora" in text
        assert clinic.practice.name not in text
        assert token_in(mail).startswith(f"{clinic.agent.id}.")
        assert recorded(clinic) == [("member.password_link_mailed", "platform")]

    def test_asking_again_at_once_sends_no_other(self, clinic: Clinic, mailbox: Path, clock: Any) -> None:
        ask(clinic.agent.email)
        ask(clinic.agent.email)
        assert mail_now() == 1
        clock.move_to(NOW + timedelta(minutes=5))
        ask(clinic.agent.email)
        assert mail_now() == 0
        clock.move_to(NOW + timedelta(minutes=5, seconds=1))
        ask(clinic.agent.email)
        assert mail_now() == 1
        assert len(mails(mailbox)) == 2

    @pytest.mark.parametrize("because", ["disabled", "no member any more", "an operator", "signs in elsewhere"])
    def test_who_may_not_have_a_link_gets_no_mail_and_an_older_link_ends(
        self, clinic: Clinic, mailbox: Path, because: str
    ) -> None:
        older = forgotten_token_of(clinic.agent)
        with practice_scope(clinic.practice.id):
            if because == "no member any more":
                Membership.objects.filter(user=clinic.agent).update(is_active=False)
        told = User.objects.filter(id=clinic.agent.id)
        if because == "disabled":
            told.update(is_active=False)
        elif because == "an operator":
            told.update(is_staff=True)
        elif because == "signs in elsewhere":
            clinic.agent.set_unusable_password()
            told.update(password=clinic.agent.password, external_subject="pool|7")
            older = forgotten_token_of(User.objects.get(id=clinic.agent.id))
        assert ask(clinic.agent.email).status_code == 202
        assert mail_now() == 0
        assert mails(mailbox) == []
        assert_over(older)
        assert recorded(clinic) == []

    def test_who_was_let_go_after_asking_gets_no_mail(self, clinic: Clinic, mailbox: Path) -> None:
        ask(clinic.agent.email)
        User.objects.filter(id=clinic.agent.id).update(is_active=False)
        assert mail_now() == 0
        assert mails(mailbox) == []

    def test_who_works_elsewhere_still_gets_one(self, clinic: Clinic, other_clinic: Clinic, mailbox: Path) -> None:
        make_member(practice=other_clinic.practice, user=clinic.agent)
        with practice_scope(clinic.practice.id):
            Membership.objects.filter(user=clinic.agent).update(is_active=False)
        assert choose(linked(clinic.agent, mailbox)).status_code == 204
        assert recorded(clinic) == []
        assert [action for action, _ in recorded(other_clinic)] == [
            "member.password_link_mailed",
            "member.password_reset",
        ]

    def test_what_cannot_be_sent_is_tried_again_for_half_an_hour(
        self, clinic: Clinic, mailbox: Path, monkeypatch: pytest.MonkeyPatch, clock: Any, logged: Any
    ) -> None:
        def failing(_: EmailMessage) -> None:
            raise SMTPException(clinic.agent.email)

        ask(clinic.agent.email)
        with monkeypatch.context() as patched:
            patched.setattr(EmailMessage, "send", failing)
            with changes():
                assert mail_now() == 0
        (line,) = [line for line in logged() if line["event"] == "Password link could not be mailed"]
        assert line["userId"] == str(clinic.agent.id)
        assert clinic.agent.email not in str(line)
        clock.move_to(NOW + timedelta(minutes=29))
        assert mail_now() == 1
        clock.move_to(NOW + timedelta(minutes=40))
        ask(clinic.agent.email)
        clock.move_to(NOW + timedelta(minutes=70))
        assert mail_now() == 0

    def test_who_was_invited_and_has_no_password_yet_gets_a_link_too(self, clinic: Clinic, mailbox: Path) -> None:
        invited = make_invited(clinic).user
        assert choose(linked(invited, mailbox)).status_code == 204
        assert signs_in(invited, CHOSEN)


class TestChoosing:
    def test_the_new_password_counts_and_every_session_ends(self, clinic: Clinic, mailbox: Path) -> None:
        desk, at_home = (Caller(clinic.agent, clinic.practice) for _ in range(2))
        token = linked(clinic.agent, mailbox)
        assert desk.get("/api/v1/locations").status_code == 200
        answer = choose(token)
        assert (answer.status_code, answer.content, answer.cookies) == (204, b"", {})
        for session in (desk, at_home):
            assert session.get("/api/v1/locations").status_code == 401
            assert session.http.post("/api/auth/refresh").status_code == 401
        with platform_scope(reason="test"):
            assert list(RefreshFamily.objects.values_list("revoked_because", flat=True)) == ["new_password"] * 2
        assert (signs_in(clinic.agent, PASSWORD), signs_in(clinic.agent, CHOSEN)) == (False, True)
        assert recorded(clinic) == [("member.password_link_mailed", "platform"), ("member.password_reset", "member")]

    def test_the_link_is_good_once_even_for_the_same_password(self, clinic: Clinic, mailbox: Path) -> None:
        token = linked(clinic.agent, mailbox)
        assert choose(token, PASSWORD).status_code == 204
        assert_over(token)
        assert signs_in(clinic.agent, PASSWORD)

    def test_of_eight_at_once_one_counts(self, clinic: Clinic, mailbox: Path) -> None:
        token = linked(clinic.agent, mailbox)
        answers = together(8, lambda number: chosen_at_last(token, f"{CHOSEN} {number}"))
        assert sorted(answer.status_code for answer in answers) == [204] + [410] * 7
        (won,) = [number for number, answer in enumerate(answers) if answer.status_code == 204]
        assert signs_in(clinic.agent, f"{CHOSEN} {won}")

    def test_the_link_ends_after_an_hour(self, clinic: Clinic, mailbox: Path, clock: Any) -> None:
        token = linked(clinic.agent, mailbox)
        clock.move_to(NOW + timedelta(hours=1))
        assert_over(token)
        assert signs_in(clinic.agent, PASSWORD)
        clock.move_to(NOW + timedelta(minutes=59, seconds=59))
        assert choose(token).status_code == 204

    def test_another_link_that_was_used_ends_it(self, clinic: Clinic, mailbox: Path, clock: Any) -> None:
        first = linked(clinic.agent, mailbox)
        clock.move_to(NOW + timedelta(minutes=10))
        second = linked(clinic.agent, mailbox)
        assert choose(second).status_code == 204
        assert_over(first)

    def test_a_weak_password_is_refused_by_name_and_nothing_ends(self, clinic: Clinic, mailbox: Path) -> None:
        desk = Caller(clinic.agent, clinic.practice)
        token = linked(clinic.agent, mailbox)
        with changes():
            refused = choose(token, "password123")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "#/password")
        assert desk.get("/api/v1/locations").status_code == 200
        assert choose(token).status_code == 204

    def test_an_invitation_s_link_resets_no_password(self, clinic: Clinic) -> None:
        assert_over(token_of(clinic.agent))

    def test_what_is_no_link_is_over(self, clinic: Clinic, other_clinic: Clinic, mailbox: Path) -> None:
        token = linked(clinic.agent, mailbox)
        secret = token.partition(".")[2]
        forged = (
            f"{other_clinic.agent.id}.{secret}",
            f"{clinic.agent.id}.",
            f"{clinic.agent.id}.-",
            f"{clinic.agent.id}.{secret[:-1]}",
            f"{clinic.agent.id}.zzzzzz-{secret.partition('-')[2]}",
        )
        for wrong in forged:
            assert_over(wrong)
        assert choose(token).status_code == 204

    def test_who_mistyped_until_they_were_locked_comes_in(self, clinic: Clinic, mailbox: Path) -> None:
        for _ in range(HERE):
            assert not signs_in(clinic.agent, "a wrong password")
        assert choose(linked(clinic.agent, mailbox)).status_code == 204
        assert signs_in(clinic.agent, CHOSEN)
