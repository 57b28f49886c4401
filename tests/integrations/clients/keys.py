"""Key pairs of partners' programs, and what they sign with them."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from mybcat.ids import new_uuid

AUDIENCE = "http://testserver/api/oauth/token"
ALGORITHMS = ("RS256", "RS384", "ES256", "ES384")


def private_key(algorithm: str, *, bits: int = 2048) -> Any:
    """One pair an algorithm, the same in the whole run."""
    return _pair(algorithm, bits)


@cache
def _pair(algorithm: str, bits: int) -> Any:
    if algorithm.startswith("RS"):
        return rsa.generate_private_key(65537, bits)
    return ec.generate_private_key(ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1())


def jwks(algorithm: str, *, bits: int = 2048, private: bool = False) -> dict[str, Any]:
    """Its public half, as a set of one."""
    pair = private_key(algorithm, bits=bits)
    kind: Any = RSAAlgorithm if algorithm.startswith("RS") else ECAlgorithm
    key = json.loads(kind.to_jwk(pair if private else pair.public_key()))
    key.pop("key_ops", None)
    return {"keys": [{**key, "kid": algorithm}]}


def assertion(client_id: str, *, algorithm: str = "ES384", key: Any = None, header: Any = None, **claims: Any) -> str:
    """Good, but for what is given; a claim that is None is left out."""
    now = int(datetime.now(UTC).timestamp())
    good = {"iss": client_id, "sub": client_id, "aud": AUDIENCE, "exp": now + 60, "iat": now, "jti": str(new_uuid())}
    payload = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(
        payload, key or private_key(algorithm), algorithm=algorithm, headers={"kid": algorithm, **(header or {})}
    )
