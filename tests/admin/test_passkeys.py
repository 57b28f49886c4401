"""Passkeys: an answer to this challenge, from this origin, by this operator's own key, once."""

from typing import Any

import pytest
from django.test import Client

from mybcat.models import Passkey
from practices.models import User
from tests.admin.codes import Authenticator
from tests.admin.conftest import Trail, at_desk
from tests.factories import make_user

REGISTER, ENTER = "/admin/security/passkey/", "/admin/second-factor/passkey/"


def options(browser: Client, path: str) -> dict[str, Any]:
    answer = browser.get(path)
    assert answer.status_code == 200
    return dict(answer.json())


def send(browser: Client, path: str, body: Any) -> Any:
    return browser.post(path, body, content_type="application/json")


def registered(browser: Client, key: Authenticator) -> int:
    credential = key.create(options(browser, REGISTER))
    return int(send(browser, REGISTER, {"credential": credential, "name": "Laptop"}).status_code)


@pytest.fixture
def key(desk: Client) -> Authenticator:
    """The operator's, registered."""
    made = Authenticator()
    assert registered(desk, made) == 200
    return made


@pytest.fixture
def browser(operator: User) -> Client:
    """After the password."""
    return at_desk(operator, verified=False)


def test_a_passkey_signs_in_without_a_code(
    key: Authenticator, browser: Client, desk: Client, operator: User, trail: Trail
) -> None:
    assert "Laptop" in desk.get("/admin/security/").content.decode()
    assert "Use a passkey" in browser.get("/admin/second-factor/").content.decode()
    answer = send(browser, f"{ENTER}?next=/admin/security/", {"credential": key.get(options(browser, ENTER))})
    assert (answer.status_code, answer.json()) == (200, {"next": "/admin/security/"})
    assert browser.get("/admin/").status_code == 200
    assert [entry.action for entry in trail.entries(principal_id=operator.id)][:1] == ["admin.passkey_added"]
    assert len(trail.entries(action="admin.sign_in", outcome="success")) == 1
    stored = Passkey.objects.get()
    assert (stored.sign_count, stored.last_used_at is not None) == (1, True)


def test_a_passkey_alone_is_an_enrolment(operator: User, desk: Client, key: Authenticator, browser: Client) -> None:
    from django_otp.plugins.otp_totp.models import TOTPDevice

    TOTPDevice.objects.all().delete()
    assert browser.get("/admin/second-factor/").status_code == 200
    assert browser.get("/admin/second-factor/enrol/").status_code == 302


def test_an_answer_is_good_once(key: Authenticator, browser: Client, operator: User) -> None:
    credential = key.get(options(browser, ENTER))
    assert send(browser, ENTER, {"credential": credential}).status_code == 200
    for other in (browser, at_desk(operator, verified=False)):
        assert send(other, ENTER, {"credential": credential}).status_code == 400


def test_an_answer_to_another_session_s_challenge_is_none(key: Authenticator, browser: Client, operator: User) -> None:
    other = at_desk(operator, verified=False)
    credential = key.get(options(other, ENTER))
    options(browser, ENTER)
    assert send(browser, ENTER, {"credential": credential}).status_code == 400
    assert browser.get("/admin/").status_code == 302


def test_a_copy_of_a_key_shows_by_its_count(key: Authenticator, browser: Client, operator: User) -> None:
    assert send(browser, ENTER, {"credential": key.get(options(browser, ENTER))}).status_code == 200
    key.count = 0
    again = at_desk(operator, verified=False)
    assert send(again, ENTER, {"credential": key.get(options(again, ENTER))}).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://testserver"},
        {"host": "evil.example"},
        {"id": b"unknown"},
    ],
)
def test_what_another_site_or_key_signs_is_refused(key: Authenticator, browser: Client, change: Any) -> None:
    for name, value in change.items():
        setattr(key, name, value)
    assert send(browser, ENTER, {"credential": key.get(options(browser, ENTER))}).status_code == 400
    assert browser.get("/admin/").status_code == 302


def test_in_production_the_origin_is_https_though_the_proxy_speaks_http(desk: Client, settings: Any) -> None:
    settings.DEVELOPMENT = False
    assert registered(desk, Authenticator(origin="http://testserver")) == 400
    assert registered(desk, Authenticator(origin="https://testserver")) == 200


def test_a_key_that_did_not_ask_who_holds_it_is_refused(key: Authenticator, browser: Client) -> None:
    assert send(browser, ENTER, {"credential": key.get(options(browser, ENTER), flags=0x01)}).status_code == 400


def test_another_operator_s_key_is_refused(key: Authenticator) -> None:
    other = at_desk(make_user(is_staff=True), verified=False)
    assert send(other, ENTER, {"credential": key.get(options(other, ENTER))}).status_code == 400


def test_a_password_alone_adds_no_passkey(browser: Client, key: Authenticator) -> None:
    for method in (browser.get, browser.post):
        assert method(REGISTER)["Location"].startswith("/admin/second-factor/?")
    assert Passkey.objects.count() == 1


def test_a_key_is_registered_once(desk: Client, key: Authenticator) -> None:
    assert registered(desk, key) == 400
    assert Passkey.objects.count() == 1
    assert [each["id"] for each in options(desk, REGISTER)["excludeCredentials"]] != []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"[" * 100_000, b'{"credential":5}', b'{"credential":{}}', b'{"credential":{"rawId":"?"}}'],
)
@pytest.mark.parametrize("path", [REGISTER, ENTER])
def test_what_is_no_answer_is_refused(desk: Client, trail: Trail, path: str, body: bytes) -> None:
    desk.get(path)
    assert send(desk, path, body).status_code == 400
    assert not Passkey.objects.exists()


def test_a_passkey_is_removed(desk: Client, key: Authenticator, browser: Client) -> None:
    desk.post("/admin/security/", {"remove": Passkey.objects.get().pk})
    assert not Passkey.objects.exists()
    assert send(browser, ENTER, {"credential": key.get(options(browser, ENTER))}).status_code == 400


@pytest.mark.parametrize("wanted", ["", "x", "-1", "1" * 40])
def test_what_is_no_passkey_is_not_removed(desk: Client, key: Authenticator, wanted: str) -> None:
    assert desk.post("/admin/security/", {"remove": wanted}).status_code == 302
    assert Passkey.objects.exists()


def test_nobody_removes_another_s(key: Authenticator) -> None:
    other = at_desk(make_user(is_staff=True))
    other.post("/admin/security/", {"remove": Passkey.objects.get().pk})
    assert Passkey.objects.exists()
