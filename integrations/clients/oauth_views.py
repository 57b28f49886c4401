"""The authorisation server of API clients: its token endpoint, and what it says of itself (RFC 8414)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.request import split_domain_port
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.clients.authenticating import Credentials, authenticate, credentials_in
from integrations.clients.granting import grant
from integrations.clients.keys import ALGORITHMS
from integrations.clients.models import ApiClient
from integrations.clients.refusals import InvalidClient, InvalidRequest, OAuthRefusal, UnsupportedGrantType
from integrations.clients.scopes import CLIENT_SCOPES
from mybcat.correlation import remote_address
from mybcat.gateway.proxy import certificate_of
from mybcat.lockout import Attempt
from mybcat.tenancy import platform_scope, practice_scope
from practices.auth_views import PublicEndpoint

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenForm(serializers.Serializer[Any]):
    grant_type = serializers.ChoiceField(choices=["client_credentials"])
    scope = serializers.CharField(required=False, help_text="apart by spaces; all that the client has, if left out")
    client_id = serializers.CharField(required=False)
    client_secret = serializers.CharField(required=False, help_text="if not by HTTP Basic, which is the better way")
    client_assertion_type = serializers.CharField(required=False)
    client_assertion = serializers.CharField(required=False, help_text="private_key_jwt (RFC 7523)")


class TokenOutput(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()


class RefusalOutput(serializers.Serializer[Any]):
    """RFC 6749, section 5.2."""

    error = serializers.CharField()
    error_description = serializers.CharField()


class ClientToken(PublicEndpoint):
    @extend_schema(
        operation_id="clientToken",
        request={"application/x-www-form-urlencoded": TokenForm},
        responses={200: TokenOutput, "default": RefusalOutput},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """OAuth 2.0 client credentials: HTTP Basic with the client's id and secret, or a signed assertion."""
        now, form, certificate = timezone.now(), _form(request), certificate_of(request)
        credentials = credentials_in(request.META.get("HTTP_AUTHORIZATION", ""), form)
        client = _proved(credentials, certificate=certificate, audience=_audience(request), now=now)
        if form.get("grant_type") != "client_credentials":
            raise UnsupportedGrantType
        with practice_scope(client.practice_id):
            answer = grant(client, scope=form.get("scope"), certificate=certificate, now=now)
        return Response(answer, headers=_NO_STORE)

    def handle_exception(self, exc: Exception) -> Any:
        """Refusals of the standard are in its own shape, all others in ours."""
        if not isinstance(exc, OAuthRefusal):
            return super().handle_exception(exc)
        body = {"error": exc.code, "error_description": exc.sentence}
        return Response(body, status=exc.status, headers={**exc.headers, **_NO_STORE})


class Metadata(PublicEndpoint):
    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """RFC 8414, for the host that was asked: with certificates it is another one."""
        origin = f"{request.scheme}://{request.get_host()}"
        methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
        document = {
            "issuer": origin,
            "token_endpoint": origin + TOKEN_PATH,
            "jwks_uri": f"{origin}/.well-known/jwks.json",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "scopes_supported": sorted(CLIENT_SCOPES),
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": sorted(sum(ALGORITHMS.values(), ())),
            "tls_client_certificate_bound_access_tokens": True,
            "service_documentation": f"{origin}/api/docs",
        }
        return Response(document, headers={"Cache-Control": "public, max-age=300"})


TOKEN_PATH = "/api/oauth/token"  # noqa: S105 (an address)


def _proved(credentials: Credentials, *, certificate: str | None, audience: str, now: datetime) -> ApiClient:
    """The client, unless it or the address has failed too often. Raises InvalidClient, RateLimited."""
    attempt = Attempt.of(account=credentials.client_id, address=remote_address())
    try:
        with platform_scope(reason="which API client"):
            attempt.refuse_if_locked(now=now)
            client = authenticate(credentials, certificate=certificate, audience=audience, now=now)
            attempt.succeeded()
            return client
    except InvalidClient:
        with platform_scope(reason="failed API client"):
            attempt.failed(now=now)
        raise


def _form(request: Request) -> dict[str, str]:
    """The form, in which nothing stands twice (RFC 6749, section 3.2)."""
    http: HttpRequest = request._request
    if http.content_type != "application/x-www-form-urlencoded":
        raise InvalidRequest("Send application/x-www-form-urlencoded")
    form = {}
    # As UTF-8, whatever charset is claimed: Django would believe in rot13.
    for name, values in QueryDict(http.body, encoding="utf-8").lists():
        if len(values) > 1:
            raise InvalidRequest("A parameter was sent twice")
        form[name] = values[0]
    if not form.get("grant_type"):
        raise InvalidRequest("Send grant_type")
    return form


def _audience(request: Request) -> str:
    """This endpoint's address as the client must have called it.

    A host that only a pattern of ALLOWED_HOSTS lets in may be somebody else's, who would pass on what
    was signed for them.
    """
    http: HttpRequest = request._request
    host = http.get_host()
    return f"{http.scheme}://{host}{TOKEN_PATH}" if split_domain_port(host)[0] in settings.ALLOWED_HOSTS else ""
