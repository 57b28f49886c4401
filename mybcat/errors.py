"""Refusals that a caller may see: a stable code, a status and a sentence."""

from typing import Any
from uuid import UUID


class DomainError(Exception):
    """A refusal with a meaning. Subclasses stand beside the service that raises them.

    The sentence goes to the caller as it is, so it names no patient and no table.
    """

    code = "refused"
    status = 400
    sentence = "The request was refused."

    def __init__(self, sentence: str | None = None, *, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(self.code)
        self.sentence = sentence or self.sentence
        self.fields = fields or {}
        self.headers: dict[str, str] = {}
        # What the body tells besides the sentence; never patient data.
        self.members: dict[str, Any] = {}


class InvalidInput(DomainError):
    """A member of the request does not hold what it must."""

    code = "invalid"
    status = 400
    sentence = "The request is not valid."


class UnknownId(DomainError):
    """No row of the caller's practice has this id.

    The gateway then looks, outside the caller's practice, whether another one has it: that is
    403 and a security event, and 404 else. `value` is None where the text was no id at all.
    """

    code = "not_found"
    status = 404
    sentence = "Not found"

    def __init__(self, *, prefix: str, value: UUID | None) -> None:
        super().__init__()
        self.prefix = prefix
        self.value = value


class Forbidden(DomainError):
    """The caller may not do this."""

    code = "forbidden"
    status = 403
    sentence = "Forbidden"


class Busy(DomainError):
    """What the request needs is locked by another; the same request may succeed in a second."""

    code = "busy"
    status = 503
    sentence = "The service is busy. Try again."

    def __init__(self, *, retry_after: int = 1) -> None:
        super().__init__()
        self.headers = {"Retry-After": str(retry_after)}


class RateLimited(DomainError):
    """The caller asked too often."""

    code = "rate_limited"
    status = 429
    sentence = "Rate limit exceeded"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__()
        self.headers = {"Retry-After": str(retry_after)}
        self.members = {"retryAfter": retry_after}
