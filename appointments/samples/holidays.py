"""Days on which practices in the United States are closed."""

from collections.abc import Iterator
from datetime import date, timedelta

MONDAY, THURSDAY = 0, 3
# Month, weekday, and which one of the month; -1 is the last.
BY_WEEKDAY = (
    (1, MONDAY, 3),
    (2, MONDAY, 3),
    (5, MONDAY, -1),
    (9, MONDAY, 1),
    (10, MONDAY, 2),
    (11, THURSDAY, 4),
)
BY_DATE = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))


def holidays_between(*, since: date, until: date) -> list[date]:
    """Public holidays in `[since, until)`, by date."""
    years = range(since.year, until.year + 1)
    return sorted(day for year in years for day in _holidays(year) if since <= day < until)


def _holidays(year: int) -> Iterator[date]:
    yield from (date(year, month, day) for month, day in BY_DATE)
    for month, weekday, which in BY_WEEKDAY:
        days = [day for day in _month(year, month) if day.weekday() == weekday]
        yield days[which if which < 0 else which - 1]


def _month(year: int, month: int) -> list[date]:
    first = date(year, month, 1)
    return [day for day in (first + timedelta(days=number) for number in range(31)) if day.month == month]
