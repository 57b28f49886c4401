"""A bound client gets tokens, and is heard, over connections that show one of its certificates (RFC 8705)."""

import json
from base64 import b64encode, urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from appointments.places.views import Locations
from integrations.clients.models import ApiClientCertificate
from mybcat.gateway import limits
from mybcat.gateway.certificates import thumbprint
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_refused
from tests.api.rows import BOOKED, changes
from tests.callers import Caller, Partner, ask_token, public, together
from tests.certificates import Authority, Issued, authority, issued
from tests.factories import Clinic, make_api_client
from tests.integrations.clients.conftest import a_manager
from tests.mybcat.processes import Valkey

SECRET = "s" * 40
PATH = "/api/v2/api-clients"


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Any) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    settings.PROXY_SECRET = SECRET


def over(certificate: Issued | None) -> dict[str, str]:
    """What the proxy adds to a request that came over a connection with this certificate."""
    shown = {"HTTP_CLIENT_CERT": f":{b64encode(certificate.der).decode()}:"} if certificate else {}
    return {"HTTP_X_PROXY_SECRET": SECRET, **shown}


class Bound:
    """A client that a manager has bound to a certificate."""

    def __init__(self, clinic: Clinic, manager: Caller) -> None:
        client, secret = make_api_client(practice=clinic.practice)
        self.row, self.id, self.secret, self.manager = client, public("appc", client.id), str(secret), manager
        self.bind(issued("partner"))

    def bind(self, certificate: Issued) -> Any:
        return self.manager.post(f"{PATH}/{self.id}/certificates", {"certificate": certificate.pem})

    def unbind(self, certificate: Issued) -> Any:
        sent = {"thumbprint": thumbprint(certificate.certificate)}
        return self.manager.post(f"{PATH}/{self.id}/certificates/revoke", sent)

    def token(self, certificate: Issued | None) -> Any:
        return ask_token(Client(**over(certificate)), (self.id, self.secret))

    def calling(self, token: str, certificate: Issued | None) -> Any:
        http = Client(raise_request_exception=False, **over(certificate))
        return http.get("/api/v2/locations", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def bound(clinic: Clinic, manager: Caller) -> Bound:
    return Bound(clinic, manager)


def assert_shut_out(answer: Any) -> None:
    assert_refused(answer, status=401, code="unauthenticated", sentence="Invalid or expired access token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_bound_client_needs_its_certificate_for_a_token(bound: Bound) -> None:
    with changes(mybcat_failedsignins=3):
        for other in (None, issued("next"), Authority("Elsewhere").issue("partner")):
            refused = bound.token(other)
            assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    answer = bound.token(issued("partner"))
    assert answer.status_code == 200
    payload = json.loads(urlsafe_b64decode(answer.json()["access_token"].split(".")[1] + "=="))
    assert payload["cnf"] == {"x5t#S256": thumbprint(issued("partner").certificate)}


def test_a_bound_token_is_worth_nothing_without_its_certificate(bound: Bound) -> None:
    token = bound.token(issued("partner")).json()["access_token"]
    assert bound.calling(token, issued("partner")).status_code == 200
    with changes():
        assert_shut_out(bound.calling(token, None))
        assert_shut_out(bound.calling(token, issued("next")))
        # Straight to us, as a thief inside the network would come.
        assert_shut_out(Client().get("/api/v2/locations", headers={"Authorization": f"Bearer {token}"}))
        spoofed = Client().get(
            "/api/v2/locations",
            headers={"Authorization": f"Bearer {token}", "Client-Cert": over(issued("partner"))["HTTP_CLIENT_CERT"]},
        )
    assert spoofed.status_code == 400


def test_no_cache_keeps_what_a_certificate_was_needed_for(bound: Bound, clinic: Clinic) -> None:
    token = bound.token(issued("partner")).json()["access_token"]
    answer = bound.calling(token, issued("partner"))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    # Negative control: reference data is else for the caller's own cache to ask again about.
    agent = Caller(clinic.agent, clinic.practice)
    assert agent.get("/api/v2/locations").headers["Cache-Control"] == "private, no-cache"


def test_two_certificates_overlap_and_each_token_keeps_its_own(bound: Bound) -> None:
    assert bound.bind(issued("next")).status_code == 201
    old, new = (bound.token(issued(name)).json()["access_token"] for name in ("partner", "next"))
    assert bound.calling(old, issued("partner")).status_code == 200
    assert bound.calling(new, issued("next")).status_code == 200
    assert_shut_out(bound.calling(old, issued("next")))
    assert_shut_out(bound.calling(new, issued("partner")))


def test_a_third_must_wait(bound: Bound) -> None:
    bound.bind(issued("next"))
    with changes():
        sentence = "The client has two certificates in force. Revoke one first."
        refused = bound.bind(issued("third"))
        assert_refused(refused, status=409, code="too_many_certificates", sentence=sentence)
    assert bound.unbind(issued("partner")).status_code == 200
    assert bound.bind(issued("third")).status_code == 201


def test_of_five_bound_at_once_two_are_in_force(clinic: Clinic, manager: Caller) -> None:
    client, _ = make_api_client(practice=clinic.practice)
    several = [authority().issue(f"number {number}").pem for number in range(5)]
    path = f"{PATH}/{public('appc', client.id)}/certificates"
    answers = together(5, lambda number: manager.post(path, {"certificate": several[number]}))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409]


def test_a_revoked_certificate_is_out_at_once(bound: Bound) -> None:
    token = bound.token(issued("partner")).json()["access_token"]
    assert bound.calling(token, issued("partner")).status_code == 200
    with changes(integrations_apiclientcertificate=0, mybcat_auditentry=1, mybcat_epoch=0):
        (shown,) = bound.unbind(issued("partner")).json()["certificates"]
    assert shown["revokedAt"] is not None
    assert_shut_out(bound.calling(token, issued("partner")))
    assert bound.token(issued("partner")).status_code == 401
    # Still bound: without a certificate nothing is gained.
    assert bound.token(None).status_code == 401
    with changes():
        assert bound.unbind(issued("partner")).status_code == 200
        sentence = "This certificate was revoked. Have a new one issued."
        again = bound.bind(issued("partner"))
        assert_refused(again, status=409, code="certificate_revoked", sentence=sentence)
        assert bound.unbind(issued("never bound")).status_code == 404


def test_a_token_from_before_the_binding_is_worth_nothing(clinic: Clinic, manager: Caller) -> None:
    client, secret = make_api_client(practice=clinic.practice)
    partner = Partner(public("appc", client.id), str(secret))
    assert partner.get("/api/v2/locations").status_code == 200
    manager.post(f"{PATH}/{partner.client_id}/certificates", {"certificate": issued("partner").pem})
    assert_shut_out(partner.get("/api/v2/locations"))
    http = Client(**over(issued("partner")))
    assert_shut_out(http.get("/api/v2/locations", headers=partner.headers))


def test_a_certificate_ends_with_its_time(clinic: Clinic) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        bound = Bound(clinic, a_manager(clinic))
        short = authority().issue("short", days=1 + 60 / 86_400)
        bound.bind(short)
        token = bound.token(short).json()["access_token"]
        clock.shift(59)
        assert bound.calling(token, short).status_code == 200
        clock.shift(1)
        assert bound.calling(token, short).status_code == 403
        with practice_scope(clinic.practice.id):
            # Nor if the proxy were to let it through.
            assert ApiClientCertificate.objects.filter(not_after__lte=datetime.now(UTC)).count() == 1
        # It counts no longer: its successor has a place.
        assert bound.bind(issued("next")).status_code == 201


def test_a_client_without_certificates_may_show_one(clinic: Clinic) -> None:
    client, secret = make_api_client(practice=clinic.practice)
    http = Client(**over(issued("partner")))
    answer = ask_token(http, (public("appc", client.id), str(secret)))
    payload = json.loads(urlsafe_b64decode(answer.json()["access_token"].split(".")[1] + "=="))
    assert "cnf" not in payload
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert Client().get("/api/v2/locations", headers=headers).status_code == 200


def test_a_bound_client_books(bound: Bound, clinic: Clinic) -> None:
    partner = Partner.__new__(Partner)
    partner.http = Client(**over(issued("partner")))
    partner.headers = {"Authorization": f"Bearer {bound.token(issued('partner')).json()['access_token']}"}
    with changes(**BOOKED):
        assert partner.book(clinic).status_code == 201


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "x",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        issued("partner").pem_with_key.split("-----BEGIN CERTIFICATE")[0],
        thumbprint(issued("partner").certificate),
    ],
    ids=["empty", "text", "no DER", "key alone", "thumbprint"],
)
def test_what_is_no_certificate_binds_nobody(clinic: Clinic, manager: Caller, pem: str) -> None:
    client, _ = make_api_client(practice=clinic.practice)
    with changes():
        answer = manager.post(f"{PATH}/{public('appc', client.id)}/certificates", {"certificate": pem})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/certificate")


def test_a_certificate_of_the_past_binds_nobody(bound: Bound) -> None:
    past = authority().issue("past", valid_from=datetime(2026, 1, 1, tzinfo=UTC), days=10)
    with changes():
        answer = bound.bind(past)
    assert answer.json()["errors"] == [{"detail": "The certificate has expired", "pointer": "#/certificate"}]


def test_what_is_shown_of_a_certificate(bound: Bound) -> None:
    (shown,) = bound.manager.get(f"{PATH}/{bound.id}").json()["certificates"]
    assert shown == {
        "thumbprint": thumbprint(issued("partner").certificate),
        "subject": "CN=partner",
        "notAfter": issued("partner").certificate.not_valid_after_utc.isoformat(),
        "revokedAt": None,
    }


def test_a_certificate_has_five_hundred_requests_a_minute_and_failures_of_ours_are_not_counted(
    bound: Bound, settings: Any, own_redis: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all clients that come with it: 500 would take five operations, so the limit is made smaller."""
    settings.RATE_LIMIT_FACTOR = 1
    monkeypatch.setattr(limits, "PER_CERTIFICATE", 6)
    token = bound.token(issued("partner")).json()["access_token"]

    def used() -> int:
        (key,) = own_redis.client.keys("mybcat:limit:certificate:*")
        return int(own_redis.client.get(key))  # type: ignore[arg-type]

    def statuses(count: int) -> list[int]:
        return [bound.calling(token, issued("partner")).status_code for _ in range(count)]

    assert limits.MINUTE == 60
    assert (statuses(2), used()) == ([200] * 2, 2)
    with monkeypatch.context() as broken:
        broken.setattr(Locations, "get", lambda *_: 1 // 0)
        assert (statuses(3), used()) == ([500] * 3, 2)
    assert (statuses(5), used()) == ([200] * 4 + [429], 6)
    answer = bound.calling(token, issued("partner"))
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert '"certificate";q=6;w=60' in answer.headers["RateLimit-Policy"]


def test_the_limit_of_a_certificate_is_the_contract_s() -> None:
    assert limits.PER_CERTIFICATE == 500
