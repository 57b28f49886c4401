"""Each request gets its correlation id, and each answer tells it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
            # RFC 9110, section 8.6: these have no body, and no length of one.
            if not response.streaming and response.status_code not in (204, 304):
                # Without it the server answers in chunks: head and body in two packets.
                response["Content-Length"] = str(len(response.content))
            return response
