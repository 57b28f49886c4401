"""Whom and what a file names: by id, or by a name that only one of the practice has."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar
from uuid import UUID

from integrations.imports.sheets import Line, LineError
from mybcat.ids import parsed
from practices.models import Location, Practitioner

_M = TypeVar("_M", Practitioner, Location)


class Named(Generic[_M]):
    """Rows by id and by name. What cannot be found is added to `errors`."""

    def __init__(self, rows: Iterable[_M], *, prefix: str, errors: list[LineError]) -> None:
        self._rows: list[_M] = list(rows)
        self._by_id: dict[UUID, _M] = {row.id: row for row in self._rows}
        self._prefix, self._errors = prefix, errors

    def only(self) -> _M | None:
        """The one that there is."""
        return self._rows[0] if len(self._rows) == 1 else None

    def find(self, line: Line, column: str) -> _M | None:
        """The one that `column` names; None where it is an error, or where the cell is empty."""
        text = line.get(column)
        if not text:
            return None
        found = parsed(text)
        if found is not None and found[0] == self._prefix:
            row = self._by_id.get(found[1])
            return row or self._wrong(line, column, "unknown_id")
        same = [row for row in self._rows if _folded(row.name) == _folded(text)]
        if len(same) == 1:
            return same[0]
        return self._wrong(line, column, "ambiguous_name" if same else "unknown_name")

    def _wrong(self, line: Line, column: str, code: str) -> Any:
        self._errors.append(line.wrong(column, code))


def practitioners(errors: list[LineError]) -> Named[Practitioner]:
    """Those who see patients, of the practice in scope."""
    rows = Practitioner.objects.active().select_related("practice").order_by("id")
    return Named(rows, prefix="pract", errors=errors)


def locations(errors: list[LineError]) -> Named[Location]:
    """Where patients are seen."""
    return Named(Location.objects.active().order_by("id"), prefix="loc", errors=errors)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
