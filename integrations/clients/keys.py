"""Public keys of API clients (RFC 7517), for `private_key_jwt`."""

from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mybcat.errors import InvalidInput

# SMART Backend Services asks for the 384s; the others are what most libraries sign with.
ALGORITHMS = {"RSA": ("RS256", "RS384"), "P-256": ("ES256",), "P-384": ("ES384",)}
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_MAX_KEYS = 5


def checked_jwks(jwks: Any) -> dict[str, Any]:
    """`jwks` as it is kept. Raises InvalidInput for what is no set of public RSA, P-256 or P-384 keys."""
    keys = jwks.get("keys") if isinstance(jwks, dict) and set(jwks) == {"keys"} else None
    if not isinstance(keys, list) or not 0 < len(keys) <= _MAX_KEYS:
        raise _invalid(f'Send {{"keys": […]}} with one to {_MAX_KEYS} keys')
    for key in keys:
        _check(key)
    names = [key.get("kid") for key in keys]
    if len(set(names)) != len(names):
        raise _invalid("Give each key a kid of its own")
    return {"keys": keys}


def verifying_key(jwks: dict[str, Any], *, kid: str | None, algorithm: str) -> Any:
    """The key that an assertion with this header was signed with, if it is one of the client's; else None."""
    for key in jwks["keys"]:
        if kid in (None, key.get("kid")) and algorithm in ALGORITHMS[_family(key)]:
            return jwt.PyJWK.from_dict(key, algorithm=algorithm).key
    return None


def _check(key: Any) -> None:
    members = key.values() if isinstance(key, dict) else [None]
    if not all(isinstance(value, str | list) for value in members) or not isinstance(key.get("kid", ""), str):
        raise _invalid("A key is an object as RFC 7517 has it")
    if _PRIVATE & set(key):
        raise _invalid("This is a private key: whoever sees it is you. Make a new pair and send its public half")
    if _family(key) not in ALGORITHMS:
        raise _invalid("Keys are RSA, P-256 or P-384")
    try:
        public = jwt.PyJWK.from_dict(key, algorithm=ALGORITHMS[_family(key)][0]).key
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _invalid("This is not a key") from error
    # A larger one would only cost us time, at each signature.
    if isinstance(public, rsa.RSAPublicKey) and not 2048 <= public.key_size <= 8192:
        raise _invalid("RSA keys have 2048 bits or more, up to 8192")
    if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise _invalid("This is not a public key")


def _family(key: dict[str, Any]) -> str:
    return str(key.get("crv") if key.get("kty") == "EC" else key.get("kty"))


def _invalid(sentence: str) -> InvalidInput:
    return InvalidInput(fields={"jwks": [sentence]})
