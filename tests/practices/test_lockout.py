"""Guessing passwords: an account and an address are locked, by no word that tells which accounts exist."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from mybcat.lockout import ACCOUNT, ADDRESS, HERE
from mybcat.models import FailedSignIns
from mybcat.tasks import forget_failed_sign_ins
from practices.models import User
from tests.api.rows import changes
from tests.callers import public
from tests.factories import PASSWORD, Clinic, make_user
from tests.gateway.redis_of_its_own import redis_of_its_own

NOW = datetime(2026, 4, 24, 14, tzinfo=UTC)
WRONG = "a wrong password"


def sign_in(email: str, password: str = PASSWORD, *, address: str = "127.0.0.1", **headers: str) -> Any:
    body = {"email": email, "password": password}
    client = Client(raise_request_exception=False, REMOTE_ADDR=address)
    return client.post("/api/auth/token", body, content_type="application/json", headers=headers)


def fail(email: str, times: int, *, address: str = "127.0.0.1", **headers: str) -> list[int]:
    return [sign_in(email, WRONG, address=address, **headers).status_code for _ in range(times)]


def assert_locked(answer: Any, *, seconds: int = 900) -> None:
    assert answer.status_code == 429
    assert (answer.json()["retryAfter"], answer.headers["Retry-After"]) == (seconds, str(seconds))


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def test_five_failures_lock_even_the_right_password(clinic: Clinic) -> None:
    assert fail(clinic.agent.email, HERE) == [401] * HERE
    with changes():
        assert_locked(sign_in(clinic.agent.email))


def test_an_account_that_does_not_exist_is_locked_by_the_same_words(clinic: Clinic) -> None:
    known = [sign_in(clinic.agent.email, WRONG) for _ in range(HERE + 1)]
    unknown = [sign_in("nobody@mybcat.example", WRONG) for _ in range(HERE + 1)]

    def said(answer: Any) -> Any:
        return answer.status_code, {**answer.json(), "correlationId": ""}, answer.headers.get("Retry-After")

    assert [said(answer) for answer in known] == [said(answer) for answer in unknown]


def test_the_lock_ends_a_quarter_of_an_hour_after_the_first_failure(clinic: Clinic, _clock: Any) -> None:
    fail(clinic.agent.email, 1)
    _clock.move_to(NOW + timedelta(minutes=10))
    fail(clinic.agent.email, HERE - 1)
    assert_locked(sign_in(clinic.agent.email), seconds=300)
    _clock.move_to(NOW + timedelta(minutes=15))
    assert sign_in(clinic.agent.email).status_code == 200


def test_the_right_password_in_time_forgets_what_was_mistyped(clinic: Clinic) -> None:
    for _ in range(3):
        assert fail(clinic.agent.email, HERE - 1) == [401] * (HERE - 1)
        assert sign_in(clinic.agent.email).status_code == 200


def test_who_has_the_right_password_but_no_membership_has_not_failed() -> None:
    user = make_user()
    assert [sign_in(user.email).status_code for _ in range(HERE + 1)] == [403] * (HERE + 1)


@pytest.mark.parametrize("spelling", ["{0}", " {0} ", "{1}", "\uff33{2}"], ids=["as is", "spaces", "capitals", "wide"])
def test_every_spelling_of_an_account_is_one_account(clinic: Clinic, spelling: str) -> None:
    User.objects.filter(id=clinic.agent.id).update(email="sarah@clinic.example")
    email = "sarah@clinic.example"
    fail(spelling.format(email, email.upper(), email[1:]), HERE)
    assert_locked(sign_in(email))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP"])
def test_an_address_that_is_made_up_unlocks_nothing(clinic: Clinic, header: str) -> None:
    for number in range(HERE):
        fail(clinic.agent.email, 1, **{header: f"203.0.113.{number}"})
    assert_locked(sign_in(clinic.agent.email, **{header: "203.0.113.99"}))


class TestFromElsewhere:
    def test_the_owner_is_not_locked_out_by_one_machine(self, clinic: Clinic) -> None:
        fail(clinic.agent.email, HERE, address="203.0.113.1")
        assert_locked(sign_in(clinic.agent.email, address="203.0.113.1"))
        assert sign_in(clinic.agent.email, address="198.51.100.7").status_code == 200

    def test_many_machines_lock_the_account(self, clinic: Clinic) -> None:
        for number in range(ACCOUNT // HERE):
            assert fail(clinic.agent.email, HERE, address=f"203.0.113.{number}") == [401] * HERE
        with changes():
            assert_locked(sign_in(clinic.agent.email, address="198.51.100.7"))

    def test_many_accounts_lock_the_machine(self, clinic: Clinic) -> None:
        for number in range(ADDRESS):
            fail(f"guess{number}@mybcat.example", 1, address="203.0.113.1")
        assert_locked(sign_in(clinic.agent.email, address="203.0.113.1"))
        assert sign_in(clinic.agent.email, address="203.0.113.2").status_code == 200


def test_the_lock_stands_while_redis_hangs_and_so_does_signing_in(clinic: Clinic) -> None:
    with redis_of_its_own() as server:
        server.hang()
        assert sign_in(clinic.agent.email).status_code == 200
        fail(clinic.agent.email, HERE)
        assert_locked(sign_in(clinic.agent.email))


def test_nobody_can_read_who_failed(clinic: Clinic) -> None:
    fail(clinic.agent.email, 1)
    rows = list(FailedSignIns.objects.values_list("key", "failures"))
    assert len(rows) == 3
    assert all(len(key) == 64 and failures == 1 for key, failures in rows)


def test_what_locks_nobody_any_more_is_forgotten(clinic: Clinic, _clock: Any) -> None:
    fail(clinic.agent.email, 1)
    _clock.move_to(NOW + timedelta(minutes=10))
    fail("somebody@mybcat.example", 1)
    # The first two have ended; the address they share began with the first.
    _clock.move_to(NOW + timedelta(minutes=15))
    forget_failed_sign_ins()
    assert FailedSignIns.objects.count() == 2


class TestOperators:
    LOGIN = "/admin/login/"

    @pytest.fixture
    def operator(self) -> User:
        return make_user(is_staff=True, is_superuser=True)

    def form(self, email: str, password: str = PASSWORD) -> Any:
        client = Client(raise_request_exception=False)
        return client.post(f"{self.LOGIN}?next=/admin/", {"username": email, "password": password})

    def test_are_locked_like_everyone(self, operator: User) -> None:
        assert self.form(operator.email).status_code == 302
        assert [self.form(operator.email, WRONG).status_code for _ in range(HERE)] == [200] * HERE
        with changes():
            answer = self.form(operator.email)
        assert_locked(answer)
        assert "sessionid" not in answer.cookies

    def test_share_the_count_with_the_api(self, operator: User) -> None:
        fail(operator.email, HERE)
        assert_locked(self.form(operator.email))

    def test_that_do_not_exist_are_locked_by_the_same_words(self, operator: User) -> None:
        statuses = [self.form("nobody@mybcat.example", WRONG).status_code for _ in range(HERE + 1)]
        assert statuses == [200] * HERE + [429]

    def test_forget_what_they_mistyped(self, operator: User) -> None:
        for _ in range(3):
            for _ in range(HERE - 1):
                self.form(operator.email, WRONG)
            assert self.form(operator.email).status_code == 302


def test_the_answer_names_no_practice(clinic: Clinic) -> None:
    fail(clinic.agent.email, HERE)
    assert public("prac", clinic.practice.id) not in sign_in(clinic.agent.email).content.decode()
