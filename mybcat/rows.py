"""Rows of several models from one statement of our own.

Where somebody waits: what the ORM takes to put a query of five tables together is more than PostgreSQL takes to answer.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

_Row = TypeVar("_Row", bound=models.Model)


def columns(model: type[models.Model], alias: str) -> str:
    """All of the model's, of the table that the statement calls `alias`, for its SELECT."""
    return ", ".join(f"{alias}.{field.column}" for field in model._meta.concrete_fields)


def width(model: type[models.Model]) -> int:
    """How many these are."""
    return len(model._meta.concrete_fields)


def row_of(model: type[_Row], values: Sequence[Any]) -> _Row | None:
    """The row that has these values, in the order of `columns()`; None where an outer join found none."""
    names, converters = _shape(model)
    read = list(values)
    for place, convert in converters:
        read[place] = convert(read[place], None, connection)
    row = model.from_db("default", names, read)
    return None if row.pk is None else row


def rows_of(models_read: Sequence[type[models.Model]], values: Sequence[Any]) -> list[Any]:
    """Likewise of several models whose columns follow one another."""
    found, begins = [], 0
    for model in models_read:
        ends = begins + width(model)
        found.append(row_of(model, values[begins:ends]))
        begins = ends
    return found


@cache
def _shape(model: type[models.Model]) -> tuple[list[str], list[tuple[int, Any]]]:
    fields = model._meta.concrete_fields
    converters = [
        (place, convert) for place, field in enumerate(fields) for convert in field.get_db_converters(connection)
    ]
    return [field.attname for field in fields], converters
