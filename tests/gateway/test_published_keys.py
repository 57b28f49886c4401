"""An external issuer's keys: fetched seldom, renewed when a new one signs, kept while the issuer is away."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from mybcat.gateway.published_keys import PublishedKeys
from tests.callers import together


@dataclass
class Issuer:
    """A server of keys that counts who asks, and may answer with nothing of use."""

    keys: dict[str, RSAPrivateKey]
    asked: int = 0
    broken: bytes | None = None
    url: str = field(default="")

    def document(self) -> bytes:
        public = jwt.algorithms.RSAAlgorithm.to_jwk
        keys = [
            {**public(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}
            for kid, key in self.keys.items()
        ]
        return orjson.dumps({"keys": keys}) if self.broken is None else self.broken


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def issuer(key: RSAPrivateKey) -> Iterator[Issuer]:
    issuer = Issuer({"first": key})

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(issuer.document())

        def log_message(self, *args: Any) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        issuer.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
        yield issuer
        server.shutdown()
        thread.join()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def shift(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_known_keys_are_asked_for_once(issuer: Issuer, clock: Clock) -> None:
    keys = PublishedKeys(issuer.url, clock=clock)
    for _ in range(20):
        assert keys.get_signing_key("first").key_id == "first"
    assert issuer.asked == 1


def test_a_new_key_is_fetched_when_it_first_signs(issuer: Issuer, clock: Clock, key: RSAPrivateKey) -> None:
    keys = PublishedKeys(issuer.url, clock=clock)
    keys.get_signing_key("first")
    issuer.keys["second"] = key
    clock.shift(11)
    assert keys.get_signing_key("second").key_id == "second"
    assert issuer.asked == 2


def test_unknown_keys_make_us_ask_no_more_than_every_ten_seconds(issuer: Issuer, clock: Clock) -> None:
    keys = PublishedKeys(issuer.url, clock=clock)
    for second in range(25):
        with pytest.raises(jwt.PyJWKClientError):
            keys.get_signing_key(f"made up {second}")
        clock.shift(1)
    assert issuer.asked == 3


def test_many_at_once_ask_once(issuer: Issuer) -> None:
    keys = PublishedKeys(issuer.url)
    found = together(8, lambda _: keys.get_signing_key("first").key_id)
    assert (found, issuer.asked) == (["first"] * 8, 1)


@pytest.mark.parametrize("broken", [b"", b"{}", b"[]", b"<html>", b'{"keys":[]}', b'{"keys":[{"kty":"RSA"}]}'])
def test_the_last_good_keys_serve_while_there_are_no_others(issuer: Issuer, clock: Clock, broken: bytes) -> None:
    keys = PublishedKeys(issuer.url, clock=clock)
    keys.get_signing_key("first")
    issuer.broken = broken
    for _ in range(3):
        clock.shift(301)
        assert keys.get_signing_key("first").key_id == "first"
    assert issuer.asked == 4


def test_a_key_that_was_withdrawn_is_forgotten_after_five_minutes(
    issuer: Issuer, clock: Clock, key: RSAPrivateKey
) -> None:
    keys = PublishedKeys(issuer.url, clock=clock)
    keys.get_signing_key("first")
    issuer.keys = {"second": key}
    assert keys.get_signing_key("first").key_id == "first"
    clock.shift(301)
    with pytest.raises(jwt.PyJWKClientError):
        keys.get_signing_key("first")


def test_an_issuer_that_was_never_there_refuses_and_raises_nothing_else() -> None:
    keys = PublishedKeys("http://127.0.0.1:9/jwks.json")
    for _ in range(2):
        with pytest.raises(jwt.PyJWKClientError):
            keys.get_signing_key("first")
