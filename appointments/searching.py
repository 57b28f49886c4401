"""Searches for times: what could not be found out is told as unknown, never as nothing."""

from typing import Any

from django.db import DatabaseError, InterfaceError

from mybcat.errors import DomainError
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.problems import translated


class AvailabilityUnknown(DomainError):
    """The search did not come to its end; the same one may in a second."""

    code = "availability_unknown"
    status = 503
    sentence = "We could not find out; this does not mean that there is nothing free"

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"Retry-After": "1"}


class Search(Endpoint):
    """An endpoint whose answer a caller on the phone hears. v1, which is frozen, says what it always said."""

    def handle_exception(self, exc: Exception) -> Any:
        """Whatever the database fails with; `translated` logs it."""
        if isinstance(exc, DatabaseError | InterfaceError) and self.request.version == "v2":
            translated(exc)
            exc = AvailabilityUnknown()
        return super().handle_exception(exc)
