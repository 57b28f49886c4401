"""Keys made on first start and kept under `$MYBCAT_HOME/keys`, readable by their owner alone."""

import json
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key and its id, the thumbprint of RFC 7638."""

    kid: str
    private: RSAPrivateKey
    jwk: dict[str, str]


def secret_key(*, home: Path) -> str:
    """Django's SECRET_KEY."""
    return kept_file(home / "keys" / "django", lambda: secrets.token_urlsafe(50).encode()).decode()


def signing_keys(*, home: Path) -> list[SigningKey]:
    """All keys whose tokens are accepted, the one that signs first.

    To rotate, put a new `jwt-*.pem` that sorts last beside the old one; remove the old one when
    the last token it signed has expired.
    """
    folder = home / "keys"
    kept_file(folder / "jwt-0001.pem", _new_private_key)
    return [_read(path) for path in sorted(folder.glob("jwt-*.pem"), reverse=True)]


def _new_private_key() -> bytes:
    return generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def kept_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's content. Several processes may start at once: the first one's file wins for all."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_bytes(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def _read(path: Path) -> SigningKey:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError(f"{path.name} holds no RSA key")
    numbers = private.public_key().public_numbers()
    required: dict[str, Any] = {"e": _integer(numbers.e), "kty": "RSA", "n": _integer(numbers.n)}
    # Members in the order of their names and no white space, as the RFC has it.
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":"))
    kid = urlsafe_b64encode(sha256(canonical.encode()).digest()).rstrip(b"=").decode()
    return SigningKey(kid, private, {**required, "kid": kid, "use": "sig", "alg": "RS256"})


def _integer(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
