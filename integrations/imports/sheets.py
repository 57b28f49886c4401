"""A spreadsheet's lines, each known by the number it has in the file.

What is wrong with a line is told by line, column and code: never by what stands there, which is a patient's.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mybcat.errors import DomainError

# What a spreadsheet program takes for a formula. Digits and what stands between those of a phone number are none.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SIGNED_NUMBER = re.compile(r"[+-][\d\s().-]+", re.ASCII)
_DELIMITERS = (",", ";", "\t")
_NAME = re.compile(r"[\W_]+")
# The longest column there is has 254 characters.
_MAX_CELL = 1000


class LineError(NamedTuple):
    """`column` is empty where the whole line is meant; `code` is one of reasons.py."""

    line: int
    column: str
    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line's cells by column; those that are empty or not there are missing. `number`: 1 is the file's first."""

    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """The cell, or nothing."""
        return self.cells.get(column, "")

    def wrong(self, column: str, code: str) -> LineError:
        """That this line's `column` cannot be."""
        return LineError(self.number, column, code)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the first line must name, and what it may."""

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """In the order in which they are told."""
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read: lines, and what is wrong with those that could not be."""

    lines: list[Line]
    errors: list[LineError]


class NotASheet(DomainError):
    """The file as a whole cannot be read. What its first line says may be a patient's: it is not repeated."""

    code = "import_unreadable"
    status = 400
    sentence = "The file is not CSV in UTF-8 with a first line that names its columns"


class WrongColumns(NotASheet):
    code = "import_wrong_columns"


class TooManyLines(DomainError):
    code = "import_too_long"
    status = 400

    def __init__(self, most: int) -> None:
        super().__init__(f"At most {most:,} lines in one file: divide it")


def read_sheet(content: str, *, columns: Columns, most: int) -> Sheet:
    """The lines of `content`, apart by comma, semicolon or tab. Raises NotASheet, WrongColumns, TooManyLines."""
    text = content.removeprefix("\ufeff")
    # Where a program put this, bytes were lost that were not UTF-8.
    if "\ufffd" in text:
        raise NotASheet
    rows = _rows(text, delimiter=_delimiter(text))
    number, head = next(rows, (1, None))
    if head is None:
        raise NotASheet
    names = _names(head, columns)
    sheet = Sheet([], [])
    for number, cells in rows:
        if cells is None:
            sheet.errors.append(LineError(number, "", "bad_quotes"))
        elif any(cells):
            _add(sheet, number, names, cells)
        if len(sheet.lines) + len(sheet.errors) > most:
            raise TooManyLines(most)
    if not sheet.lines and not sheet.errors:
        raise NotASheet("The file has no line besides the one that names its columns")
    return sheet


def _delimiter(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max(_DELIMITERS, key=head.count)


def _rows(text: str, *, delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each line's first number and its cells; None, and nothing after it, where quotes do not match."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, None
            return


def _names(head: Sequence[str], columns: Columns) -> list[str]:
    known = {_NAME.sub("", name).casefold(): name for name in columns.all}
    found = [known.get(_NAME.sub("", name).casefold(), "") for name in head]
    if unknown := [str(place) for place, name in enumerate(found, 1) if not name]:
        places = ", ".join(unknown[:20])
        raise WrongColumns(f"Not known: column {places}. There are: {', '.join(columns.all)}")
    if missing := [name for name in columns.required if name not in found]:
        raise WrongColumns(f"The first line must name: {', '.join(missing)}")
    if len(set(found)) != len(found):
        raise WrongColumns("The first line names a column twice")
    return found


def _add(sheet: Sheet, number: int, names: list[str], cells: list[str]) -> None:
    if len(cells) > len(names) and any(cells[len(names) :]):
        sheet.errors.append(LineError(number, "", "too_many_cells"))
        return
    line = Line(number, {})
    for name, cell in zip(names, cells, strict=False):
        # Line breaks inside quotes, and runs of spaces.
        plain = " ".join(_unguarded(cell).split())
        if _is_formula(_unguarded(cell)):
            sheet.errors.append(line.wrong(name, "formula"))
        elif len(plain) > _MAX_CELL:
            sheet.errors.append(line.wrong(name, "too_long"))
        elif plain:
            line.cells[name] = plain
    sheet.lines.append(line)


def _unguarded(cell: str) -> str:
    """Without the apostrophe by which our own exports, and spreadsheet programs, mark text."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell


def _is_formula(cell: str) -> bool:
    text = cell.strip(" ")
    return text.startswith(_FORMULA) and bool(text.strip()) and not _SIGNED_NUMBER.fullmatch(text)
