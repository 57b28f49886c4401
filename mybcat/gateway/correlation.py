"""Each request gets its correlation id, each answer tells it and its version's end."""

from collections.abc import Callable
from email.utils import format_datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from mybcat.correlation import accepted_or_new, correlated, requested

GetResponse = Callable[[HttpRequest], HttpResponse]


class CorrelationMiddleware:
    """Outermost, so that what any other layer refuses carries the id as well."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.META.get("HTTP_X_CORRELATION_ID")
        address = request.META.get("REMOTE_ADDR") or None
        with correlated(accepted_or_new(offered), address=address) as current, requested() as single:
            response = self.get_response(request)
            response["X-Correlation-Id"] = current
            # Ours always: partners quote it to us, and their own ids may repeat.
            response["X-Request-Id"] = single
            if not response.streaming:
                # Without it the server answers in chunks: head and body in two packets.
                response["Content-Length"] = str(len(response.content))
            return response


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
        if request.path.startswith("/api/v1/"):
            for name, value in self.headers.items():
                response[name] = value
            # Escaped: a path may hold what ends a header or a link in it.
            successor = escape_uri_path(request.path.replace("/api/v1/", "/api/v2/", 1))
            response["Link"] = f'<{successor}>; rel="successor-version", </api/docs>; rel="deprecation"'
        return response
