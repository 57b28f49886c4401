"""Signatures: Standard Webhooks' headers, and one in Stripe's form for those who have a program for that."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

_PREFIX = "whsec_"
# The specification: 24 to 64.
_SECRET_BYTES = 32


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base 64."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(*, message_id: str, body: bytes, keys: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers that prove each of the secrets `keys`, the newest first, for these very bytes."""
    timestamp = str(int(now.timestamp()))
    standard = [_standard(key, f"{message_id}.{timestamp}.".encode() + body) for key in keys]
    # Stripe's key is the whole text of the secret, Standard Webhooks' what it encodes.
    stripe = [_mac(key.encode(), f"{timestamp}.".encode() + body).hex() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(standard),
        "Mybcat-Signature": ",".join([f"t={timestamp}", *(f"v1={signature}" for signature in stripe)]),
    }


def _standard(key: str, content: bytes) -> str:
    return "v1," + b64encode(_mac(b64decode(key.removeprefix(_PREFIX)), content)).decode()


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, sha256)
