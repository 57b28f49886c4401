"""Operators make API clients, give them a plan, and end them; a secret is shown once."""

import re
from typing import Any

from django.test import Client

from integrations.clients.models import ApiClient
from mybcat.ids import public_id
from mybcat.tenancy import platform_scope
from tests.admin.conftest import Trail
from tests.admin.test_actions import act
from tests.admin.test_pages import page
from tests.admin.test_practice_rows import add, errors
from tests.callers import Partner, ask_token
from tests.factories import Clinic, make_api_client

FIELDS = {"name": "Recall service", "scopes": ["appointments:read", "reference:read"], "plan": "enterprise"}


def secret_in(answer: Any) -> str:
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    (secret,) = re.findall(r"mybcs_[\w-]{43}", answer.content.decode())
    return secret


def only_client() -> ApiClient:
    with platform_scope(reason="test"):
        return ApiClient.objects.get()


def test_a_client_is_made_and_its_secret_shown_once(desk: Client, clinic: Clinic, trail: Trail) -> None:
    answer = add(desk, ApiClient, clinic.practice, **FIELDS)
    client = only_client()
    assert (client.practice_id, client.name, client.plan) == (clinic.practice.id, "Recall service", "enterprise")
    assert client.scopes == ["appointments:read", "reference:read"]
    partner = Partner(public_id("appc", client.id), secret_in(answer))
    assert partner.get("/api/v2/locations").status_code == 200
    assert "mybcs_" not in desk.get(page(ApiClient, "change", client.id)).content.decode()
    assert "mybcs_" not in str(desk.cookies)
    assert trail.actions(object_kind="appc")[:2] == ["api_client.created", "admin.apiclient.add"]


def test_what_no_client_may_have_is_no_choice(desk: Client, clinic: Clinic) -> None:
    found = errors(add(desk, ApiClient, clinic.practice, **{**FIELDS, "scopes": ["clients:manage"]}))
    assert list(found) == ["scopes"]
    with platform_scope(reason="test"):
        assert ApiClient.objects.count() == 0


def test_a_client_is_changed(desk: Client, clinic: Clinic, operator: Any, trail: Trail) -> None:
    client, _ = make_api_client(practice=clinic.practice)
    sent = {"name": "Renamed", "scopes": ["patients:read"], "plan": ""}
    assert desk.post(page(ApiClient, "change", client.id), sent).status_code == 302
    changed = only_client()
    assert (changed.name, changed.scopes, changed.plan) == ("Renamed", ["patients:read"], None)
    (entry,) = trail.entries(action="api_client.updated")
    assert (entry.principal_kind, entry.principal_id, entry.practice_id) == (
        "operator",
        operator.id,
        clinic.practice.id,
    )


def test_a_secret_is_rotated(desk: Client, clinic: Clinic) -> None:
    client, secret = make_api_client(practice=clinic.practice)
    other, _ = make_api_client(practice=clinic.practice)
    assert "Choose one client" in act(desk, "rotate_secret", client, other).content.decode()
    newer = secret_in(act(desk, "rotate_secret", client))
    for each in (str(secret), newer):
        assert ask_token(Client(), (public_id("appc", client.id), each)).status_code == 200


def test_a_revoked_client_is_out_at_once_and_stays_as_it_is(desk: Client, clinic: Clinic, trail: Trail) -> None:
    client, secret = make_api_client(practice=clinic.practice)
    partner = Partner(public_id("appc", client.id), str(secret))
    assert partner.get("/api/v2/locations").status_code == 200
    assert "1 revoked" in act(desk, "revoke", client).content.decode()
    assert partner.get("/api/v2/locations").status_code == 401
    assert "0 revoked" in act(desk, "revoke", client).content.decode()
    assert "Choose one client" in act(desk, "rotate_secret", client).content.decode()
    assert desk.post(page(ApiClient, "change", client.id), FIELDS).status_code == 403
    assert trail.actions(action="api_client.revoked") == ["api_client.revoked"]
