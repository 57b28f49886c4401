"""What every kind of import is given, and what it comes to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from integrations.imports.sheets import Columns, Line, LineError
from mybcat.principal import Principal


@dataclass(frozen=True, slots=True)
class Asked:
    """How the file is to be read, by whom and when."""

    by: Principal
    now: datetime
    # A DateOrder.
    dates: str
    even_if_alike: bool


@dataclass(slots=True)
class Outcome:
    """`created` and `known`: how many lines became records, and how many were records before.

    `records`: what each other system's id is from now on.
    """

    created: int = 0
    known: int = 0
    errors: list[LineError] = field(default_factory=list)
    records: dict[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of file. `run` writes in the caller's transaction, which rolls back where it returns errors.

    Up to `at_once` lines are taken over while the caller waits; up to `most` at all, by a worker in 45 s.
    """

    columns: Columns
    at_once: int
    most: int
    run: Callable[[list[Line], Asked], Outcome]
