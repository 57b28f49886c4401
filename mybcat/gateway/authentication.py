"""Reads the bearer token: signature, issuer, audience and time; no database."""

from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header

from mybcat.gateway.proxy import certificate_of
from mybcat.gateway.tokens import Claims, InvalidToken, verify_access_token


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <JWT>` (RFC 6750). `request.auth` becomes the verified claims."""

    def authenticate(self, request: Any) -> tuple[None, Claims]:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if not scheme:
            raise InvalidToken(missing=True)
        if scheme.lower() != b"bearer" or not token or len(token) > 8192:
            raise InvalidToken
        try:
            text = token.strip().decode("ascii")
        except UnicodeDecodeError as error:
            raise InvalidToken from error
        claims = verify_access_token(text, now=timezone.now())
        # A stolen token is worth nothing without its certificate.
        if claims.thumbprint is not None and claims.thumbprint != certificate_of(request):
            raise InvalidToken
        return None, claims

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"
