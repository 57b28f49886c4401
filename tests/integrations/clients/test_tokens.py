"""`POST /api/oauth/token`: by secret, by signature; what is refused is refused as RFC 6749 says."""

import hmac
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from integrations.clients import assertions
from integrations.clients.models import ApiClient, ApiClientSecret, ClientAssertion
from integrations.clients.scopes import CLIENT_SCOPES
from integrations.clients.tasks import forget_client_assertions
from mybcat.ids import internal_id, new_uuid
from mybcat.lockout import HERE, WINDOW
from mybcat.models import AuditEntry
from mybcat.tenancy import practice_scope
from tests.api.rows import changes
from tests.callers import Partner, ask_token, public, together
from tests.factories import Clinic, make_api_client
from tests.integrations.clients.keys import ALGORITHMS, AUDIENCE, assertion, jwks, private_key

FORM = "application/x-www-form-urlencoded"
ISSUED = {"mybcat_auditentry": 1}
# Counted for the client here, the client anywhere, and the address.
FAILED = {"mybcat_failedsignins": 3}


@pytest.fixture
def http() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def known(clinic: Clinic) -> tuple[str, str]:
    """A client's id and secret."""
    client, secret = make_api_client(practice=clinic.practice, scopes=["appointments:read", "reference:read"])
    return public("appc", client.id), str(secret)


@pytest.fixture
def signer(clinic: Clinic) -> str:
    """The id of a client with one key of each kind, and no secret."""
    keys = [key for algorithm in ALGORITHMS for key in jwks(algorithm)["keys"]]
    client, _ = make_api_client(practice=clinic.practice, jwks={"keys": keys})
    return public("appc", client.id)


def sign_in(http: Client, text: str, **form: str) -> Any:
    """With an assertion and without any header."""
    return ask_token(http, client_assertion=text, client_assertion_type=assertions.TYPE, **form)


def assert_error(answer: Any, error: str, *, status: int = 400) -> None:
    """RFC 6749, section 5.2: these members, this status, never stored."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert set(answer.json()) == {"error", "error_description"}
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("application/json", "no-store")
    assert answer.headers.get("WWW-Authenticate", "").startswith("Basic realm=") == (status == 401)


def claims_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload, _ = token.split(".")
    return tuple(json.loads(urlsafe_b64decode(part + "==")) for part in (header, payload))  # type: ignore[return-value]


def test_a_secret_gets_a_token(http: Client, known: tuple[str, str], clinic: Clinic) -> None:
    with changes(**ISSUED):
        answer = ask_token(http, known)
    body = answer.json()
    token = body.pop("access_token")
    assert body == {"token_type": "Bearer", "expires_in": 300, "scope": "appointments:read reference:read"}
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    header, claims = claims_of(token)
    keys = http.get("/.well-known/jwks.json").json()["keys"]
    assert header == {"alg": "RS256", "typ": "at+jwt", "kid": keys[0]["kid"]}
    assert claims.pop("exp") - claims.pop("iat") == 300
    assert claims.pop("jti")
    assert claims == {
        "iss": "mybcat",
        "aud": "mybcat-api",
        "sub": known[0],
        "client_id": known[0],
        "practice_id": str(clinic.practice.id),
        "scope": "appointments:read reference:read",
    }
    public_key: Any = jwt.PyJWK.from_dict(keys[0])
    assert jwt.decode(token, public_key, algorithms=["RS256"], audience="mybcat-api", issuer="mybcat")
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(action="api_client.token_issued")
    client = internal_id("appc", known[0])
    assert (entry.principal_kind, entry.principal_id, entry.object_ids) == ("client", client, [str(client)])


def test_a_secret_in_the_form_is_as_good(http: Client, known: tuple[str, str]) -> None:
    assert ask_token(http, client_id=known[0], client_secret=known[1]).status_code == 200


def test_fewer_scopes_may_be_asked_for(http: Client, known: tuple[str, str]) -> None:
    answer = ask_token(http, known, scope="reference:read")
    assert answer.json()["scope"] == "reference:read"
    assert claims_of(answer.json()["access_token"])[1]["scope"] == "reference:read"


@pytest.mark.parametrize(
    "scope", ["patients:read", "reference:read patients:read", "everything", "reference:read  appointments:read", "\0"]
)
def test_a_scope_that_the_client_lacks_is_refused(http: Client, known: tuple[str, str], scope: str) -> None:
    with changes():
        assert_error(ask_token(http, known, scope=scope), "invalid_scope")


def test_whoever_is_not_proved_learns_nothing(http: Client, known: tuple[str, str], clinic: Clinic) -> None:
    client_id, secret = known
    other, other_secret = make_api_client(practice=clinic.practice)
    revoked, revoked_secret = make_api_client(practice=clinic.practice)
    with practice_scope(clinic.practice.id):
        ApiClient.objects.filter(id=revoked.id).update(revoked_at=datetime.now(UTC))
    wrong: list[tuple[str, str]] = [
        (client_id, "wrong"),
        (client_id, secret[:-1]),
        (client_id, secret + " "),
        (client_id.upper(), secret),
        (client_id, str(other_secret)),
        (public("appc", other.id), secret),
        (public("appc", new_uuid()), secret),
        (public("appc", revoked.id), str(revoked_secret)),
        ("nobody", secret),
        ("", secret),
        (client_id, ""),
        ("\0", "\0"),
        ("é", "\U0001f441"),
    ]
    answers = [ask_token(http, each) for each in wrong]
    answers += [ask_token(http, client_id=each, client_secret=secret) for each in ("", "nobody", "x" * 5000)]
    for text in ("Basic", "Basic ", "Basic !!!", "Basic " + b64encode(b"\xff\xfe").decode(), "Bearer x", "x"):
        answers.append(
            http.post("/api/oauth/token", "grant_type=client_credentials", FORM, headers={"Authorization": text})
        )
    answers.append(ask_token(http))
    with changes():
        for answer in answers:
            assert_error(answer, "invalid_client", status=401)
            assert answer.json()["error_description"] == "Client authentication failed"


def test_an_expired_secret_is_no_secret(http: Client, known: tuple[str, str], clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        ApiClientSecret.objects.update(expires_at=datetime.now(UTC))
    assert_error(ask_token(http, known), "invalid_client", status=401)


def test_what_is_no_token_request_is_refused(http: Client, known: tuple[str, str]) -> None:
    basic = {"Authorization": "Basic " + b64encode(":".join(known).encode()).decode()}

    def post(body: Any, content_type: str = FORM) -> Any:
        return http.post("/api/oauth/token", body, content_type=content_type, headers=basic)

    good = "grant_type=client_credentials"
    with changes():
        for answer in (
            post(""),
            post("grant_type="),
            post(f"{good}&{good}"),
            post(f"{good}&scope=reference:read&scope=appointments:read"),
            post({"grant_type": "client_credentials"}, "application/json"),
            post(good, "text/plain"),
            http.post("/api/oauth/token", headers=basic),
            post(f"{good}&client_secret={known[1]}&client_id={known[0]}"),
            post(f"{good}&client_id=someone-else"),
            post(f"{good}&client_assertion_type=x"),
            post(f"{good}&client_assertion=x"),
        ):
            assert_error(answer, "invalid_request")
        assert_error(post("grant_type=password"), "unsupported_grant_type")
        assert_error(post("grant_type=authorization_code"), "unsupported_grant_type")
    for charset in ("rot13", "utf-7", "utf-16", "nonsense"):
        sent = http.generic("POST", "/api/oauth/token", good.encode(), f"{FORM}; charset={charset}", headers=basic)
        assert sent.status_code == 200
    assert post(f"{good}&client_id={known[0]}").status_code == 200
    for method in (http.get, http.put, http.delete, http.options):
        assert method("/api/oauth/token").status_code == 405
    # Parameters in the address would stand in every log.
    assert_error(http.post(f"/api/oauth/token?{good}", "", FORM, headers=basic), "invalid_request")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_gets_a_token(http: Client, signer: str, algorithm: str) -> None:
    with changes(integrations_clientassertion=1, **ISSUED):
        answer = sign_in(http, assertion(signer, algorithm=algorithm), client_id=signer)
    assert answer.status_code == 200
    assert answer.json()["scope"].split() == [str(scope) for scope in CLIENT_SCOPES]


def test_a_signature_without_a_key_s_name_is_tried_with_those_that_fit(http: Client, signer: str) -> None:
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": signer, "sub": signer, "aud": AUDIENCE, "exp": now + 60, "jti": "once"}
    assert sign_in(http, jwt.encode(claims, private_key("ES256"), algorithm="ES256")).status_code == 200


BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "someone"},
    "another subject": {"sub": "appc_01m848prweekhr0mc0n2n7fq50"},
    "no audience": {"aud": None},
    "the issuer as audience": {"aud": "mybcat"},
    "the host as audience": {"aud": "http://testserver"},
    "another host": {"aud": "http://elsewhere.example/api/oauth/token"},
    "a longer address": {"aud": AUDIENCE + "/"},
    "another scheme": {"aud": AUDIENCE.replace("http:", "https:")},
    "several audiences": {"aud": [AUDIENCE, "http://elsewhere.example/api/oauth/token"]},
    "a list of one": {"aud": [AUDIENCE]},
    "no end": {"exp": None},
    "an end that is none": {"exp": "soon"},
    "past": {"exp": 1},
    "an hour": {"exp": int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())},
    "beyond all calendars": {"exp": 10**30},
    "not yet": {"nbf": int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())},
    "no jti": {"jti": None},
    "a number as jti": {"jti": 7},
}


@pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
def test_an_assertion_that_says_something_else_is_refused(http: Client, signer: str, claims: dict[str, Any]) -> None:
    with changes(**FAILED):
        assert_error(sign_in(http, assertion(signer, **claims)), "invalid_client", status=401)


def with_shared_secret(text: str, key: bytes) -> str:
    """The same claims, signed with the public key as if it were a secret: PyJWT itself would not do it."""
    header = json.dumps({"alg": "HS256", "kid": "RS256"}).encode()
    signed = b".".join([urlsafe_b64encode(header).rstrip(b"="), text.split(".")[1].encode()])
    return b".".join([signed, urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")]).decode()


def test_an_assertion_that_is_not_the_client_s_is_refused(http: Client, signer: str, clinic: Clinic) -> None:
    stranger = ec.generate_private_key(ec.SECP384R1())
    with_secret, _ = make_api_client(practice=clinic.practice)
    public_key = json.dumps(jwks("RS256")["keys"][0]).encode()
    good = assertion(signer)
    texts = [
        assertion(signer, key=stranger),
        assertion(signer, header={"kid": "nobody's"}),
        assertion(signer, header={"kid": "ES256"}),
        with_shared_secret(assertion(signer, algorithm="RS256"), public_key),
        assertion(signer, algorithm="PS256", key=private_key("RS256"), header={"kid": "RS256"}),
        jwt.encode(
            {"iss": signer, "sub": signer, "aud": AUDIENCE, "exp": 9999999999, "jti": "x"}, "", algorithm="none"
        ),
        assertion(public("appc", with_secret.id)),
        assertion(public("appc", new_uuid())),
        good[:-4] + "AAAA",
        good.rsplit(".", 1)[0] + ".",
        "a.b.c",
        "x",
        good + "." + "x" * 9000,
        b64encode(b"[" * 5000).decode() + "." * 2,
    ]
    for number, text in enumerate(texts):
        # Each from elsewhere: five of one address would be locked out.
        http.defaults["REMOTE_ADDR"] = f"192.0.2.{number}"
        assert_error(sign_in(http, text), "invalid_client", status=401)
    assert_error(sign_in(http, good, client_id=public("appc", new_uuid())), "invalid_request")
    # What was refused has not used up anything.
    http.defaults["REMOTE_ADDR"] = "198.51.100.1"
    assert sign_in(http, good).status_code == 200


def test_a_signature_counts_once(http: Client, signer: str) -> None:
    text = assertion(signer, jti="the same")
    assert sign_in(http, text).status_code == 200
    with changes(**FAILED):
        assert_error(sign_in(http, text), "invalid_client", status=401)
        assert_error(sign_in(http, assertion(signer, jti="the same")), "invalid_client", status=401)
    assert sign_in(http, assertion(signer, jti="another")).status_code == 200


def test_a_signature_is_used_up_by_a_request_that_is_refused(http: Client, signer: str) -> None:
    text = assertion(signer)
    with changes(integrations_clientassertion=1):
        assert_error(sign_in(http, text, scope="everything"), "invalid_scope")
    assert_error(sign_in(http, text), "invalid_client", status=401)


def test_of_one_signature_sent_twenty_times_at_once_one_counts(signer: str) -> None:
    text = assertion(signer)
    # Each from elsewhere: of one address the last would find it locked.
    answers = together(20, lambda number: sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), text))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 19]


def test_twenty_signatures_at_once_all_count(signer: str) -> None:
    """Negative control."""
    answers = together(20, lambda _: sign_in(Client(raise_request_exception=False), assertion(signer)))
    assert [answer.status_code for answer in answers] == [200] * 20


def test_used_signatures_are_forgotten_when_they_are_too_old_anyway(http: Client, signer: str, clinic: Clinic) -> None:
    text = assertion(signer)
    sign_in(http, text)
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        forget_client_assertions()
        with practice_scope(clinic.practice.id):
            assert ClientAssertion.objects.count() == 1
        clock.shift(91)
        with changes(integrations_clientassertion=-1):
            forget_client_assertions()
        assert_error(sign_in(http, text), "invalid_client", status=401)


def test_a_host_that_only_a_pattern_lets_in_signs_nobody_in(http: Client, signer: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = [".testserver"]
    text = assertion(signer, aud="http://evil.testserver/api/oauth/token")
    address = {"client_assertion": text, "client_assertion_type": assertions.TYPE}
    http.defaults["HTTP_HOST"] = "evil.testserver"
    with changes(**FAILED):
        assert_error(ask_token(http, **address), "invalid_client", status=401)
    settings.ALLOWED_HOSTS = ["evil.testserver"]
    assert ask_token(http, **address).status_code == 200


def test_a_token_is_good_for_five_minutes(clinic: Clinic, known: tuple[str, str]) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        partner = Partner(*known)
        clock.shift(299)
        assert partner.get("/api/v2/locations").status_code == 200
        clock.shift(1)
        answer = partner.get("/api/v2/locations")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_client_s_token_is_no_member_s(http: Client, known: tuple[str, str]) -> None:
    """What is for people, with sessions, is not for programs."""
    partner = Partner(*known)
    with changes():
        assert partner.post("/api/auth/practice", {"practice": "prac_01m848prweekhr0mc0n2n7fq50"}).status_code == 401
        assert partner.post("/api/auth/logout", {}).status_code == 401


def test_metadata_says_where_everything_is(http: Client, known: tuple[str, str]) -> None:
    answer = http.get("/.well-known/oauth-authorization-server")
    document = answer.json()
    assert document["issuer"] == "http://testserver"
    assert document["token_endpoint"] == AUDIENCE
    assert document["scopes_supported"] == sorted(CLIENT_SCOPES)
    assert document["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ]
    assert document["token_endpoint_auth_signing_alg_values_supported"] == sorted(ALGORITHMS)
    assert http.get(document["jwks_uri"].removeprefix("http://testserver")).status_code == 200


def test_guessing_locks_the_client_here_and_then_the_right_secret_too(
    http: Client, known: tuple[str, str], clinic: Clinic
) -> None:
    other, other_secret = make_api_client(practice=clinic.practice)
    for _ in range(HERE):
        assert_error(ask_token(http, (known[0], "wrong")), "invalid_client", status=401)
    with changes():
        locked = ask_token(http, known)
    assert (locked.status_code, locked.json()["code"]) == (429, "rate_limited")
    assert 0 < int(locked.headers["Retry-After"]) <= WINDOW.total_seconds()
    # Another client of the same address, and this one elsewhere, are not in it.
    assert ask_token(http, (public("appc", other.id), str(other_secret))).status_code == 200
    assert ask_token(Client(REMOTE_ADDR="192.0.2.7"), known).status_code == 200


def test_a_right_secret_wipes_out_what_was_mistyped(http: Client, known: tuple[str, str]) -> None:
    for _ in range(2):
        for _ in range(HERE - 1):
            assert ask_token(http, (known[0], "wrong")).status_code == 401
        assert ask_token(http, known).status_code == 200


def test_forged_signatures_lock_as_well(http: Client, signer: str) -> None:
    stranger = ec.generate_private_key(ec.SECP384R1())
    for _ in range(HERE):
        assert sign_in(http, assertion(signer, key=stranger)).status_code == 401
    assert sign_in(http, assertion(signer)).status_code == 429
