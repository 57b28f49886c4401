"""Limits as callers meet them: the refusal, the headers on every answer, and requests that name nobody."""

import time
from collections.abc import Callable, Sequence
from math import ceil

from django.http import HttpRequest, HttpResponse

from mybcat.correlation import remote_address
from mybcat.errors import RateLimited
from mybcat.gateway.addresses import neighbourhood
from mybcat.gateway.counting import Admission, counted, forgiven
from mybcat.gateway.limits import Limit, limits_of_address
from mybcat.gateway.problems import problem_response
from mybcat.metrics import rate_limit_unavailable, rate_limited
from mybcat.volatile import Away, volatile


def admit(request: HttpRequest, admission: Admission) -> None:
    """Let the request pass, with headers for its answer. Raises RateLimited."""
    request.admission = admission  # type: ignore[attr-defined]
    if admission.refused:
        for count in admission.refused:
            rate_limited.labels(count.limit.name).inc()
        raise RateLimited(retry_after=admission.retry_after)


def admit_address(request: HttpRequest) -> None:
    """As `admit`, for a request whose caller is not known. Raises RateLimited."""
    limits = limits_of_address(neighbourhood(remote_address()))
    try:
        admission = counted(subjects=(), limits=limits, store=volatile())[1]
    except Away:
        admission = uncounted(limits)
    admit(request, admission)


def uncounted(limits: Sequence[Limit]) -> Admission:
    """Redis is away: everyone passes, and a counter says so."""
    rate_limit_unavailable.inc()
    return Admission.uncounted(limits)


class RateLimitMiddleware:
    """Every answer of the API says how many requests are left.

    What was answered without knowing the caller (401, 404 and 405 among them) counts against its address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith("/api/"):
            return response
        if not hasattr(request, "admission"):
            try:
                admit_address(request)
            except RateLimited as refusal:
                response = problem_response(refusal, request=request)
        if response.status_code >= 500:
            _forgive(request.admission)  # type: ignore[attr-defined]
        for name, value in headers(request.admission).items():  # type: ignore[attr-defined]
            response.headers[name] = value
        return response


def _forgive(admission: Admission) -> None:
    try:
        forgiven(admission=admission, store=volatile())
    except Away:
        return


def headers(admission: Admission) -> dict[str, str]:
    """`X-Rate-Limit-*` of the limit that the caller meets first (Reset: Unix time); of all of them
    `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
    """
    counts, tightest = admission.counts, admission.tightest
    return {
        "X-Rate-Limit-Limit": str(tightest.limit.burst or tightest.limit.quota),
        "X-Rate-Limit-Remaining": str(tightest.left),
        "X-Rate-Limit-Reset": str(ceil(time.time() + tightest.resets / 1000)),
        "RateLimit-Policy": ", ".join(
            f'"{each.limit.name}";q={each.limit.quota};w={each.limit.seconds}' for each in counts
        ),
        "RateLimit": ", ".join(f'"{each.limit.name}";r={each.left};t={ceil(each.resets / 1000)}' for each in counts),
    }
