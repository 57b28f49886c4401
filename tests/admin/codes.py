"""What an operator's devices show: an authenticator's codes, and a passkey's signatures made in software."""

import hashlib
import json
import time
from base64 import b32decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django_otp.oath import totp
from webauthn.helpers import base64url_to_bytes, encode_cbor

from mybcat.ids import new_uuid

_USER_PRESENT_AND_VERIFIED, _NEW_CREDENTIAL = 0x05, 0x40


def code_of(secret: str, *, steps: int = 0) -> str:
    """The code `steps` half minutes from now."""
    key = b32decode(secret + "=" * (-len(secret) % 8))
    return f"{totp(key, t0=-30 * steps - int(time.time()) % 1):06}"


def coded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class Authenticator:
    """Speaks WebAuthn as a browser with a security key does (ES256, no attestation)."""

    def __init__(self, *, origin: str = "http://testserver", host: str = "testserver") -> None:
        self.origin, self.host = origin, host
        self.id = new_uuid().bytes
        self.count = 0
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create()` gives."""
        numbers = self._key.public_key().public_numbers()
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(_USER_PRESENT_AND_VERIFIED | _NEW_CREDENTIAL) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options)
        return self._credential(clientDataJSON=coded(client), attestationObject=coded(attestation))

    def get(self, options: dict[str, Any], *, flags: int = _USER_PRESENT_AND_VERIFIED) -> dict[str, Any]:
        """What `navigator.credentials.get()` gives."""
        self.count += 1
        data, client = self._data(flags), self._client("webauthn.get", options)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            clientDataJSON=coded(client), authenticatorData=coded(data), signature=coded(signature), userHandle=None
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        challenge = coded(base64url_to_bytes(options["challenge"]))
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, **response: Any) -> dict[str, Any]:
        return {"id": coded(self.id), "rawId": coded(self.id), "type": "public-key", "response": response}
