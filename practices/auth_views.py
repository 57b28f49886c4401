"""The addresses under /api/auth/: thin, unversioned, and the only ones that need no token."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mybcat import epochs
from mybcat.correlation import remote_address
from mybcat.errors import Forbidden
from mybcat.gateway import isolation
from mybcat.gateway.authentication import BearerAuthentication
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import IdField, Input, read_body
from mybcat.gateway.rate_limits import admit_address
from mybcat.gateway.tokens import Claims, InvalidToken, member_backend
from mybcat.ids import public_id
from mybcat.lockout import Attempt
from mybcat.tenancy import platform_scope
from practices import everywhere, sign_in
from practices.models import Membership, Practice


class PublicEndpoint(APIView):
    """Open to callers without a token. A test lists all of these."""

    # Without OPTIONS, as everywhere: DRF's tells names of classes.
    http_method_names = Endpoint.http_method_names
    authentication_classes: tuple[type[BearerAuthentication], ...] = ()
    permission_classes = ()
    throttle_classes = ()
    versioning_class = None

    def check_throttles(self, request: Request) -> None:
        """By address: nobody is known yet, and what is done here cannot be refused afterwards."""
        admit_address(request._request)


class SignInInput(Input):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    practice = IdField("prac", required=False)


class SwitchInput(Input):
    practice = IdField("prac")


class PracticeOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    timeZone = serializers.CharField()


class MembershipOutput(serializers.Serializer[Any]):
    practice = PracticeOutput()
    role = serializers.CharField()


class SignedInOutput(serializers.Serializer[Any]):
    accessToken = serializers.CharField()
    tokenType = serializers.CharField()
    expiresIn = serializers.IntegerField()
    sessionEndsIn = serializers.IntegerField(help_text="seconds; then a new sign-in is asked for")
    practice = PracticeOutput()
    role = serializers.CharField()
    memberships = MembershipOutput(many=True)


class Token(PublicEndpoint):
    @extend_schema(operation_id="signIn", request=SignInInput, responses=SignedInOutput, auth=[])
    def post(self, request: Request) -> HttpResponse:
        """Sign in with e-mail and password, to `practice` or else to the first by name of those you came in to."""
        body, now = read_body(SignInInput, request), timezone.now()
        attempt = Attempt.of(account=body["email"], address=remote_address())
        try:
            with _judging_practices(), platform_scope(reason="sign in"):
                attempt.refuse_if_locked(now=now)
                result = sign_in.sign_in(**_named(body), client=_client(request), now=now)
                attempt.succeeded()
        except sign_in.WrongCredentials:
            with platform_scope(reason="failed sign-in"):
                attempt.failed(now=now)
            raise
        return _answer(result)


class Refresh(PublicEndpoint):
    @extend_schema(operation_id="refreshToken", request=None, responses=SignedInOutput, auth=[])
    def post(self, request: Request) -> HttpResponse:
        """The next access token for the refresh cookie; the cookie is replaced."""
        _same_site_only(request)
        token = request.COOKIES.get(cookie_name(), "")
        now = timezone.now()
        try:
            with platform_scope(reason="refresh"):
                result = sign_in.refresh(token=token, client=_client(request), now=now)
        except sign_in.TokenReused as reuse:
            with platform_scope(reason="end reused family"):
                sign_in.end_reused(family=reuse.family, now=now)
            epochs.announce()
            raise
        return _answer(result)


class Logout(PublicEndpoint):
    @extend_schema(operation_id="signOut", request=None, responses={204: None})
    def post(self, request: Request) -> HttpResponse:
        """End the session of the refresh cookie and that of the bearer token, with all their tokens."""
        _same_site_only(request)
        by_cookie = sign_in.family_of(request.COOKIES.get(cookie_name(), ""))
        try:
            families = {by_cookie, _session_of(request)} - {None}
        except InvalidToken:
            # Whoever leaves after a quarter of an hour without a request has an expired one, and is signed in still.
            if by_cookie is None:
                raise
            families = {by_cookie}
        if not families:
            raise InvalidToken(missing=True)
        with platform_scope(reason="sign out"):
            sign_in.sign_out(family_ids=families, now=timezone.now())
        epochs.announce()
        return _signed_out()


class LogoutEverywhere(PublicEndpoint):
    # The token, not the cookie: it is short-lived, and no page of another site can send it.
    authentication_classes = (BearerAuthentication,)

    @extend_schema(operation_id="signOutEverywhere", request=None, responses={204: None})
    def post(self, request: Request) -> HttpResponse:
        """End every session of yours, this one too, with all their tokens and live sockets."""
        claims = cast("Claims", request.auth)
        if claims.operator_id:
            raise Forbidden
        with platform_scope(reason="sign out everywhere"):
            everywhere.sign_out(session_id=claims.session_id, user_id=claims.user_id, now=timezone.now())
        epochs.announce()
        return _signed_out()


class SwitchPractice(PublicEndpoint):
    authentication_classes = (BearerAuthentication,)

    @extend_schema(operation_id="switchPractice", request=SwitchInput, responses=SignedInOutput)
    def post(self, request: Request) -> HttpResponse:
        """A token for another practice of yours; refreshing stays there."""
        body = read_body(SwitchInput, request)
        claims = cast("Claims", request.auth)
        if claims.operator_id:
            raise Forbidden
        with _judging_practices(), platform_scope(reason="switch practice"):
            result = sign_in.switch_practice(
                session_id=claims.session_id,
                user_id=claims.user_id,
                practice_id=body["practice"],
                now=timezone.now(),
            )
        return _answer(result)


class JWKS(PublicEndpoint):
    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The public keys of our tokens (RFC 7517)."""
        return Response(member_backend().jwks, headers={"Cache-Control": "public, max-age=300"})


def _named(body: dict[str, Any]) -> dict[str, Any]:
    return {"email": body["email"], "password": body["password"], "practice_id": body.get("practice")}


@contextmanager
def _judging_practices() -> Iterator[None]:
    """Another practice's id is 403 and on record, one that nobody has is 404: here as in every route."""
    try:
        yield
    except sign_in.NotAMember as refusal:
        raise isolation.judged(refusal, principal=refusal.principal, now=timezone.now()) from refusal


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host over HTTPS; plain HTTP (development) cannot have it."""
    return "refresh" if settings.DEVELOPMENT else "__Host-refresh"


def _cookie_path() -> str:
    return "/api/auth" if settings.DEVELOPMENT else "/"


def _client(request: Request) -> bytes:
    """What a browser says of itself: enough to tell a lost answer from a token carried elsewhere."""
    return sha256((request.META.get("HTTP_USER_AGENT") or "").encode()).digest()


def _signed_out() -> HttpResponse:
    response = HttpResponse(status=204)
    response.delete_cookie(cookie_name(), path=_cookie_path(), samesite="Strict")
    return response


def _session_of(request: Request) -> Any:
    if not request.META.get("HTTP_AUTHORIZATION"):
        return None
    authenticated = BearerAuthentication().authenticate(request)
    return authenticated[1].session_id


def _same_site_only(request: Request) -> None:
    """Cookies act here, so a page of another site must not be able to send them (CSRF)."""
    http: HttpRequest = request._request
    origin = http.META.get("HTTP_ORIGIN")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return
    if http.META.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none"):
        raise Forbidden
    if origin and _host_of(origin) != http.get_host():
        raise Forbidden


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        # Such as a bracket that nothing closes: no browser's, and nobody's host.
        return None


def _answer(result: sign_in.SignedIn) -> Response:
    response = Response(
        {
            "accessToken": result.access_token,
            "tokenType": "Bearer",
            "expiresIn": int(settings.JWT_LIFETIME.total_seconds()),
            "sessionEndsIn": result.ends_in,
            "practice": _practice(result.membership.practice),
            "role": result.membership.role,
            "memberships": [_membership(membership) for membership in result.memberships],
        },
        headers={"Cache-Control": "no-store"},
    )
    if result.refresh_token is not None:
        response.set_cookie(
            cookie_name(),
            result.refresh_token,
            max_age=int(settings.REFRESH_LIFETIME.total_seconds()),
            path=_cookie_path(),
            secure=not settings.DEVELOPMENT,
            httponly=True,
            samesite="Strict",
        )
    return response


def _practice(practice: Practice) -> dict[str, str]:
    return {"id": public_id("prac", practice.id), "name": practice.name, "timeZone": practice.time_zone}


def _membership(membership: Membership) -> dict[str, Any]:
    return {"practice": _practice(membership.practice), "role": membership.role}
