"""Managers create, change, rotate and end API clients by API; each change is on record, and no secret is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.clients.models import ApiClient
from integrations.clients.scopes import CLIENT_SCOPES
from mybcat.gateway.authoriser import contexts
from mybcat.ids import internal_id, new_uuid
from mybcat.models import AuditEntry
from mybcat.principal import PERMISSIONS, Role
from mybcat.tenancy import platform_scope, practice_scope
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, Partner, ask_token, public
from tests.factories import Clinic, make_api_client, make_member
from tests.integrations.clients.conftest import MakePartner, a_manager
from tests.integrations.clients.keys import jwks

PATH = "/api/v2/api-clients"
BODY = {"name": "Recall service", "scopes": ["appointments:write", "reference:read"]}
CREATED = {
    "integrations_apiclient": 1,
    "integrations_apiclientsecret": 1,
    "mybcat_auditentry": 1,
}


def create(manager: Caller, **body: Any) -> Any:
    answer = manager.post(PATH, {**BODY, **body})
    assert answer.status_code == 201, answer.content
    return answer.json()


def acts(clinic: Clinic) -> list[tuple[str, str]]:
    """What is on record of API clients: act and client."""
    with practice_scope(clinic.practice.id):
        rows = AuditEntry.objects.filter(action__startswith="api_client.", principal_kind="member").order_by("id")
        return [(row.action.removeprefix("api_client."), row.object_ids[0]) for row in rows]


def token(made: dict[str, Any], *, secret: str | None = None) -> Any:
    return ask_token(Client(), (made["id"], secret or made["secret"]))


def test_a_client_is_created_and_its_secret_shown_once(manager: Caller, clinic: Clinic) -> None:
    with changes(**CREATED):
        made = create(manager)
    secret = made.pop("secret")
    assert secret.startswith("mybcs_") and len(secret) == 49
    assert made.pop("createdAt") and made["secrets"][0].pop("createdAt")
    assert made == {
        "id": made["id"],
        "name": "Recall service",
        "scopes": ["appointments:write", "reference:read"],
        "plan": None,
        "status": "active",
        "jwks": None,
        "secrets": [{"hint": secret[-4:], "expiresAt": None}],
        "certificates": [],
    }
    for answer in (manager.get(f"{PATH}/{made['id']}"), manager.get(PATH), manager.patch(f"{PATH}/{made['id']}", {})):
        assert answer.status_code == 200
        assert secret not in answer.content.decode()
        assert answer.headers["Cache-Control"] == "no-store"
    row = str(internal_id("appc", made["id"]))
    assert acts(clinic) == [("created", row), ("updated", row)]
    with platform_scope(reason="test"):
        stored = " ".join(map(str, ApiClient.objects.values_list("secrets__digest", "secrets__hint", "jwks")))
    assert secret not in stored


def test_clients_are_listed_by_name(manager: Caller, other_clinic: Clinic) -> None:
    make_api_client(practice=other_clinic.practice)
    for name in ("Recall", "Billing", "Analytics"):
        create(manager, name=name)
    first = manager.get(PATH, limit=2).json()
    rest = manager.get(PATH, limit=2, cursor=first["nextCursor"]).json()
    assert [each["name"] for each in first["data"] + rest["data"]] == ["Analytics", "Billing", "Recall"]
    assert rest["nextCursor"] is None


def test_a_list_costs_the_same_however_many(manager: Caller) -> None:
    costs = []
    for number in range(3):
        create(manager, name=f"Partner {number}")
        with CaptureQueriesContext(connection) as asked:
            assert len(manager.get(PATH).json()["data"]) == number + 1
        costs.append(len(asked))
    assert costs[1] == costs[2]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({**BODY, "name": ""}, {"name": ["This field may not be blank."]}),
        ({**BODY, "name": "x" * 121}, {"name": ["Ensure this field has no more than 120 characters."]}),
        ({"name": "x"}, {"scopes": ["This field is required."]}),
        ({**BODY, "scopes": []}, {"scopes": ["Ensure this field has at least 1 elements."]}),
        ({**BODY, "scopes": ["clients:manage"]}, {"scopes.0": ['"clients:manage" is not a valid choice.']}),
        ({**BODY, "scopes": ["everything"]}, {"scopes.0": ['"everything" is not a valid choice.']}),
        ({**BODY, "scopes": "patients:read"}, {"scopes": ['Expected a list of items but got type "str".']}),
        ({**BODY, "plan": "enterprise"}, {"plan": ["Unknown member"]}),
        ({**BODY, "secret": "of my own"}, {"secret": ["Unknown member"]}),
    ],
)
def test_what_is_no_client_is_refused(manager: Caller, body: Any, fields: Any) -> None:
    with changes():
        assert_invalid(manager.post(PATH, body), **fields)


def test_nobody_grants_what_they_do_not_have(manager: Caller, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    made = create(manager, scopes=["patients:read"])
    without = {"appointments:write", "patients:read"}
    left = frozenset(each for each in PERMISSIONS[Role.PRACTICE_MANAGER] if each not in without)
    monkeypatch.setitem(PERMISSIONS, Role.PRACTICE_MANAGER, left)
    sentence = "You cannot grant what you are not granted: appointments:write patients:read"
    # As in the new process of a release that grants less.
    contexts.clear()
    with changes(**REFUSED):
        refused = manager.post(PATH, {**BODY, "scopes": ["patients:read", "appointments:write", "reference:read"]})
        assert_refused(refused, status=403, code="scope_not_yours", sentence=sentence)
    # What the client has already may stay.
    kept = manager.patch(f"{PATH}/{made['id']}", {"scopes": ["patients:read", "reference:read"]})
    assert kept.json()["scopes"] == ["patients:read", "reference:read"]


def test_no_client_manages_clients(partner: Partner) -> None:
    """Not even by an operator's grace: the scope does not exist for them."""
    assert "clients:manage" not in CLIENT_SCOPES
    with changes(**REFUSED):
        refused = partner.post(PATH, BODY)
    assert_refused(refused, status=403, code="insufficient_scope", sentence="Missing scope: clients:manage")


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_managers_alone_manage_clients(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    for ask in (lambda: caller.post(PATH, BODY), lambda: caller.get(PATH)):
        with changes(**REFUSED):
            assert_forbidden(ask())


def test_v1_does_not_manage_clients(manager: Caller) -> None:
    assert manager.get("/api/v1/api-clients").status_code == 404


def test_a_change_names_what_changes(manager: Caller, clinic: Clinic) -> None:
    made = create(manager)
    changed = manager.patch(f"{PATH}/{made['id']}", {"name": "Renamed"}).json()
    assert (changed["name"], changed["scopes"]) == ("Renamed", made["scopes"])
    row = str(internal_id("appc", made["id"]))
    assert acts(clinic) == [("created", row), ("updated", row)]


def test_a_scope_that_is_taken_away_is_gone_at_once(manager: Caller, clinic: Clinic) -> None:
    made = create(manager)
    partner = Partner(made["id"], made["secret"])
    assert partner.get("/api/v2/locations").status_code == 200
    manager.patch(f"{PATH}/{made['id']}", {"scopes": ["appointments:write"]})
    assert partner.get("/api/v2/locations").status_code == 403
    # A token has what it was issued with: a scope that comes later needs another token.
    manager.patch(f"{PATH}/{made['id']}", {"scopes": ["appointments:write", "patients:read", "reference:read"]})
    assert partner.get("/api/v2/locations").status_code == 200
    assert partner.get("/api/v2/patients").status_code == 403
    partner.renew()
    assert partner.get("/api/v2/patients").status_code == 200


def test_a_rotated_secret_is_good_for_a_while(clinic: Clinic) -> None:
    with time_machine.travel(datetime(2026, 4, 24, 14, tzinfo=UTC), tick=False) as clock:
        manager = a_manager(clinic)
        made = create(manager)
        with changes(integrations_apiclientsecret=1, mybcat_auditentry=1):
            turned = manager.post(f"{PATH}/{made['id']}/rotate-secret", {"overlapSeconds": 600}).json()
        assert [each["expiresAt"] for each in turned["secrets"]] == ["2026-04-24T14:10:00+00:00", None]
        assert [token(made).status_code, token(turned).status_code] == [200, 200]
        clock.shift(599)
        assert token(made).status_code == 200
        left = manager.get(f"{PATH}/{made['id']}").json()["secrets"]
        assert [each["hint"] for each in left] == [made["secret"][-4:], turned["secret"][-4:]]
        clock.shift(1)
        assert [token(made).status_code, token(turned).status_code] == [401, 200]
        left = manager.get(f"{PATH}/{made['id']}").json()["secrets"]
        assert [each["hint"] for each in left] == [turned["secret"][-4:]]


def test_no_more_than_two_secrets_are_good(manager: Caller) -> None:
    made = create(manager)
    second = manager.post(f"{PATH}/{made['id']}/rotate-secret", {}).json()
    third = manager.post(f"{PATH}/{made['id']}/rotate-secret", {}).json()
    assert [token(each).status_code for each in (made, second, third)] == [401, 200, 200]
    # A short overlap is not made longer by rotating again, and none ends the last secret at once.
    last = manager.post(f"{PATH}/{made['id']}/rotate-secret", {"overlapSeconds": 0}).json()
    assert [token(each).status_code for each in (second, third, last)] == [401, 401, 200]


@pytest.mark.parametrize("seconds", [-1, 604_801, "soon", None])
def test_an_overlap_has_bounds(manager: Caller, seconds: Any) -> None:
    made = create(manager)
    with changes():
        answer = manager.post(f"{PATH}/{made['id']}/rotate-secret", {"overlapSeconds": seconds})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/overlapSeconds")


def test_a_revoked_client_is_out_at_once_and_for_ever(manager: Caller, clinic: Clinic) -> None:
    made = create(manager)
    partner = Partner(made["id"], made["secret"])
    assert partner.get("/api/v2/locations").status_code == 200
    with changes(integrations_apiclient=0, mybcat_auditentry=1, mybcat_epoch=1):
        assert manager.post(f"{PATH}/{made['id']}/revoke", {}).json()["status"] == "revoked"
    assert_refused(
        partner.get("/api/v2/locations"), status=401, code="unauthenticated", sentence="Invalid or expired access token"
    )
    assert token(made).status_code == 401
    with changes():
        assert manager.post(f"{PATH}/{made['id']}/revoke", {}).status_code == 200
        for again in (
            manager.patch(f"{PATH}/{made['id']}", {"name": "Back"}),
            manager.post(f"{PATH}/{made['id']}/rotate-secret", {}),
        ):
            sentence = "The client is revoked. Create another one."
            assert_refused(again, status=409, code="client_revoked", sentence=sentence)
    assert [act for act, _ in acts(clinic)] == ["created", "revoked"]


def test_an_idempotency_key_is_not_kept_with_a_secret(manager: Caller) -> None:
    """The stored answer would hold the secret in clear."""
    with changes(**CREATED):
        assert manager.post(PATH, BODY, key="a-key").status_code == 201


def test_a_client_with_keys_gets_no_secret_until_it_asks(manager: Caller) -> None:
    with changes(integrations_apiclient=1, mybcat_auditentry=1):
        made = create(manager, jwks=jwks("ES384"))
    assert (made["secret"], made["secrets"], made["jwks"]) == (None, [], jwks("ES384"))
    turned = manager.post(f"{PATH}/{made['id']}/rotate-secret", {}).json()
    assert token(turned).status_code == 200


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], 'Send {"keys": […]} with one to 5 keys'),
        ({}, 'Send {"keys": […]} with one to 5 keys'),
        ({"keys": []}, 'Send {"keys": […]} with one to 5 keys'),
        ({"keys": [{}] * 6}, 'Send {"keys": […]} with one to 5 keys'),
        ({"keys": ["x"]}, "A key is an object as RFC 7517 has it"),
        ({"keys": [{"kty": {"a": 1}}]}, "A key is an object as RFC 7517 has it"),
        ({"keys": [{"kid": ["a"], "kty": "EC"}]}, "A key is an object as RFC 7517 has it"),
        ({"keys": [{"kid": 7, "kty": "EC"}]}, "A key is an object as RFC 7517 has it"),
        ({"keys": [{"kty": "RSA", "e": "AQAB", "n": "_" * 5000}]}, "RSA keys have 2048 bits or more, up to 8192"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "This is a private key"),
        ({"keys": [{"kty": "oct"}]}, "Keys are RSA, P-256 or P-384"),
        ({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]}, "Keys are RSA, P-256 or P-384"),
        ({"keys": [{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}]}, "This is not a key"),
        ({"keys": [{"kty": "EC", "crv": "P-256"}]}, "This is not a key"),
        ({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}, "This is not a key"),
    ],
)
def test_what_is_no_public_key_is_refused(manager: Caller, given: Any, sentence: str) -> None:
    with changes():
        answer = manager.post(PATH, {**BODY, "jwks": given})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "#/jwks"
    assert error["detail"].startswith(sentence)


def test_short_private_and_twin_keys_are_refused(manager: Caller) -> None:
    short, private = jwks("RS256", bits=1024), jwks("RS384", private=True)
    twins = {"keys": jwks("ES256")["keys"] * 2}
    for given, sentence in (
        (short, "RSA keys have 2048 bits or more, up to 8192"),
        (private, "This is a private key"),
        (twins, "Give each key a kid of its own"),
    ):
        with changes():
            answer = manager.post(PATH, {**BODY, "jwks": given})
        assert answer.json()["errors"][0]["detail"].startswith(sentence)


def test_clients_of_another_practice_are_out_of_reach(
    manager: Caller, other_clinic: Clinic, partner_of: MakePartner
) -> None:
    there = partner_of(other_clinic)
    for method, path in ((manager.post, "revoke"), (manager.post, "rotate-secret")):
        with changes(mybcat_securityevent=1, mybcat_auditentry=1):
            assert_forbidden(method(f"{PATH}/{there.client_id}/{path}", {}))
    assert there.get("/api/v2/locations").status_code == 200
    with changes():
        assert_not_found(manager.get(f"{PATH}/{public('appc', new_uuid())}"))


def test_operators_may_give_a_client_a_plan_of_its_own(clinic: Clinic, manager: Caller) -> None:
    """And managers see it."""
    client, _ = make_api_client(practice=clinic.practice)
    with practice_scope(clinic.practice.id):
        ApiClient.objects.filter(id=client.id).update(plan="enterprise")
    assert manager.get(f"{PATH}/{public('appc', client.id)}").json()["plan"] == "enterprise"


def test_time_is_told_in_utc(manager: Caller) -> None:
    made = create(manager)
    assert datetime.fromisoformat(made["createdAt"]).utcoffset() == timedelta(0)
