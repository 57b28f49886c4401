"""Every refusal and failure, in the shape of the version that was asked.

v1: `{"error", "correlationId", "fields"?}`. v2: RFC 9457. Elsewhere: v2's.
"""

import sys
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.csrf import csrf_failure as django_csrf_failure
from rest_framework import exceptions

from mybcat.correlation import correlation_id
from mybcat.errors import Busy, DomainError, RateLimited, UnknownId

logger = structlog.get_logger(__name__)

PROBLEM_TYPES = "https://mybcat.example/problems/"
# lock_not_available, query_canceled (statement_timeout), too_many_connections, admin and crash shutdown,
# cannot_connect_now, idle_in_transaction_session_timeout.
TRANSIENT = {"55P03", "57014", "53300", "57P01", "57P02", "57P03", "25P03"}
# disk_full, out_of_memory, read_only_sql_transaction (a standby that is not yet the primary): somebody must see to
# it, and then the same request succeeds.
ENDS_BY_HAND = {"53100", "53200", "25006"}
# serialization_failure, deadlock_detected: the same request, run again, may well succeed.
RETRYABLE = {"40001", "40P01"}


class Unexpected(DomainError):
    code = "unexpected"
    status = 500
    sentence = "An unexpected error occurred"


class Plain(DomainError):
    """What Django or DRF refuse by themselves, in our shape."""

    def __init__(self, status: int, code: str, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code
        self.headers = headers or {}


# The first that fits: one is a kind of the next.
_OF_DJANGO = (
    (RequestDataTooBig, 413, "body_too_large", "The request body is larger than 1 MiB"),
    (SuspiciousOperation, 400, "bad_request", "The request is not valid."),
    (Http404, 404, "not_found", "Not found"),
)


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of a database error; None where the server did not answer."""
    return getattr(error.__cause__, "sqlstate", None)


def render_exception(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's exception hook: nothing that a view raises passes it."""
    refusal = translated(error)
    if refusal.status == 405:
        refusal.headers = {"Allow": _allowed(context["view"])}
    return problem_response(refusal, request=context["request"]._request)


def translated(error: Exception) -> DomainError:
    """The refusal that stands for `error`; what nobody foresaw is logged and becomes a bare 500."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, exceptions.APIException):
        return _from_rest_framework(error)
    for kind, status, code, sentence in _OF_DJANGO:
        if isinstance(error, kind):
            return Plain(status, code, sentence)
    if isinstance(error, DatabaseError | InterfaceError):
        state = sqlstate(error)
        away = state is None and isinstance(error, OperationalError | InterfaceError)
        if state in ENDS_BY_HAND:
            logger.error("PostgreSQL can write no more", sqlstate=state)
            return Busy(retry_after=10)
        if away or state in TRANSIENT | RETRYABLE:
            logger.warning("database busy or away", sqlstate=state)
            return Busy()
    logger.error("unexpected error", exc_info=error)
    return Unexpected()


def _from_rest_framework(error: exceptions.APIException) -> DomainError:
    if isinstance(error, exceptions.ValidationError):
        refusal = Plain(400, "invalid", "The request is not valid.")
        refusal.fields = _fields(error.detail)
        if set(refusal.fields) == {"body"}:
            refusal.sentence = refusal.fields["body"][0]
        return refusal
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    if isinstance(error, exceptions.UnsupportedMediaType):
        return Plain(415, code, "Send application/json in UTF-8")
    return Plain(error.status_code, code, str(error.detail))


def _allowed(view: Any) -> str:
    """RFC 9110, section 15.5.6: a 405 names what is allowed."""
    return ", ".join(name.upper() for name in view.http_method_names if hasattr(view, name))


def _fields(detail: Any, path: str = "") -> dict[str, list[str]]:
    if isinstance(detail, list) and all(not isinstance(item, dict | list) for item in detail):
        return {path or "body": [str(item) for item in detail]}
    fields: dict[str, list[str]] = {}
    members = detail.items() if isinstance(detail, dict) else enumerate(detail)
    for name, inner in members:
        fields.update(_fields(inner, f"{path}.{name}" if path else str(name)))
    return fields


def problem_response(refusal: DomainError, *, request: HttpRequest) -> HttpResponse:
    """The answer that tells `refusal` and nothing else."""
    if request.path.startswith("/api/v1/"):
        body, content_type = _v1(refusal), "application/json"
    else:
        body, content_type = _v2(refusal), "application/problem+json"
    response = HttpResponse(orjson.dumps(body), status=refusal.status, content_type=content_type)
    for name, value in refusal.headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    return response


def _v1(refusal: DomainError) -> dict[str, Any]:
    if isinstance(refusal, RateLimited):
        # To the letter of v1's contract; the id is in the header, as ever.
        return {"error": refusal.sentence, **refusal.members}
    body: dict[str, Any] = {"error": refusal.sentence, "correlationId": correlation_id(), **refusal.members}
    if refusal.fields:
        body["fields"] = refusal.fields
    return body


def _v2(refusal: DomainError) -> dict[str, Any]:
    return {
        "type": PROBLEM_TYPES + refusal.code.replace("_", "-"),
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.sentence,
        "code": refusal.code,
        "correlationId": correlation_id(),
        **refusal.members,
        "errors": [
            {"detail": sentence, "pointer": "#/" + name.replace(".", "/")}
            for name, sentences in refusal.fields.items()
            for sentence in sentences
        ],
        **refusal.members,
    }


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400, such as for a Host that is not ours."""
    if isinstance(exception, RequestDataTooBig):
        return problem_response(translated(exception), request=request)
    return problem_response(Plain(400, "bad_request", "The request is not valid."), request=request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return problem_response(Plain(403, "forbidden", "Forbidden"), request=request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW: a page for operators, a problem for programs."""
    if request.path.startswith("/admin/"):
        return django_csrf_failure(request, reason)
    return problem_response(Plain(403, "forbidden", "Forbidden"), request=request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: no route of ours."""
    return problem_response(UnknownId(prefix="", value=None), request=request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, called while the exception is handled: without a database, pages are busy, not broken."""
    error = sys.exception()
    return problem_response(translated(error) if isinstance(error, Exception) else Unexpected(), request=request)
