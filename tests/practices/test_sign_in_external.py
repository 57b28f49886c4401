"""Tokens of an external issuer, such as Cognito: verified with the keys it publishes, for users it knows by `sub`."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from django.conf import LazySettings
from django.test import Client

from mybcat.gateway.tokens import external_backend
from mybcat.tenancy import practice_scope
from practices.models import Membership, User
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import PASSWORD, Clinic

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool"
SUBJECT = "us-east-1:7c1c6e0a-subject"
# Claims that do not hold; None is one that is missing.
WRONG: list[dict[str, Any]] = [
    {"sub": "somebody-else"},
    {"sub": ""},
    {"sub": None},
    {"aud": "another-app"},
    {"iss": f"{ISSUER}x"},
    {"iss": "mybcat"},
    {"exp": 1},
    {"exp": None},
    {"custom:practice_id": "11111111-1111-7111-8111-111111111111"},
    {"custom:practice_id": "Bright Eyes Optometry"},
    {"custom:practice_id": "prac_x"},
    {"custom:practice_id": ["x"]},
    {"custom:practice_id": None},
]


@pytest.fixture(scope="module")
def issuer_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def jwks_url(issuer_key: RSAPrivateKey) -> Iterator[str]:
    """A server that publishes the issuer's key."""
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(issuer_key.public_key(), as_dict=True)
    document = orjson.dumps({"keys": [{**jwk, "kid": "pool-key", "use": "sig", "alg": "RS256"}]})

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *args: Any) -> None:
            """Nothing to say."""

    with HTTPServer(("127.0.0.1", 0), Keys) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()
        thread.join()


@pytest.fixture
def trusted(settings: LazySettings, jwks_url: str) -> Iterator[None]:
    """As JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URL set it."""
    settings.EXTERNAL_JWT = {"issuer": ISSUER, "audience": "our-app", "jwks_url": jwks_url}
    external_backend.cache_clear()
    yield
    external_backend.cache_clear()


@pytest.fixture
def member(clinic: Clinic) -> User:
    User.objects.filter(id=clinic.agent.id).update(external_subject=SUBJECT)
    return clinic.agent


@pytest.fixture
def claims(clinic: Clinic) -> dict[str, Any]:
    """As Cognito's id tokens have them."""
    now = int(time.time())
    return {
        "sub": SUBJECT,
        "iss": ISSUER,
        "aud": "our-app",
        "token_use": "id",
        "iat": now,
        "exp": now + 3600,
        "custom:practice_id": str(clinic.practice.id),
    }


def get(claims: dict[str, Any], key: RSAPrivateKey, *, path: str = "/api/v1/locations", kid: str = "pool-key") -> Any:
    token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})
    return Client(raise_request_exception=False).get(path, headers={"Authorization": f"Bearer {token}"})


def assert_invalid_token(answer: Any) -> None:
    assert_refused(answer, status=401, code="unauthenticated", sentence="Invalid or expired access token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.usefixtures("trusted", "member")
class TestATrustedIssuer:
    @pytest.mark.parametrize("name", ["custom:practice_id", "practice_id"])
    @pytest.mark.parametrize("public_id", [True, False], ids=["public id", "UUID"])
    def test_names_the_practice_in_either_claim(
        self, claims: dict[str, Any], issuer_key: RSAPrivateKey, clinic: Clinic, name: str, public_id: bool
    ) -> None:
        del claims["custom:practice_id"]
        claims[name] = public("prac", clinic.practice.id) if public_id else str(clinic.practice.id)
        answer = get(claims, issuer_key)
        assert answer.status_code == 200
        assert [row["id"] for row in answer.json()["results"]] == [public("loc", clinic.location.id)]

    def test_leaves_our_own_tokens_good(self, clinic: Clinic) -> None:
        assert Caller(clinic.agent, clinic.practice, password=PASSWORD).get("/api/v1/locations").status_code == 200

    def test_gives_no_role(self, claims: dict[str, Any], issuer_key: RSAPrivateKey, clinic: Clinic) -> None:
        with practice_scope(clinic.practice.id):
            Membership.objects.update(role="practitioner")
        token = jwt.encode(
            {**claims, "role": "practice_manager", "custom:role": "practice_manager"},
            issuer_key,
            algorithm="RS256",
            headers={"kid": "pool-key"},
        )
        body = {"firstName": "A", "lastName": "B", "dateOfBirth": "1990-01-01"}
        headers = {"Authorization": f"Bearer {token}"}
        with changes(**REFUSED):
            answer = Client().post("/api/v1/patients", body, content_type="application/json", headers=headers)
        assert_forbidden(answer)

    def test_is_refused_where_a_claim_does_not_hold(self, claims: dict[str, Any], issuer_key: RSAPrivateKey) -> None:
        assert get(claims, issuer_key).status_code == 200
        with changes():
            for changed in WRONG:
                wrong = {name: value for name, value in {**claims, **changed}.items() if value is not None}
                assert_invalid_token(get(wrong, issuer_key))

    def test_is_refused_with_keys_that_it_does_not_publish(
        self, claims: dict[str, Any], issuer_key: RSAPrivateKey
    ) -> None:
        stranger = generate_private_key(public_exponent=65537, key_size=2048)
        with changes():
            assert_invalid_token(get(claims, stranger))
            assert_invalid_token(get(claims, issuer_key, kid="another-key"))

    def test_forgives_clocks_30_seconds(self, claims: dict[str, Any], issuer_key: RSAPrivateKey) -> None:
        now = int(time.time())
        assert get({**claims, "exp": now - 20}, issuer_key).status_code == 200
        assert_invalid_token(get({**claims, "exp": now - 31}, issuer_key))

    @pytest.mark.parametrize("because", ["the user is disabled", "the member has left", "another practice"])
    def test_is_refused_for_who_is_no_member(
        self, claims: dict[str, Any], issuer_key: RSAPrivateKey, clinic: Clinic, other_clinic: Clinic, because: str
    ) -> None:
        if because == "the user is disabled":
            User.objects.filter(external_subject=SUBJECT).update(is_active=False)
        elif because == "the member has left":
            with practice_scope(clinic.practice.id):
                Membership.objects.update(is_active=False)
        else:
            claims["custom:practice_id"] = str(other_clinic.practice.id)
        with changes():
            assert_invalid_token(get(claims, issuer_key))

    def test_comes_in_by_using_the_token(
        self, claims: dict[str, Any], issuer_key: RSAPrivateKey, clinic: Clinic
    ) -> None:
        with practice_scope(clinic.practice.id):
            invited = Membership.objects.filter(user__external_subject=claims["sub"])
            assert invited.update(joined_at=None) == 1
        assert get(claims, issuer_key).status_code == 200
        with practice_scope(clinic.practice.id):
            assert invited.get().joined_at is not None

    def test_has_no_session_of_ours_to_move_or_end(
        self, claims: dict[str, Any], issuer_key: RSAPrivateKey, clinic: Clinic
    ) -> None:
        token = jwt.encode(claims, issuer_key, algorithm="RS256", headers={"kid": "pool-key"})
        headers = {"Authorization": f"Bearer {token}"}
        client = Client(raise_request_exception=False)
        body = {"practice": public("prac", clinic.practice.id)}
        with changes():
            moved = client.post("/api/auth/practice", body, content_type="application/json", headers=headers)
            ended = client.post("/api/auth/logout", headers=headers)
            everywhere = client.post("/api/auth/logout/everywhere", headers=headers)
        for refused in (moved, everywhere):
            assert_refused(refused, status=401, code="session_ended", sentence="Your session has ended. Sign in again.")
        assert_refused(ended, status=401, code="unauthenticated", sentence="Authentication is required")


@pytest.mark.usefixtures("member")
def test_an_issuer_that_nobody_named_is_refused(claims: dict[str, Any], issuer_key: RSAPrivateKey) -> None:
    with changes():
        assert_invalid_token(get(claims, issuer_key))


@pytest.mark.usefixtures("member")
def test_an_issuer_whose_keys_cannot_be_had_is_refused(
    claims: dict[str, Any], issuer_key: RSAPrivateKey, settings: LazySettings
) -> None:
    settings.EXTERNAL_JWT = {"issuer": ISSUER, "audience": "our-app", "jwks_url": "http://127.0.0.1:9/jwks.json"}
    external_backend.cache_clear()
    with changes():
        assert_invalid_token(get(claims, issuer_key))
    external_backend.cache_clear()
