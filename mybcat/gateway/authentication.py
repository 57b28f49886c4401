"""Reads the bearer token: signature, issuer, audience and time; no database."""

from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication

from mybcat.gateway.proxy import certificate_of
from mybcat.gateway.tokens import Claims, InvalidToken, verify_access_token


def bearer_token(request: Any) -> str:
    """The token of `Authorization: Bearer <JWT>` (RFC 6750), unread. Raises InvalidToken."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not scheme:
        raise InvalidToken(missing=True)
    if scheme.lower() != "bearer" or not token or len(token) > 8192 or not token.isascii():
        raise InvalidToken
    return str(token.strip())


def refuse_stolen(thumbprint: str | None, *, certificate: str | None) -> None:
    """A token that is bound to a certificate (RFC 8705) is worth nothing without it. Raises InvalidToken."""
    if thumbprint is not None and thumbprint != certificate:
        raise InvalidToken


class BearerAuthentication(BaseAuthentication):
    """For routes that need to know the sign-in and nothing more: `request.auth` becomes the verified claims."""

    def authenticate(self, request: Any) -> tuple[None, Claims]:
        claims = verify_access_token(bearer_token(request), now=timezone.now())
        refuse_stolen(claims.thumbprint, certificate=certificate_of(request))
        return None, claims

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"
