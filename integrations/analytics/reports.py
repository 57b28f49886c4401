"""A practice's figures, day by day, as its managers ask for them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Sum

from integrations.analytics.counting import COUNTERS
from integrations.analytics.models import DailyCount
from mybcat.ids import public_id
from practices.models import AppointmentType, Practitioner, User


class By(StrEnum):
    """What a day's figures are told apart by."""

    TYPE = "type"
    PRACTITIONER = "practitioner"
    AGENT = "agent"
    SOURCE = "source"


@dataclass
class Line:
    """The figures of one day, of one group where groups were asked for."""

    date: date
    # A type's code, a public id, or the kind of whoever acted; empty without groups.
    group: str
    name: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS.values(), 0))


_COLUMNS = {
    None: (),
    By.TYPE: ("appointment_type_id",),
    By.PRACTITIONER: ("practitioner_id",),
    By.AGENT: ("source", "agent_id"),
    By.SOURCE: ("source",),
}


def daily(*, since: date, until: date, by: By | None) -> list[Line]:
    """Lines of the days from `since` to `until`, both included, in order.

    Without `by` one for each day, on which nothing may have happened; with it, one for each group of which something
    did.
    """
    columns = _COLUMNS[by]
    rows = DailyCount.objects.filter(day__range=(since, until)).values("day", *columns, "counter")
    sums: dict[tuple[Any, ...], dict[str, int]] = defaultdict(dict)
    for row in rows.annotate(total=Sum("count")):
        sums[row["day"], *(row[column] for column in columns)][row["counter"]] = row["total"]
    if by is None:
        sums = {(day,): sums.get((day,), {}) for day in _days(since, until)}
    named = _NAMES[by]({key[1:] for key in sums})
    lines = [Line(key[0], *named[key[1:]]) for key in sums]
    for line, counts in zip(lines, sums.values(), strict=True):
        line.counts.update(counts)
    return sorted(lines, key=lambda line: (line.date, line.name, line.group))


def _days(since: date, until: date) -> list[date]:
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


# Each group's key, and the group and name that a line shows for it.
Names = dict[tuple[Any, ...], tuple[str, str]]


def _types(keys: Iterable[tuple[UUID]]) -> Names:
    found = AppointmentType.objects.filter(id__in=[key[0] for key in keys])
    return {(row.id,): (row.code, row.name) for row in found}


def _practitioners(keys: Iterable[tuple[UUID]]) -> Names:
    found = Practitioner.objects.filter(id__in=[key[0] for key in keys])
    return {(row.id,): (public_id("pract", row.id), row.name) for row in found}


def _agents(keys: Iterable[tuple[str, UUID | None]]) -> Names:
    """Members by name; of clients and others, the kind says what there is to say."""
    keys = list(keys)
    names = dict(User.objects.filter(id__in=[agent for _, agent in keys if agent]).values_list("id", "name"))
    prefixes = {"member": "user", "client": "appc"}
    return {
        (kind, agent): (public_id(prefixes.get(kind, kind), agent), names.get(agent, kind)) if agent else (kind, kind)
        for kind, agent in keys
    }


def _sources(keys: Iterable[tuple[str]]) -> Names:
    return {key: (key[0], key[0]) for key in keys}


def _whole_days(keys: Iterable[tuple[()]]) -> Names:
    return {(): ("", "")}


_NAMES: dict[By | None, Callable[[Any], Names]] = {
    None: _whole_days,
    By.TYPE: _types,
    By.PRACTITIONER: _practitioners,
    By.AGENT: _agents,
    By.SOURCE: _sources,
}
