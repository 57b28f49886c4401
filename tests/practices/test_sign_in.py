"""Signing in, changing practice, signing out: what each answers and what each leaves."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, SecurityEvent
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Membership, Practice, RefreshFamily, User
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found, assert_refused
from tests.api.rows import changes
from tests.callers import public
from tests.factories import PASSWORD, make_member, make_practice, make_user

SIGNED_IN = {"practices_refreshfamily": 1, "mybcat_auditentry": 1}
SIGNED_OUT = {"practices_refreshfamily": 0, "mybcat_epoch": 1, "mybcat_auditentry": 1}
CROSSED = {"mybcat_securityevent": 1, "mybcat_auditentry": 1}


@pytest.fixture
def bright_eyes() -> Practice:
    return make_practice(name="Bright Eyes Optometry", time_zone="America/New_York")


@pytest.fixture
def lakeside() -> Practice:
    return make_practice(name="Lakeside Vision", time_zone="America/Chicago")


@pytest.fixture
def sarah(bright_eyes: Practice, lakeside: Practice) -> User:
    """Agent at Lakeside, manager at Bright Eyes."""
    user = make_member(practice=lakeside, user=make_user(email="sarah@mybcat.example"))
    return make_member(practice=bright_eyes, user=user, role=Role.PRACTICE_MANAGER)


def sign_in(client: Client, *, email: Any = "sarah@mybcat.example", password: Any = PASSWORD, **body: Any) -> Any:
    sent = {"email": email, "password": password, **body}
    return client.post("/api/auth/token", sent, content_type="application/json")


def switch(client: Client, token: str, practice: str) -> Any:
    return client.post(
        "/api/auth/practice",
        {"practice": practice},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def reads(client: Client, token: str) -> Any:
    return client.get("/api/v1/locations", headers={"Authorization": f"Bearer {token}"})


def shown(practice: Practice) -> dict[str, str]:
    return {"id": public("prac", practice.id), "name": practice.name, "timeZone": practice.time_zone}


def assert_session_over(answer: Any) -> None:
    assert_refused(answer, status=401, code="unauthenticated", sentence="Invalid or expired access token")


def test_the_answer_is_a_token_for_the_first_practice_by_name(
    client: Client, sarah: User, bright_eyes: Practice, lakeside: Practice
) -> None:
    with changes(**SIGNED_IN):
        answer = sign_in(client)
    body = answer.json()
    token = body.pop("accessToken")
    assert (answer.status_code, body) == (
        200,
        {
            "tokenType": "Bearer",
            "expiresIn": 900,
            "sessionEndsIn": 12 * 3600,
            "practice": shown(bright_eyes),
            "role": "practice_manager",
            "memberships": [
                {"practice": shown(bright_eyes), "role": "practice_manager"},
                {"practice": shown(lakeside), "role": "scheduling_agent"},
            ],
        },
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert reads(client, token).status_code == 200


def test_a_practice_may_be_named(client: Client, sarah: User, lakeside: Practice) -> None:
    body = sign_in(client, practice=public("prac", lakeside.id)).json()
    assert (body["practice"], body["role"], len(body["memberships"])) == (shown(lakeside), "scheduling_agent", 2)


def test_only_active_memberships_count(client: Client, sarah: User, bright_eyes: Practice, lakeside: Practice) -> None:
    with practice_scope(bright_eyes.id):
        Membership.objects.update(is_active=False)
    body = sign_in(client).json()
    assert (body["practice"], body["memberships"]) == (
        shown(lakeside),
        [{"practice": shown(lakeside), "role": "scheduling_agent"}],
    )


@pytest.mark.parametrize("email", ["SARAH@MyBCAT.example", "  sarah@mybcat.example "])
def test_case_and_spaces_of_the_address_do_not_matter(client: Client, sarah: User, email: str) -> None:
    assert sign_in(client, email=email).status_code == 200


def test_what_is_wrong_with_the_credentials_is_not_told(client: Client, sarah: User) -> None:
    make_member(practice=make_practice(name="Gone"), user=make_user(email="gone@mybcat.example", is_active=False))
    make_user(email="nopassword@mybcat.example", password="!")
    # For each of five accounts two counts, and one for the address they share.
    with changes(mybcat_failedsignins=11):
        refusals = [
            sign_in(client, password="wrong horse battery"),
            sign_in(client, password=PASSWORD.upper()),
            sign_in(client, password=f"{PASSWORD} "),
            sign_in(client, email="nobody@mybcat.example"),
            sign_in(client, email="gone@mybcat.example"),
            sign_in(client, email="nopassword@mybcat.example"),
            sign_in(client, email="sarah@mybcat.example' --"),
        ]
    for answer in refusals:
        assert_refused(answer, status=401, code="wrong_credentials", sentence="Invalid email or password")
        assert answer.cookies == {}


def test_a_member_of_no_practice_is_refused(client: Client) -> None:
    make_user(email="sarah@mybcat.example")
    with changes():
        answer = sign_in(client)
    assert_refused(answer, status=403, code="no_membership", sentence="You are not a member of a practice")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"email": None}, {"email": ["This field may not be null."]}),
        ({"email": 7}, {"email": ["Not a valid string."]}),
        ({"email": "x" * 255}, {"email": ["Ensure this field has no more than 254 characters."]}),
        ({"password": ["x"]}, {"password": ["Not a valid string."]}),
        ({"password": ""}, {"password": ["This field may not be blank."]}),
        ({"password": "x" * 1025}, {"password": ["Ensure this field has no more than 1024 characters."]}),
        ({"practice": 7}, {"practice": ["An id is a string"]}),
        ({"remember": True}, {"remember": ["Unknown member"]}),
    ],
    ids=str,
)
def test_a_member_that_does_not_hold_what_it_must_is_named(
    client: Client, sarah: User, body: dict[str, Any], fields: dict[str, list[str]]
) -> None:
    with changes():
        answer = sign_in(client, **body)
    assert_invalid(answer, **fields)


def foreign_refused(answer: Any, user: User, at: Practice, other: Practice) -> None:
    assert_forbidden(answer)
    with practice_scope(at.id):
        event, entry = SecurityEvent.objects.get(), AuditEntry.objects.get(outcome="denied")
    assert (event.kind, event.principal_id, event.object_kind, event.object_id, event.other_practice_id) == (
        "cross_practice_access",
        user.id,
        "prac",
        other.id,
        other.id,
    )
    assert (entry.action, entry.outcome, entry.object_ids) == ("cross_practice_access", "denied", [str(other.id)])


def test_signing_in_to_another_practice_is_refused_and_on_record(
    client: Client, sarah: User, bright_eyes: Practice
) -> None:
    other = make_practice(name="Hillside Eyes")
    with changes(**CROSSED):
        answer = sign_in(client, practice=public("prac", other.id))
    foreign_refused(answer, sarah, bright_eyes, other)
    assert answer.cookies == {}


def test_a_wrong_password_tells_nothing_of_a_practice(client: Client, sarah: User) -> None:
    other = make_practice(name="Hillside Eyes")
    with changes(mybcat_failedsignins=3):
        for practice in (public("prac", other.id), public("prac", new_uuid())):
            answer = sign_in(client, password="wrong horse battery", practice=practice)
            assert_refused(answer, status=401, code="wrong_credentials", sentence="Invalid email or password")


@pytest.mark.parametrize(
    "practice",
    [public("prac", new_uuid()), "prac_x", "", public("pat", new_uuid())],
    ids=["unknown", "malformed", "empty", "a patient's"],
)
def test_a_practice_that_nobody_has_is_not_found(client: Client, sarah: User, practice: str) -> None:
    token = sign_in(client).json()["accessToken"]
    with changes():
        assert_not_found(sign_in(client, practice=practice))
        assert_not_found(switch(client, token, practice))


def test_changing_practice_gives_a_token_for_it(
    client: Client, sarah: User, bright_eyes: Practice, lakeside: Practice
) -> None:
    token = sign_in(client).json()["accessToken"]
    with changes(practices_refreshfamily=0, mybcat_auditentry=1):
        answer = switch(client, token, public("prac", lakeside.id))
    body = answer.json()
    assert (answer.status_code, body["practice"], body["role"]) == (200, shown(lakeside), "scheduling_agent")
    assert [membership["practice"] for membership in body["memberships"]] == [shown(bright_eyes), shown(lakeside)]
    assert answer.cookies == {}
    assert reads(client, body["accessToken"]).status_code == 200


def test_refreshing_stays_in_the_practice_changed_to(client: Client, sarah: User, lakeside: Practice) -> None:
    switch(client, sign_in(client).json()["accessToken"], public("prac", lakeside.id))
    assert client.post("/api/auth/refresh").json()["practice"] == shown(lakeside)


def test_changing_to_another_s_practice_is_refused_and_on_record(
    client: Client, sarah: User, lakeside: Practice
) -> None:
    other = make_practice(name="Hillside Eyes")
    token = sign_in(client, practice=public("prac", lakeside.id)).json()["accessToken"]
    with changes(**CROSSED):
        answer = switch(client, token, public("prac", other.id))
    foreign_refused(answer, sarah, lakeside, other)


def test_changing_practice_needs_a_session(client: Client, sarah: User, lakeside: Practice) -> None:
    token = sign_in(client).json()["accessToken"]
    client.post("/api/auth/logout")
    with changes():
        answer = switch(client, token, public("prac", lakeside.id))
        nobody = client.post("/api/auth/practice", {"practice": "x"}, content_type="application/json")
    assert_refused(answer, status=401, code="session_ended", sentence="Your session has ended. Sign in again.")
    assert_refused(nobody, status=401, code="unauthenticated", sentence="Authentication is required")


def test_the_cookie_alone_signs_out_and_ends_the_access_token_at_once(client: Client, sarah: User) -> None:
    token = sign_in(client).json()["accessToken"]
    with changes(**SIGNED_OUT):
        answer = client.post("/api/auth/logout")
    assert (answer.status_code, answer.content) == (204, b"")
    cookie = answer.cookies["refresh"]
    assert (cookie.value, cookie["max-age"], cookie["path"], cookie["samesite"]) == ("", 0, "/api/auth", "Strict")
    with platform_scope(reason="test"):
        family = RefreshFamily.objects.get()
    assert family.revoked_because == "logout"
    assert_session_over(reads(client, token))


def test_the_bearer_token_alone_signs_out(client: Client, sarah: User) -> None:
    token = sign_in(client).json()["accessToken"]
    elsewhere = Client(raise_request_exception=False)
    answer = elsewhere.post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204
    assert_session_over(reads(client, token))
    refreshed = client.post("/api/auth/refresh")
    assert_refused(refreshed, status=401, code="session_ended", sentence="Your session has ended. Sign in again.")


def test_an_expired_token_beside_the_cookie_hinders_nobody_from_signing_out(client: Client, sarah: User) -> None:
    signed_in = sign_in(client).json()
    headers = {"Authorization": f"Bearer {signed_in['accessToken']}"}
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=signed_in["expiresIn"] + 1), tick=False):
        stranger = Client(raise_request_exception=False)
        with changes():
            assert stranger.post("/api/auth/logout", headers=headers).status_code == 401
        kept = client.cookies["refresh"].value
        with changes(**SIGNED_OUT):
            answer = client.post("/api/auth/logout", headers=headers)
        assert (answer.status_code, answer.cookies["refresh"].value) == (204, "")
        client.cookies["refresh"] = kept
        assert client.post("/api/auth/refresh").status_code == 401


def test_signing_out_again_does_no_harm(client: Client, sarah: User) -> None:
    token = sign_in(client).json()["accessToken"]
    client.post("/api/auth/logout")
    with changes():
        answer = client.post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204


def test_other_sessions_of_the_same_user_live_on(client: Client, sarah: User) -> None:
    elsewhere = Client(raise_request_exception=False)
    sign_in(client)
    token = sign_in(elsewhere).json()["accessToken"]
    client.post("/api/auth/logout")
    assert reads(elsewhere, token).status_code == 200
    assert elsewhere.post("/api/auth/refresh").status_code == 200


@pytest.mark.parametrize("cookie", [None, "", "x", "=" * 64, "\u00e9", base64.urlsafe_b64encode(b"x" * 47).decode()])
def test_nobody_cannot_sign_out(client: Client, cookie: str | None) -> None:
    if cookie is not None:
        client.cookies["refresh"] = cookie
    with changes():
        answer = client.post("/api/auth/logout")
    assert_refused(answer, status=401, code="unauthenticated", sentence="Authentication is required")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
