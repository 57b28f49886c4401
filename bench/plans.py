"""Query plans as the serving role gets them: prepared, in the scope of a practice."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from bench.captured import Query
from mybcat.tenancy import practice_scope

_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?s")


def plan(query: Query, *, practice_id: UUID) -> str:
    """EXPLAIN (ANALYZE, BUFFERS) of `query`, behind the statement itself; changes nothing."""
    text, values = _numbered(query)
    with practice_scope(practice_id), connection.cursor() as cursor:
        cursor.execute(f"PREPARE bench_plan AS {text}")
        try:
            arguments = ", ".join(sql.Literal(value).as_string(cursor.connection) for value in values)
            execution = f"EXECUTE bench_plan({arguments})" if values else "EXECUTE bench_plan"
            # Once unobserved, so that the cost of the first look at the tables is not part of it.
            cursor.execute(f"EXPLAIN (ANALYZE) {execution}")
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {execution}")
            lines = [row[0] for row in cursor.fetchall()]
        finally:
            cursor.execute("DEALLOCATE bench_plan")
    return "\n".join([_shortened(text), *(f"    {line}" for line in lines)])


def _numbered(query: Query) -> tuple[str, list[Any]]:
    """With PostgreSQL's own placeholders, and the values in their order."""
    values: list[Any] = []
    places: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        name = match[1]
        if name is None or name not in places:
            values.append(_value(query, name, len(values)))
        if name is not None:
            return f"${places.setdefault(name, len(values))}"
        return f"${len(values)}"

    return _PLACEHOLDER.sub(number, query.sql).replace("%%", "%"), values


def _value(query: Query, name: str | None, position: int) -> Any:
    return query.parameters[name] if isinstance(query.parameters, Mapping) else query.parameters[position]  # type: ignore[index]


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 400 else f"{words[:400]} …"
