"""A sweep's mails: who is killed sends one of them twice at most, and one that cannot leave stops no other."""

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from mybcat import mailing
from practices.models import User
from tests.factories import Clinic, make_user
from tests.mybcat.engine import log_lines


@pytest.fixture
def people(clinic: Clinic) -> list[User]:
    return [make_user() for _ in range(3)]


def letter(user: User) -> EmailMessage:
    return EmailMessage(subject=user.name, body="", to=[user.email])


def send(people: list[User], marked: list[User]) -> int:
    return mailing.send_each(people, written=letter, sent=marked.append, failure="It could not leave", named="userId")


def test_each_is_marked_before_the_next_leaves(people: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a time limit: what is raised is caught by nobody, and what has left is on record."""
    marked: list[User] = []

    def killed(message: EmailMessage) -> None:
        if message.to == [people[1].email]:
            raise KeyboardInterrupt

    monkeypatch.setattr(EmailMessage, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        send(people, marked)
    assert marked == people[:1]


def test_what_no_header_can_hold_stops_no_other(people: list[User], caplog: pytest.LogCaptureFixture) -> None:
    people[0].name = "Ana\nBcc: everybody@example.com"
    marked: list[User] = []
    assert send(people, marked) == 2
    assert marked == people[1:]
    assert [message.to for message in mail.outbox] == [[user.email] for user in people[1:]]
    (line,) = [line for line in log_lines(caplog) if "It could not leave" in line]
    assert str(people[0].id) in line
    assert "everybody" not in line


def test_a_slow_server_s_sweep_ends_before_its_task_is_killed(
    people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "BUDGET_SECONDS", 0)
    marked: list[User] = []
    for _ in range(3):
        assert send(people[len(marked) :], marked) == 1
    assert marked == people
