"""Access tokens: JWTs signed with RS256, ours (RFC 9068) or an external issuer's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, cast
from uuid import UUID

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from mybcat.errors import DomainError, UnknownId
from mybcat.gateway.keys import SigningKey, signing_keys
from mybcat.gateway.published_keys import PublishedKeys
from mybcat.ids import internal_id, new_uuid, public_id


class InvalidToken(DomainError):
    """No token, or one that is not, or no longer, good. One sentence for all: no hints for forgers."""

    code = "unauthenticated"
    status = 401
    sentence = "Invalid or expired access token"

    def __init__(self, *, missing: bool = False) -> None:
        super().__init__("Authentication is required" if missing else None)
        # RFC 6750, section 3: no error code where no token was sent.
        self.headers = {"WWW-Authenticate": "Bearer" if missing else 'Bearer error="invalid_token"'}


# UnknownId: a practice's id that is none. JSON that is nested too deeply is a PyJWTError.
_REFUSED = (TokenBackendError, jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError, UnknownId)


# `client_id` in tokens of members, who come by our own pages; in others it is an API client's.
_MEMBERS = "mybcat-members"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. Whether it still holds is for the database to tell."""

    # Who loads the caller: settings.PRINCIPAL_LOADERS.
    kind: Literal["member", "client"]
    user_id: UUID | None
    external_subject: str | None
    practice_id: UUID
    session_id: UUID | None
    expires_at: int
    client_id: UUID | None = None
    scopes: frozenset[str] = frozenset()
    # RFC 8705: the certificate that the token is bound to.
    thumbprint: str | None = None
    # Who looks at the member's view (RFC 8693, `act`); None: the member.
    operator_id: UUID | None = None


class MemberBackend(TokenBackend):
    """simplejwt's backend with what it lacks: the key's id in the header, and several keys."""

    def __init__(self, keys: list[SigningKey]) -> None:
        super().__init__("RS256", audience=settings.JWT_AUDIENCE, issuer=settings.JWT_ISSUER, leeway=0)
        self._signing = keys[0]
        self._public = {key.kid: key.private.public_key() for key in keys}

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Our public keys (RFC 7517)."""
        return {"keys": [key.jwk for key in signing_keys(home=settings.MYBCAT_HOME)]}

    def encode(self, payload: dict[str, Any]) -> str:
        return jwt.encode(
            {**payload, "aud": self.audience, "iss": self.issuer},
            self._signing.private,
            algorithm="RS256",
            headers={"kid": self._signing.kid, "typ": "at+jwt"},
        )

    def get_verifying_key(self, token: Any) -> Any:
        try:
            header = jwt.get_unverified_header(token)
            # RFC 9068, section 4: a token of another kind, were it signed by us, is no access token.
            if header["typ"] != "at+jwt":
                raise TokenBackendError("no access token")
            return self._public[header["kid"]]
        except (KeyError, jwt.InvalidTokenError) as error:
            raise TokenBackendError("unknown key") from error


class ExternalBackend(TokenBackend):
    """An external issuer's tokens, verified with the keys that it publishes."""

    def __init__(self, *, issuer: str, audience: str, jwks_url: str) -> None:
        super().__init__("RS256", audience=audience or None, issuer=issuer, leeway=30)
        self.jwks_client = PublishedKeys(jwks_url)


@cache
def member_backend() -> MemberBackend:
    """The backend of our own tokens; makes the key on first use."""
    return MemberBackend(signing_keys(home=settings.MYBCAT_HOME))


@cache
def external_backend() -> ExternalBackend | None:
    """The backend of the external issuer, where settings name one."""
    external = settings.EXTERNAL_JWT
    return ExternalBackend(**external) if external["issuer"] and external["jwks_url"] else None


def issue_access_token(
    *,
    user_id: UUID,
    practice_id: UUID,
    role: str,
    plan: str,
    session_id: UUID,
    now: datetime,
    operator_id: UUID | None = None,
) -> str:
    """A token for one practice, good for settings.JWT_LIFETIME from `now`.

    `role` and `plan` are for clients to read; the gateway takes both from the database. With `operator_id`
    the operator looks at what the member sees, and can do nothing else.
    """
    acting = {"act": {"sub": str(operator_id)}} if operator_id else {}
    issued = int(now.timestamp())
    return member_backend().encode(
        {
            "sub": str(user_id),
            "client_id": _MEMBERS,
            "practice_id": str(practice_id),
            "role": role,
            "plan": plan,
            "sid": str(session_id),
            "iat": issued,
            "exp": issued + int(settings.JWT_LIFETIME.total_seconds()),
            "jti": str(new_uuid()),
            **acting,
        }
    )


def issue_client_token(
    *, client_id: UUID, practice_id: UUID, scopes: Sequence[str], thumbprint: str | None, now: datetime
) -> str:
    """A token of an API client (RFC 9068), good for settings.CLIENT_TOKEN_LIFETIME from `now`.

    With a `thumbprint` it is good only over connections that show that certificate (RFC 8705).
    """
    issued, client = int(now.timestamp()), public_id("appc", client_id)
    return member_backend().encode(
        {
            "sub": client,
            "client_id": client,
            "practice_id": str(practice_id),
            "scope": " ".join(scopes),
            "iat": issued,
            "exp": issued + int(settings.CLIENT_TOKEN_LIFETIME.total_seconds()),
            "jti": str(new_uuid()),
            **({"cnf": {"x5t#S256": thumbprint}} if thumbprint else {}),
        }
    )


def verify_access_token(token: str, *, now: datetime) -> Claims:
    """The claims of a token of ours or of the external issuer. Raises InvalidToken."""
    try:
        external = external_backend()
        if external is not None and _issuer(token) == external.issuer:
            return _external_claims(external.decode(cast("Any", token)))
        payload = member_backend().decode(cast("Any", token))
        claims = _member_claims(payload) if payload["client_id"] == _MEMBERS else _client_claims(payload)
    except _REFUSED as error:
        raise InvalidToken from error
    if claims.expires_at <= now.timestamp():
        raise InvalidToken
    return claims


def _issuer(token: str) -> Any:
    return jwt.decode(token, options={"verify_signature": False}).get("iss")


def _member_claims(payload: dict[str, Any]) -> Claims:
    return Claims(
        kind="member",
        user_id=UUID(payload["sub"]),
        external_subject=None,
        practice_id=UUID(payload["practice_id"]),
        session_id=UUID(payload["sid"]),
        expires_at=int(payload["exp"]),
        operator_id=UUID(payload["act"]["sub"]) if "act" in payload else None,
    )


def _client_claims(payload: dict[str, Any]) -> Claims:
    return Claims(
        kind="client",
        user_id=None,
        external_subject=None,
        practice_id=UUID(payload["practice_id"]),
        session_id=None,
        expires_at=int(payload["exp"]),
        client_id=internal_id("appc", payload["client_id"]),
        scopes=frozenset(payload["scope"].split()),
        thumbprint=payload["cnf"]["x5t#S256"] if "cnf" in payload else None,
    )


def _external_claims(payload: dict[str, Any]) -> Claims:
    # Cognito prefixes what its customers define.
    practice = payload.get("custom:practice_id") or payload["practice_id"]
    public = practice.startswith("prac_")
    return Claims(
        kind="member",
        user_id=None,
        external_subject=str(payload["sub"]),
        practice_id=internal_id("prac", practice) if public else UUID(practice),
        session_id=None,
        expires_at=int(payload["exp"]),
    )
