"""`private_key_jwt` (RFC 7523): a client proves itself by signing, and each signature counts once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
from django.db import connection

from integrations.clients.keys import verifying_key
from integrations.clients.models import ApiClient
from mybcat.ids import new_uuid, public_id
from mybcat.tenancy import platform_scope

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# What Authlib signs by default. It counts once, so a long life gains a thief nothing but costs us a row for as long.
MAX_LIFETIME = timedelta(hours=1)
_LEEWAY = timedelta(seconds=30)
_MAX_LENGTH = 8192

_USE_UP = """
    INSERT INTO integrations_clientassertion (id, practice_id, client_id, jti, expires_at)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT (practice_id, client_id, jti) DO NOTHING
"""
_FORGET = "DELETE FROM integrations_clientassertion WHERE expires_at <= %s"


@dataclass(frozen=True, slots=True)
class Signature:
    """What makes an assertion count once."""

    jti: bytes
    expires_at: datetime


def claimed_client(assertion: str) -> str:
    """Whose assertion it says it is, which nothing has proved yet; empty where it says nothing."""
    if len(assertion) > _MAX_LENGTH:
        return ""
    try:
        subject = jwt.decode(assertion, options={"verify_signature": False}).get("sub")
    except jwt.PyJWTError:
        return ""
    return subject if isinstance(subject, str) else ""


def verified(assertion: str, *, client: ApiClient, audience: str, now: datetime) -> Signature | None:
    """The signature of a good assertion for exactly this `audience`; None for any other."""
    name = public_id("appc", client.id)
    options: Any = {"require": ["iss", "sub", "aud", "exp", "jti"], "strict_aud": True}
    try:
        header = jwt.get_unverified_header(assertion)
        key = verifying_key(client.jwks or {"keys": []}, kid=header.get("kid"), algorithm=header["alg"])
        if key is None:
            return None
        claims = jwt.decode(
            assertion,
            key,
            algorithms=[header["alg"]],
            audience=audience,
            issuer=name,
            subject=name,
            leeway=_LEEWAY,
            options=options,
        )
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError, OSError):
        return None
    if expires_at > now + MAX_LIFETIME + _LEEWAY:
        return None
    return Signature(sha256(claims["jti"].encode("utf-8", "surrogatepass")).digest(), expires_at + _LEEWAY)


def use_up(signature: Signature, *, client: ApiClient) -> bool:
    """Whether the signature counts: the first time, in whichever process; never again."""
    with connection.cursor() as cursor:
        values: list[Any] = [new_uuid(), client.practice_id, client.id, signature.jti, signature.expires_at]
        cursor.execute(_USE_UP, values)
        return cursor.rowcount == 1


def forget_expired(*, now: datetime) -> int:
    """Forget what would be refused for its age anyway; how many."""
    with platform_scope(reason="forget client assertions"), connection.cursor() as cursor:
        cursor.execute(_FORGET, [now])
        return cursor.rowcount
