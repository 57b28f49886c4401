"""How many requests, to which route, how they ended and how long they took."""

import time
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse

from mybcat.gateway.correlation import GetResponse
from mybcat.metrics import http_requests, http_seconds

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MeasuringMiddleware:
    """Counts under the route's template; what no route has is one series, so that callers cannot make more."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        route = request.resolver_match.route if request.resolver_match else "none"
        requests, seconds = _series(method, route, response.status_code)
        requests.inc()
        seconds.observe(time.perf_counter() - begun)
        return response


@lru_cache(maxsize=4096)
def _series(method: str, route: str, status: int) -> tuple[Any, Any]:
    return http_requests.labels(method, route, str(status)), http_seconds.labels(method, route)
