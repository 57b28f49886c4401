"""Access tokens: what they say, how anyone can verify them, and which are refused."""

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt
import orjson
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from django.conf import LazySettings, settings
from django.test import Client

from mybcat.gateway.keys import signing_keys
from mybcat.gateway.tokens import member_backend
from mybcat.principal import Role
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller
from tests.factories import PASSWORD, Clinic, make_member

Claims = dict[str, Any]


def jwks(client: Client) -> list[dict[str, str]]:
    return client.get("/.well-known/jwks.json").json()["keys"]


def get(token: str | None, *, header: str = "Bearer {}") -> Any:
    headers = {} if token is None else {"Authorization": header.format(token)}
    return Client(raise_request_exception=False).get("/api/v1/locations", headers=headers)


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else orjson.dumps(value)
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def assert_invalid_token(answer: Any) -> None:
    assert_refused(answer, status=401, code="unauthenticated", sentence="Invalid or expired access token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice, password=PASSWORD)


@pytest.fixture
def claims(agent: Caller) -> Claims:
    return jwt.decode(agent.token, options={"verify_signature": False})


@pytest.fixture(scope="session")
def stranger() -> RSAPrivateKey:
    """A key that is none of ours."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def signed(claims: Claims, *, key: Any = None, algorithm: str = "RS256", **header: Any) -> str:
    """With our own key, unless another is named: what only we, or a thief of the key, could make."""
    ours = signing_keys(home=settings.MYBCAT_HOME)[0]
    header = {name: value for name, value in {"kid": ours.kid, "typ": "at+jwt", **header}.items() if value is not None}
    return jwt.encode(claims, key or ours.private, algorithm=algorithm, headers=header)


def test_anyone_can_verify_a_token_with_the_published_keys(client: Client, agent: Caller, clinic: Clinic) -> None:
    header = jwt.get_unverified_header(agent.token)
    assert (header["alg"], header["typ"]) == ("RS256", "at+jwt")
    (published,) = [key for key in jwks(client) if key["kid"] == header["kid"]]
    claims = jwt.decode(agent.token, jwt.PyJWK(published), algorithms=["RS256"], audience="mybcat-api", issuer="mybcat")
    identifier, session = UUID(claims.pop("jti")), UUID(claims.pop("sid"))
    assert (identifier.version, session.version) == (7, 7)
    issued, expires = claims.pop("iat"), claims.pop("exp")
    assert expires - issued == 900
    assert claims == {
        "iss": "mybcat",
        "aud": "mybcat-api",
        "client_id": "mybcat-members",
        "sub": str(clinic.agent.id),
        "practice_id": str(clinic.practice.id),
        "role": "scheduling_agent",
        "plan": "standard",
    }


def test_no_two_tokens_are_one(clinic: Clinic) -> None:
    tokens = [Caller(clinic.agent, clinic.practice, password=PASSWORD).token for _ in range(2)]
    first, second = (jwt.decode(token, options={"verify_signature": False}) for token in tokens)
    assert first["jti"] != second["jti"]


def test_published_keys_are_public(client: Client) -> None:
    answer = client.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    for key in answer.json()["keys"]:
        assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
        assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")


def test_a_token_lives_15_minutes(clinic: Clinic) -> None:
    start = datetime(2026, 4, 24, 14, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        token = Caller(clinic.agent, clinic.practice, password=PASSWORD).token
        clock.move_to(start + timedelta(minutes=15, microseconds=-1))
        assert get(token).status_code == 200
        clock.move_to(start + timedelta(minutes=15))
        assert_invalid_token(get(token))


# What a stranger can make.
FORGED: dict[str, Callable[[Claims, RSAPrivateKey], str]] = {
    "another key with our key's id": lambda claims, key: signed(claims, key=key),
    "another key that it brings along": lambda claims, key: signed(
        claims, key=key, jwk=jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    ),
    "another key, and where to fetch it": lambda claims, key: signed(
        claims, key=key, kid="theirs", jku="https://evil.example/jwks.json", x5u="https://evil.example/key.pem"
    ),
    "our key's id, and where to fetch another": lambda claims, key: signed(
        claims, key=key, jku="https://evil.example/jwks.json", x5u="https://evil.example/key.pem"
    ),
    "another key with another id": lambda claims, key: signed(claims, key=key, kid="theirs"),
    "a path as the key's id": lambda claims, key: signed(claims, key=key, kid="../../keys/jwt-0001.pem"),
    "no algorithm": lambda claims, _: f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}.",
    "no algorithm, our key's id": lambda claims, _: jwt.encode(
        claims, None, algorithm="none", headers={"kid": signing_keys(home=settings.MYBCAT_HOME)[0].kid}
    ),
    "our public key as the secret of an HMAC": lambda claims, _: _hmac_with_public_key(claims),
}
# What only our key could sign, and is refused all the same.
WRONG: dict[str, Callable[[Claims], str]] = {
    "another audience": lambda claims: signed({**claims, "aud": "another-api"}),
    "no audience": lambda claims: signed(without(claims, "aud")),
    "another issuer": lambda claims: signed({**claims, "iss": "https://mybcat.example"}),
    "an issuer with more to it": lambda claims: signed({**claims, "iss": "mybcat-x"}),
    "no issuer": lambda claims: signed(without(claims, "iss")),
    "expired": lambda claims: signed({**claims, "exp": int(time.time()) - 1}),
    "no end": lambda claims: signed(without(claims, "exp")),
    "not yet valid": lambda claims: signed({**claims, "nbf": int(time.time()) + 600}),
    "another algorithm": lambda claims: signed(claims, algorithm="RS512"),
    "what it says must be understood and is not": lambda claims: signed(claims, crit=["x-mybcat"], **{"x-mybcat": 1}),
    "another type": lambda claims: signed(claims, typ="JWT"),
    "the type of an identity token": lambda claims: signed(claims, typ="id+jwt"),
    "no type": lambda claims: signed(claims, typ=None),
    "no key's id": lambda claims: signed(claims, kid=None),
    "no user": lambda claims: signed(without(claims, "sub")),
    "no practice": lambda claims: signed(without(claims, "practice_id")),
    "no session": lambda claims: signed(without(claims, "sid")),
    "a user that is no id": lambda claims: signed({**claims, "sub": "root"}),
    "a practice that is no id": lambda claims: signed({**claims, "practice_id": "' OR 1=1 --"}),
    "a practice that is null": lambda claims: signed({**claims, "practice_id": None}),
    "another user": lambda claims: signed({**claims, "sub": str(uuid4())}),
    "another session": lambda claims: signed({**claims, "sid": str(uuid4())}),
    "another practice": lambda claims: signed({**claims, "practice_id": str(uuid4())}),
}


def without(claims: Claims, name: str) -> Claims:
    return {key: value for key, value in claims.items() if key != name}


def _hmac_with_public_key(claims: Claims) -> str:
    ours = signing_keys(home=settings.MYBCAT_HOME)[0]
    pem = ours.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': ours.kid})}.{part(claims)}"
    return f"{text}.{part(hmac.digest(pem, text.encode(), 'sha256'))}"


def test_a_forged_token_is_refused(claims: Claims, stranger: RSAPrivateKey) -> None:
    with changes():
        for forge in FORGED.values():
            assert_invalid_token(get(forge(claims, stranger)))


def test_a_token_that_does_not_hold_is_refused(claims: Claims) -> None:
    assert get(signed(claims)).status_code == 200
    with changes():
        for sign in WRONG.values():
            assert_invalid_token(get(sign(claims)))


def test_a_token_that_was_touched_is_refused(agent: Caller, claims: Claims, other_clinic: Clinic) -> None:
    header, payload, signature = agent.token.split(".")
    touched = [
        f"{header}.{part({**claims, 'practice_id': str(other_clinic.practice.id)})}.{signature}",
        f"{header}.{part({**claims, 'role': 'practice_manager'})}.{signature}",
        f"{header}.{part({**claims, 'exp': claims['exp'] + 86_400})}.{signature}",
        f"{header}.{payload}.{signature[::-1]}",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{part({'alg': 'RS512', 'kid': jwt.get_unverified_header(agent.token)['kid']})}.{payload}.{signature}",
    ]
    with changes():
        for token in touched:
            assert_invalid_token(get(token))


def test_another_member_s_session_is_not_one_s_own(agent: Caller, claims: Claims, clinic: Clinic) -> None:
    colleague = make_member(practice=clinic.practice)
    with changes():
        assert_invalid_token(get(signed({**claims, "sub": str(colleague.id)})))


def test_a_role_in_a_token_gives_no_right(clinic: Clinic) -> None:
    """It is for clients to read: rights are the database's."""
    clinician = Caller(
        make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice, password=PASSWORD
    )
    claims = jwt.decode(clinician.token, options={"verify_signature": False})
    clinician.headers = {"Authorization": f"Bearer {signed({**claims, 'role': 'practice_manager'})}"}
    with changes(**REFUSED):
        assert_forbidden(clinician.book(clinic))


def test_what_is_no_token_is_refused() -> None:
    deep = b"[" * 5_000
    hostile = [
        "x",
        "..",
        "a.b.c",
        "%00",
        "null",
        f"{part(deep)}.e30.e30",
        f"{part({'alg': 'RS256', 'kid': 'x'})}.{part(deep)}.e30",
        f"{part({'alg': 'RS256', 'kid': ['x']})}.e30.e30",
        f"{part({'alg': 'RS256', 'kid': {'x': 1}})}.e30.e30",
        f"{part([])}.{part([])}.e30",
        f"{part(b'7')}.{part(b'7')}.e30",
        f"{part({'alg': None})}.e30.e30",
        f"{part({'alg': 'RS256', 'crit': ['exp']})}.e30.e30",
        "\u00e9\u00e9",
        "a" * 8_193,
        "a" * 100_000,
        f"{part({'alg': 'RS256', 'kid': 'x', 'pad': 'a' * 70_000})}.e30.e30",
        "a b",
    ]
    with changes():
        for token in hostile:
            assert_invalid_token(get(token))
        for header in ("Bearer", "Bearer ", "Basic {}", "Token {}", "{}", "bearer,{}"):
            assert_invalid_token(get("x.y.z", header=header))


def test_a_refresh_token_is_no_access_token(agent: Caller) -> None:
    with changes():
        assert_invalid_token(get(agent.http.cookies["refresh"].value))


def test_without_a_token_the_answer_names_the_scheme_and_no_error() -> None:
    for answer in (get(None), get("", header="")):
        assert_refused(answer, status=401, code="unauthenticated", sentence="Authentication is required")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_scheme_s_case_does_not_matter(agent: Caller) -> None:
    assert [get(agent.token, header=f"{scheme} {{}}").status_code for scheme in ("bearer", "BEARER")] == [200, 200]


@pytest.fixture
def new_home(settings: LazySettings, tmp_path: Path) -> Iterator[Path]:
    """Keys of its own, made on first use."""
    settings.MYBCAT_HOME = tmp_path
    member_backend.cache_clear()
    yield tmp_path
    member_backend.cache_clear()


def test_keys_are_made_once_and_for_their_owner_alone(new_home: Path, client: Client) -> None:
    kids = [[key["kid"] for key in jwks(client)] for _ in range(2)]
    (file,) = (new_home / "keys").iterdir()
    assert (len(kids[0]), kids[0]) == (1, kids[1])
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_new_key_signs_while_the_old_one_s_tokens_still_hold(
    new_home: Path, client: Client, clinic: Clinic, stranger: RSAPrivateKey
) -> None:
    old = [Caller(clinic.agent, clinic.practice, password=PASSWORD).token for _ in range(2)]
    pem = stranger.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (new_home / "keys" / "jwt-0002.pem").write_bytes(pem)
    member_backend.cache_clear()
    new = Caller(clinic.agent, clinic.practice, password=PASSWORD).token
    kids = [jwt.get_unverified_header(token)["kid"] for token in (new, old[0])]
    assert [key["kid"] for key in jwks(client)] == kids
    assert [get(token).status_code for token in (old[0], new)] == [200, 200]
    (new_home / "keys" / "jwt-0001.pem").unlink()
    member_backend.cache_clear()
    assert_invalid_token(get(old[1]))
    assert get(new).status_code == 200
