"""Staying signed in: refresh tokens rotate, a stolen one ends the family, other sites cannot use the cookie."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client

from mybcat.epochs import announce
from mybcat.models import SecurityEvent
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Membership, RefreshFamily, User
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, together
from tests.factories import PASSWORD, Clinic

NOW = datetime(2026, 4, 24, 14, tzinfo=UTC)
ROTATED = {"practices_refreshfamily": 0}


def browser(clinic: Clinic, *, agent: str = "Firefox") -> Client:
    """Signed in."""
    client = Client(raise_request_exception=False, headers={"User-Agent": agent})
    body = {"email": clinic.agent.email, "password": PASSWORD}
    assert client.post("/api/auth/token", body, content_type="application/json").status_code == 200
    return client


def refresh(client: Client, *, token: str | None = None, **headers: str) -> Any:
    if token is not None:
        client.cookies["refresh"] = token
    return client.post("/api/auth/refresh", headers=headers)


def held(client: Client) -> str:
    """The refresh token that the browser has."""
    return client.cookies["refresh"].value


def works(client: Client, access: str) -> bool:
    status = client.get("/api/v1/locations", headers={"Authorization": f"Bearer {access}"}).status_code
    assert status in (200, 401)
    return status == 200


def assert_ended(answer: Any) -> None:
    assert_refused(answer, status=401, code="session_ended", sentence="Your session has ended. Sign in again.")
    assert answer.cookies == {}


def the_family() -> RefreshFamily:
    with platform_scope(reason="test"):
        return RefreshFamily.objects.get()


def test_a_refresh_gives_the_next_pair(clinic: Clinic) -> None:
    client = browser(clinic)
    first = held(client)
    with changes(**ROTATED):
        answer = refresh(client)
    body = answer.json()
    assert answer.status_code == 200
    members = {"accessToken", "tokenType", "expiresIn", "sessionEndsIn", "practice", "role", "memberships"}
    assert set(body) == members
    # A refresh does not put it off.
    assert body["sessionEndsIn"] <= 12 * 3600
    assert held(client) != first
    assert works(client, body["accessToken"])
    assert refresh(client).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(clinic: Clinic) -> None:
    client = browser(clinic)
    for cookie in (client.cookies["refresh"], refresh(client).cookies["refresh"]):
        assert {name: value for name, value in cookie.items() if value not in ("", None)} == {
            "expires": cookie["expires"],
            "path": "/api/auth",
            "max-age": 43_200,
            "httponly": True,
            "samesite": "Strict",
        }


def test_in_production_the_cookie_is_bound_to_the_host_and_to_https(clinic: Clinic, settings: LazySettings) -> None:
    settings.DEVELOPMENT = False
    client = browser(clinic)
    cookie = client.cookies["__Host-refresh"]
    assert {name: value for name, value in cookie.items() if value not in ("", None)} == {
        "expires": cookie["expires"],
        "path": "/",
        "max-age": 43_200,
        "secure": True,
        "httponly": True,
        "samesite": "Strict",
    }
    assert refresh(client).status_code == 200
    assert client.post("/api/auth/logout").cookies["__Host-refresh"]["path"] == "/"


def test_the_token_itself_is_not_kept(clinic: Clinic) -> None:
    token = held(browser(clinic)).encode()
    family = the_family()
    assert token not in bytes(family.current)
    assert len(bytes(family.current)) == 32


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=9, microseconds=999_999)])
def test_a_repeated_refresh_gets_the_same_successor(clinic: Clinic, late: timedelta) -> None:
    with time_machine.travel(NOW, tick=False):
        client = browser(clinic)
        first = held(client)
        refresh(client)
        second = held(client)
    with time_machine.travel(NOW + late, tick=False), changes():
        again = refresh(client, token=first)
        assert (again.status_code, held(client)) == (200, second)
        assert works(client, again.json()["accessToken"])


@pytest.mark.parametrize(
    ("late", "agent"),
    [(timedelta(seconds=10), "Firefox"), (timedelta(days=0), "curl/8"), (timedelta(minutes=20), "Firefox")],
    ids=["10 s later", "another client", "20 min later"],
)
def test_a_stolen_token_ends_the_family(clinic: Clinic, late: timedelta, agent: str) -> None:
    with time_machine.travel(NOW, tick=False):
        client = browser(clinic)
        stolen = held(client)
        access = refresh(client).json()["accessToken"]
    thief = Client(raise_request_exception=False, headers={"User-Agent": agent})
    with time_machine.travel(NOW + late, tick=False):
        with changes(practices_refreshfamily=0, mybcat_securityevent=1, mybcat_epoch=1):
            assert_ended(refresh(thief, token=stolen))
        assert not works(client, access)
        with changes():
            assert_ended(refresh(client))
            assert_ended(refresh(thief, token=stolen))
    assert the_family().revoked_because == "reuse"
    with practice_scope(clinic.practice.id):
        event = SecurityEvent.objects.get()
    assert (event.kind, event.principal_id, event.at, event.address) == (
        "refresh_token_reused",
        clinic.agent.id,
        NOW + late,
        "127.0.0.1",
    )


def test_a_token_two_turns_old_ends_the_family_at_once(clinic: Clinic) -> None:
    client = browser(clinic)
    oldest = held(client)
    refresh(client)
    refresh(client)
    assert_ended(refresh(client, token=oldest))
    assert the_family().revoked_because == "reuse"


def test_eight_refreshes_at_once_with_one_token_agree(clinic: Clinic) -> None:
    token = held(browser(clinic))
    clients = [Client(raise_request_exception=False, headers={"User-Agent": "Firefox"}) for _ in range(8)]
    answers = together(8, lambda number: refresh(clients[number], token=token))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({held(client) for client in clients}) == 1
    assert all(works(clients[0], answer.json()["accessToken"]) for answer in answers)
    assert the_family().revoked_at is None
    assert refresh(clients[0]).status_code == 200


@pytest.mark.parametrize(
    ("idle", "status"), [(timedelta(minutes=30, microseconds=-1), 200), (timedelta(minutes=30), 401)]
)
def test_a_session_ends_after_30_idle_minutes(clinic: Clinic, idle: timedelta, status: int) -> None:
    with time_machine.travel(NOW, tick=False):
        client = browser(clinic)
    with time_machine.travel(NOW + idle, tick=False):
        assert refresh(client).status_code == status


def test_a_session_ends_after_12_hours_however_busy(clinic: Clinic) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = browser(clinic)
        for turn in range(1, 25):
            clock.move_to(NOW + turn * timedelta(minutes=29))
            assert refresh(client).status_code == 200
        clock.move_to(NOW + timedelta(hours=12, seconds=-1))
        assert refresh(client).status_code == 200
        clock.move_to(NOW + timedelta(hours=12))
        with changes():
            assert_ended(refresh(client))


def test_a_changed_password_ends_the_session(clinic: Clinic) -> None:
    client = browser(clinic)
    clinic.agent.set_password("another horse battery")
    clinic.agent.save()
    with changes():
        assert_ended(refresh(client))


@pytest.mark.parametrize("because", ["the user is disabled", "the user is deleted", "the member has left"])
def test_who_is_gone_is_out_at_the_next_request(clinic: Clinic, because: str) -> None:
    client = browser(clinic)
    access = refresh(client).json()["accessToken"]
    assert works(client, access)
    with practice_scope(clinic.practice.id):
        if because == "the member has left":
            Membership.objects.filter(user=clinic.agent).update(is_active=False)
        elif because == "the user is disabled":
            User.objects.filter(id=clinic.agent.id).update(is_active=False)
        else:
            clinic.agent.delete()
    announce()
    with changes():
        assert not works(client, access)
        assert_ended(refresh(client))


def test_a_new_role_holds_at_the_next_request(clinic: Clinic) -> None:
    client = browser(clinic)
    access = refresh(client).json()["accessToken"]
    with practice_scope(clinic.practice.id):
        Membership.objects.update(role="practitioner")
    announce()
    with changes(**REFUSED):
        answer = client.post(
            "/api/v1/patients",
            {"firstName": "A", "lastName": "B", "dateOfBirth": "1990-01-01"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {access}"},
        )
    assert_forbidden(answer)


def test_what_is_no_refresh_token_is_refused(clinic: Clinic) -> None:
    real = held(browser(clinic))
    client = Client(raise_request_exception=False)
    forged = [real[:-2] + ("AA" if real[-2:] != "AA" else "BB"), real[:-1], real + "AAAA", "A" * 64, "", "x", "%00"]
    with changes():
        assert_ended(refresh(client))
        for token in forged:
            assert_ended(refresh(client, token=token))


def test_who_knows_a_session_s_id_cannot_end_it(clinic: Clinic) -> None:
    """The id is the `sid` of every access token, so it is no secret."""
    agent = Caller(clinic.agent, clinic.practice, password=PASSWORD)
    session = UUID(jwt.decode(agent.token, options={"verify_signature": False})["sid"])
    forged = urlsafe_b64encode(session.bytes + bytes(32)).decode()
    stranger = Client(raise_request_exception=False)
    with changes():
        assert_ended(refresh(stranger, token=forged))
        stranger.cookies["refresh"] = forged
        assert stranger.post("/api/auth/logout").status_code == 401
    assert agent.get("/api/v1/locations").status_code == 200


def test_signing_out_ends_the_session_of_the_cookie_and_that_of_the_token(clinic: Clinic) -> None:
    signed_out = browser(clinic)
    old = held(signed_out)
    assert signed_out.post("/api/auth/logout").status_code == 204
    agent = Caller(clinic.agent, clinic.practice, password=PASSWORD)
    agent.http.cookies["refresh"] = old
    assert agent.http.post("/api/auth/logout", headers=agent.headers).status_code == 204
    assert agent.get("/api/v1/locations").status_code == 401


def test_a_changed_password_ends_access_tokens_too(clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice, password=PASSWORD)
    clinic.agent.set_password("another good password")
    clinic.agent.save()
    assert agent.get("/api/v1/locations").status_code == 401


@pytest.mark.parametrize("path", ["appointments", "patients"])
def test_who_has_signed_out_is_told_so_when_sending_a_key(clinic: Clinic, path: str) -> None:
    agent = Caller(clinic.agent, clinic.practice, password=PASSWORD)
    agent.http.post("/api/auth/logout")
    with changes():
        answer = agent.post(f"/api/v1/{path}", {}, key="after-the-end")
    assert (answer.status_code, answer.json()["error"]) == (401, "Invalid or expired access token")


CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "anything"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "http://evil-testserver"},
    {"Origin": "http://testserver:8443"},
    {"Origin": "http://testserver@evil.example"},
    {"Origin": "http://["},
    {"Origin": "http://testserver]"},
    {"Origin": "https://[x]"},
    {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
]
SAME_SITE = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://testserver"},
    {"Origin": "https://app.mybcat.example"},
]


@pytest.mark.parametrize("address", ["refresh", "logout"])
def test_a_page_of_another_site_cannot_use_the_cookie(clinic: Clinic, address: str) -> None:
    client = browser(clinic)
    with changes():
        for headers in CROSS_SITE:
            answer = client.post(f"/api/auth/{address}", headers=headers)
            assert_forbidden(answer)
            assert answer.cookies == {}


@pytest.mark.parametrize("address", ["refresh", "logout"])
def test_our_own_pages_can(clinic: Clinic, settings: LazySettings, address: str) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://app.mybcat.example"]
    answers = [browser(clinic).post(f"/api/auth/{address}", headers=headers) for headers in SAME_SITE]
    expected = {"refresh": 200, "logout": 204}[address]
    assert [answer.status_code for answer in answers] == [expected] * len(SAME_SITE)
