"""The second factor: forced at the first sign-in, each code good once, never a way around it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from mybcat.operators import second_factor
from practices.models import User
from tests.admin.codes import code_of
from tests.admin.conftest import Trail, at_desk
from tests.admin.test_pages import page
from tests.callers import together
from tests.factories import PASSWORD, make_user

ENROL, VERIFY = "/admin/second-factor/enrol/", "/admin/second-factor/"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """Stands still, so that a code lasts as long as a test."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def secret(operator: User) -> str:
    return second_factor.secret_of(TOTPDevice.objects.get(user=operator, confirmed=True))


def enrolled(operator: User) -> tuple[Client, list[str]]:
    """The browser of an operator who has just enrolled, and the recovery codes that it showed."""
    browser = at_desk(operator, verified=False)
    shown = browser.get(VERIFY, follow=True)
    answer = browser.post(ENROL, {"code": code_of(shown.context["secret"])})
    assert answer.status_code == 200
    return browser, answer.context["codes"]


def test_the_first_sign_in_leads_through_enrolment(client: Client, operator: User, trail: Trail) -> None:
    wanted = "/admin/patients/patient/"
    client.post("/admin/login/", {"username": operator.email, "password": PASSWORD, "next": wanted})
    shown = client.get(f"{VERIFY}?next={wanted}", follow=True)
    assert shown.redirect_chain == [(f"{ENROL}?next=%2Fadmin%2Fpatients%2Fpatient%2F", 302)]
    assert "<svg" in shown.content.decode()
    assert client.get(wanted).status_code == 302

    assert "not the present code" in client.post(ENROL, {"code": "000000"}).content.decode()
    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        answer = client.post(ENROL, {"code": code_of(shown.context["secret"]), "next": wanted})
    assert len(answer.context["codes"]) == 10
    assert f'href="{wanted}"' in answer.content.decode()
    assert client.get(wanted).status_code == 200
    assert trail.actions(principal_id=operator.id)[0] == "admin.enrol"


def test_recovery_codes_are_kept_as_digests_and_shown_once(operator: User) -> None:
    browser, codes = enrolled(operator)
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert len(stored) == 10
    assert not stored & {code.replace("-", "") for code in codes}
    assert codes[0] not in browser.get("/admin/security/").content.decode()


def test_a_code_signs_in_once(operator: User, trail: Trail) -> None:
    enrolled(operator)
    browser, other = at_desk(operator, verified=False), at_desk(operator, verified=False)
    # Used at enrolment already.
    assert browser.post(VERIFY, {"code": code_of(secret(operator))}).status_code == 200
    assert browser.get("/admin/").status_code == 302
    fresh = code_of(secret(operator), steps=1)
    with time_machine.travel(NOON + timedelta(seconds=31), tick=False):
        answer = browser.post(VERIFY, {"code": fresh, "next": "/admin/security/"})
        assert (answer.status_code, answer["Location"]) == (302, "/admin/security/")
        assert browser.get("/admin/").status_code == 200
        assert other.post(VERIFY, {"code": fresh}).status_code == 200
        assert other.get("/admin/").status_code == 302
    assert [entry.outcome for entry in trail.entries(action="admin.second_factor")] == ["denied", "denied"]
    assert len(trail.entries(action="admin.sign_in")) == 1


def test_a_code_that_is_sent_by_many_at_once_lets_in_one(operator: User) -> None:
    _, codes = enrolled(operator)
    for code in (code_of(secret(operator), steps=1), codes[0]):
        accepted = together(6, lambda _, code=code: second_factor.verify(operator, code=code))
        assert sum(device is not None for device in accepted) == 1


def test_a_recovery_code_signs_in_once(operator: User) -> None:
    _, codes = enrolled(operator)
    statuses = [
        at_desk(operator, verified=False).post(VERIFY, {"code": written}).status_code
        for written in (codes[3].upper(), codes[3], codes[4].replace("-", " "))
    ]
    # The second is wrong by now, and so makes the third wait.
    assert statuses == [302, 200, 200]
    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        assert at_desk(operator, verified=False).post(VERIFY, {"code": codes[4]}).status_code == 302
    assert second_factor.recovery_codes_left(operator) == 8


def test_guessing_waits_longer_each_time(operator: User) -> None:
    enrolled(operator)
    browser = at_desk(operator, verified=False)
    right = code_of(secret(operator), steps=1)
    for _ in range(20):
        browser.post(VERIFY, {"code": "000000"})
    with time_machine.travel(NOON + timedelta(seconds=0.5), tick=False):
        assert browser.post(VERIFY, {"code": right}).status_code == 200
    device = TOTPDevice.objects.get(user=operator)
    # While it waits nothing is even tried, so one failure is all that twenty guesses at one moment are worth.
    assert device.throttling_failure_count == 1


def test_another_s_code_is_no_code(operator: User) -> None:
    _, theirs = enrolled(make_user(email="other@mybcat.example", is_staff=True))
    enrolled(operator)
    assert second_factor.verify(operator, code=theirs[0]) is None


def test_a_password_alone_enrols_no_second_authenticator(operator: User) -> None:
    enrolled(operator)
    before = secret(operator)
    browser = at_desk(operator, verified=False)
    pending = second_factor.pending_totp(operator)
    for answer in (browser.get(ENROL), browser.post(ENROL, {"code": code_of(second_factor.secret_of(pending))})):
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, VERIFY)
    assert secret(operator) == before


def test_two_tabs_enrol_one_authenticator(operator: User) -> None:
    made = together(4, lambda _: second_factor.pending_totp(operator))
    first = second_factor.pending_totp(operator)
    assert first in made
    assert second_factor.confirm_totp(operator, code=code_of(second_factor.secret_of(first))) == first
    assert list(TOTPDevice.objects.all()) == [first]
    assert [len(codes) for codes in together(4, lambda _: second_factor.new_recovery_codes(operator))] == [10] * 4
    assert len(second_factor.new_recovery_codes(operator)) == second_factor.recovery_codes_left(operator) == 10


def test_another_phone_replaces_the_first(operator: User) -> None:
    browser, codes = enrolled(operator)
    before = secret(operator)
    shown = browser.get(ENROL)
    answer = browser.post(ENROL, {"code": code_of(shown.context["secret"])})
    assert set(answer.context["codes"]) & set(codes) == set()
    assert secret(operator) == shown.context["secret"] != before
    assert browser.get("/admin/").status_code == 200


def test_a_session_ends_after_a_quarter_of_an_hour_without_a_request(operator: User) -> None:
    browser, _ = enrolled(operator)
    for minutes in (14, 28, 42):
        with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
            assert browser.get("/admin/").status_code == 200
    with time_machine.travel(NOON + timedelta(minutes=42 + 15), tick=False):
        # The cookie's age is the browser's business: the server does not know the session any more.
        browser.cookies["sessionid"]["max-age"] = ""
        assert browser.get("/admin/").status_code == 302


def test_requests_elsewhere_do_not_prolong_a_session(operator: User) -> None:
    """A browser keeps the cookie to itself there."""
    browser, _ = enrolled(operator)
    cookie = browser.cookies["sessionid"]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/admin/", "Strict", True)
    assert cookie["max-age"] == 15 * 60


def test_a_session_ends_after_twelve_hours_whatever_is_done_in_it(operator: User) -> None:
    browser, _ = enrolled(operator)
    steps = [timedelta(minutes=10 * number) for number in range(1, 72)]
    for step in steps:
        with time_machine.travel(NOON + step, tick=False):
            assert browser.get("/admin/jsi18n/").status_code == 200
    with time_machine.travel(NOON + timedelta(hours=12), tick=False):
        assert browser.get("/admin/").status_code == 302
        assert browser.get(VERIFY)["Location"].startswith("/admin/login/")


def test_the_session_key_changes_with_the_second_factor(operator: User) -> None:
    browser = at_desk(operator, verified=False)
    known = browser.cookies["sessionid"].value
    browser.post(ENROL, {"code": code_of(browser.get(ENROL).context["secret"])})
    assert browser.cookies["sessionid"].value != known


def test_what_one_signs_in_with_is_changed_only_after_a_fresh_second_factor(operator: User) -> None:
    browser, codes = enrolled(operator)
    assert browser.get("/admin/security/").status_code == 200
    with time_machine.travel(NOON + timedelta(minutes=11), tick=False):
        assert browser.get("/admin/").status_code == 200
        for method in (browser.get, browser.post):
            assert method("/admin/security/")["Location"] == f"{VERIFY}?next=%2Fadmin%2Fsecurity%2F"
        browser.post(VERIFY, {"code": codes[0]})
        answer = browser.post("/admin/security/", {"recovery": "new"})
        assert len(answer.context["codes"]) == 10
    assert second_factor.verify(operator, code=codes[1]) is None


def test_a_superuser_helps_who_has_lost_everything(operator: User, desk: Client, trail: Trail) -> None:
    other = make_user(email="other@mybcat.example", is_staff=True)
    browser, _ = enrolled(other)
    sent = {"action": "reset_second_factor", "_selected_action": [str(other.pk), str(operator.pk)]}
    assert desk.post(page(User, "changelist"), sent).status_code == 302
    assert not second_factor.is_enrolled(other)
    # At once, and not for oneself.
    assert browser.get("/admin/").status_code == 302
    assert second_factor.is_enrolled(operator)
    (entry,) = trail.entries(action="admin.user.reset_second_factor")
    assert entry.object_ids == [str(other.pk)]


def test_no_other_operator_resets(operator: User) -> None:
    enrolled(operator)
    plain = at_desk(make_user(is_staff=True))
    plain.post(page(User, "changelist"), {"action": "reset_second_factor", "_selected_action": [str(operator.pk)]})
    assert second_factor.is_enrolled(operator)


def test_secrets_have_no_page(desk: Client) -> None:
    for path in ("/admin/otp_totp/", "/admin/otp_totp/totpdevice/", "/admin/otp_static/staticdevice/"):
        assert desk.get(path).status_code == 404


def test_in_development_a_code_can_be_had_without_a_phone(operator: User, settings: Any, capsys: Any) -> None:
    settings.DEVELOPMENT = True
    for _ in range(2):
        call_command("operator_code")
        browser = at_desk(operator, verified=False)
        assert browser.post(VERIFY, {"code": capsys.readouterr().out.strip()}).status_code == 302
        assert browser.get("/admin/").status_code == 200


def test_in_production_it_cannot(operator: User, settings: Any) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="Only with MYBCAT_DEVELOPMENT"):
        call_command("operator_code")
    assert not TOTPDevice.objects.exists()


def test_the_qr_code_needs_no_inline_style(operator: User) -> None:
    page = at_desk(operator, verified=False).get(ENROL)
    drawn = page.context["qr_code"]
    assert drawn.startswith("<svg")
    assert "style" not in drawn
    assert drawn in page.content.decode()
