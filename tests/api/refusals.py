"""What a refusal looks like, member for member, in both versions."""

from http import HTTPStatus
from typing import Any

PROBLEM_TYPES = "https://mybcat.example/problems/"

# What v2 adds where a time cannot be had; test_why_not.py holds it.
EXPLANATION = {"blockers", "nearest"}


def assert_refused(
    answer: Any, *, status: int, code: str, sentence: str, fields: dict[str, list[str]] | None = None
) -> None:
    """The answer says this, in the shape of the version that was asked, and says nothing else."""
    correlation_id = answer.headers["X-Correlation-Id"]
    if answer.wsgi_request.path.startswith("/api/v1/"):
        content_type = "application/json"
        expected: dict[str, Any] = {"error": sentence, "correlationId": correlation_id}
        if fields:
            expected["fields"] = fields
    else:
        content_type = "application/problem+json"
        expected = {
            "type": PROBLEM_TYPES + code.replace("_", "-"),
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": sentence,
            "code": code,
            "correlationId": correlation_id,
            "errors": [
                {"detail": detail, "pointer": "#/" + name.replace(".", "/")}
                for name, details in (fields or {}).items()
                for detail in details
            ],
        }
    told = {name: value for name, value in answer.json().items() if name not in EXPLANATION}
    assert (answer.status_code, told) == (status, expected)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == "no-store"


def assert_invalid(answer: Any, **fields: list[str]) -> None:
    """400, naming these members, with these sentences."""
    assert_refused(answer, status=400, code="invalid", sentence="The request is not valid.", fields=fields)


def assert_forbidden(answer: Any) -> None:
    assert_refused(answer, status=403, code="forbidden", sentence="Forbidden")


def assert_not_found(answer: Any, *, sentence: str = "Not found") -> None:
    assert_refused(answer, status=404, code="not_found", sentence=sentence)
