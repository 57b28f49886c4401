"""Finding a patient while the caller is still spelling the name."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from django.db.models import Q

from mybcat.tenancy import PracticeQuerySet
from patients.likeness import search_key, skeleton, sound

_DATE_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DATE_US = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_PHONE = re.compile(r"[+().-]*\d[+\d().-]*")
# From here on a number is a whole one and not just its end.
NATIONAL_DIGITS = 8
# The last code point: every text with the prefix sorts below prefix + this.
_AFTER = "\U0010ffff"


def birth_date(text: str) -> date | None:
    """A whole date as callers say it: `1984-03-09`, `3/9/1984`, or where that is none `13/9/1984` and `9.3.1984`.

    Slashes put the month first, dots the day; a first number above 12 is a day in any case.
    """
    iso, us = _DATE_ISO.fullmatch(text), _DATE_US.fullmatch(text)
    try:
        if iso:
            return date(*(int(part) for part in iso.groups()))
        if us:
            month, day, year = (int(part) for part in us.groups())
            if "." in text or month > 12:
                month, day = day, month
            return date(year, month, day)
    except ValueError:
        return None
    return None


def _starts_with(field: str, prefix: str) -> Q:
    # Comparisons are leakproof, LIKE and starts_with() are not all: this keeps the index under RLS.
    return Q(**{f"{field}__gte": prefix, f"{field}__lt": prefix + _AFTER})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search text speaks of."""

    names: str
    born: date | None
    # The end of a phone number; None where there is none in the text.
    digits: str | None


def read_search(text: str) -> Wanted:
    """Names, a birth date and a phone number, in any order."""
    words = text.split()
    born = next((day for day in map(birth_date, words) if day), None)
    rest = [word for word in words if not born or birth_date(word) != born]
    numbers = [word for word in rest if _PHONE.fullmatch(word)]
    digits = re.sub(r"\D", "", "".join(numbers))
    # The 0 that many countries dial first is no part of the number.
    digits = digits.lstrip("0") if len(digits) >= NATIONAL_DIGITS else digits
    names = search_key(" ".join(word for word in rest if word not in numbers))
    return Wanted(names, born, digits if numbers else None)


class PatientQuerySet(PracticeQuerySet[Any]):
    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            row.fold_names()
        return super().bulk_create(rows, *args, **kwargs)

    def standing(self) -> Self:
        """Those that were not merged into another record."""
        return self.filter(merged_into=None)

    def matching(self, text: str) -> Self:
        """Patients whom `text` may mean: the start of names, a birth date, the end of a phone number, in any order."""
        wanted = read_search(text)
        rows = self._born_and_reached(wanted)
        return rows.filter(_each_way(wanted.names, _is, _starts_with)) if wanted.names else rows

    def sounding(self, text: str) -> Self:
        """Patients whose whole names sound or look like those in `text`; birth date and number as they are."""
        wanted = read_search(text)
        rows = self._born_and_reached(wanted)
        return rows.filter(_each_way(wanted.names, _is_like, _is_like)) if wanted.names else self.none()

    def _born_and_reached(self, wanted: Wanted) -> Self:
        rows = self.standing()
        if wanted.born is not None:
            rows = rows.filter(date_of_birth=wanted.born)
        if wanted.digits is not None:
            # Two digits are nobody's.
            long_enough = len(wanted.digits) >= 3
            rows = rows.filter(_starts_with("phone_reversed", wanted.digits[::-1])) if long_enough else rows.none()
        return rows if wanted != Wanted("", None, None) else self.none()


_Test = Callable[[str, str], Q]


def _each_way(key: str, whole: _Test, last: _Test) -> Q:
    """The words are a first name, a last name, or both, whichever comes first; `last` judges what may be unfinished."""
    found = last("last_name_key", key) | last("first_name_key", key)
    words = key.split(" ")
    for cut in range(1, len(words)):
        first, second = " ".join(words[:cut]), " ".join(words[cut:])
        found |= whole("first_name_key", first) & last("last_name_key", second)
        found |= whole("last_name_key", first) & last("first_name_key", second)
    return found


def _is(field: str, key: str) -> Q:
    return Q(**{field: key})


def _is_like(field: str, key: str) -> Q:
    column = field.removesuffix("_key")
    return Q(**{f"{column}_sound": sound(key)}) | Q(**{f"{column}_skeleton": skeleton(key)})
