"""The queries behind a request, as the view sends them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client

_READS = ("SELECT", "WITH")


@dataclass(frozen=True, slots=True)
class Query:
    """A statement that returns rows, with what was bound to its placeholders."""

    sql: str
    parameters: Sequence[Any] | Mapping[str, Any]


def queries_of(*, path: str, token: str, body: Mapping[str, Any] | None = None) -> list[Query]:
    """Carry out one request in this process: a GET, or a POST of `body`; its reads and locks, in order.

    Raises RuntimeError when the request is refused.
    """
    queries: list[Query] = []

    def note(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.strip().startswith(_READS) and "INSERT" not in sql:
            queries.append(Query(sql, parameters or ()))
        return execute(sql, parameters, many, context)

    headers = {"Authorization": f"Bearer {token}", "Host": "127.0.0.1", "X-Idempotency-Key": str(uuid4())}
    client = Client(headers=headers)
    # A caller who is known, as most are.
    client.get("/api/v1/locations")
    with connection.execute_wrapper(note):
        answer = client.get(path) if body is None else client.post(path, body, content_type="application/json")
    if answer.status_code >= 400:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.content.decode(errors='replace')}")
    return queries
