"""Plain tables for a terminal and for docs/performance.md."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the first aligned left, the others right."""
    columns = list(zip(headings, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    lines = [_line(row, widths) for row in (headings, *rows)]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def median(series: Iterable[T], figure: Callable[[T], float]) -> float:
    """The middle one of a figure's values over the rounds."""
    return statistics.median(figure(each) for each in series)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    others = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "  ".join([row[0].ljust(widths[0]), *others]).rstrip()
