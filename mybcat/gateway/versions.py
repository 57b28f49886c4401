"""v1 says on each answer when it ends, tells us who still calls it, and is gone after its end."""

from email.utils import format_datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.encoding import escape_uri_path

from mybcat.errors import DomainError
from mybcat.gateway.correlation import GetResponse
from mybcat.gateway.problems import problem_response
from mybcat.principal import Principal
from mybcat.version_calls import counter

V1 = "/api/v1/"


class VersionSunset(DomainError):
    code = "version_sunset"
    status = 410
    sentence = "This version of the API has ended. Use /api/v2/"


class DeprecationMiddleware:
    """Every v1 answer, errors too, says since when v1 is deprecated and when it ends.

    `Deprecation` is RFC 9745, `Sunset` RFC 8594; the links lead to the successor and the reasons.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.headers = {
            "Deprecation": f"@{int(settings.V1_DEPRECATED_AT.timestamp())}",
            "Sunset": format_datetime(settings.V1_SUNSET_AT, usegmt=True),
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(V1):
            for name, value in self.headers.items():
                response[name] = value
            # Escaped: a path may hold what ends a header or a link in it.
            successor = escape_uri_path(request.path.replace(V1, "/api/v2/", 1))
            response["Link"] = f'<{successor}>; rel="successor-version", </api/docs>; rel="deprecation"'
        return response


class SunsetMiddleware:
    """After its end v1 is 410; until then its callers are counted."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(V1):
            return self.get_response(request)
        now = timezone.now()
        if now >= settings.V1_SUNSET_AT:
            return problem_response(VersionSunset(), request=request)
        response = self.get_response(request)
        # The gateway puts it there once it knows the caller. No isinstance(): it would ask Django's lazy user.
        caller = getattr(request, "user", None)
        if type(caller) is Principal:
            counter.count(caller, now=now)
        return response
