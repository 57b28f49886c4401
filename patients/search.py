"""Finding a patient while the caller is still spelling the name."""

import re
import unicodedata
from datetime import date
from typing import Any, Self

from django.db.models import Q

from mybcat.tenancy import PracticeQuerySet

_DATE_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DATE_US = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_PHONE = re.compile(r"\+?[\d\s().-]{3,25}")
# Letters that have no decomposition, as keyboards without them write them.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"})
# From here on a number is a whole one and not just its end.
NATIONAL_DIGITS = 8
# The last code point: every text with the prefix sorts below prefix + this.
_AFTER = "\U0010ffff"


def search_key(text: str) -> str:
    """`text` without accents, case and punctuation: `O'Brien` is `obrien`, `José` is `jose`; a hyphen is a space."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return " ".join("".join(_folded(character) for character in decomposed).split())


def _folded(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    if character.isspace() or unicodedata.category(character) == "Pd":
        return " "
    return character if character.isalnum() else ""


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


class PatientQuerySet(PracticeQuerySet[Any]):
    def matching(self, text: str) -> Self:
        """Patients whom `text` may mean: a birth date, the end of a phone number, or the start of names.

        Two words match first and last name in either order; a birth date may follow them.
        """
        text = text.strip()
        *names, last_word = text.split() or [""]
        born = birth_date(last_word)
        if born is not None:
            rows = self.filter(date_of_birth=born)
            return rows.matching(" ".join(names)) if names else rows
        if _PHONE.fullmatch(text):
            digits = re.sub(r"\D", "", text)
            # The 0 that many countries dial first is no part of the number.
            digits = digits.lstrip("0") if len(digits) >= NATIONAL_DIGITS else digits
            return self.filter(_starts_with("phone_reversed", digits[::-1])) if len(digits) >= 3 else self.none()
        return self._named(search_key(text))

    def _named(self, key: str) -> Self:
        if not key:
            return self.none()
        found = _starts_with("last_name_key", key) | _starts_with("first_name_key", key)
        words = key.split(" ")
        for cut in range(1, len(words)):
            first, second = " ".join(words[:cut]), " ".join(words[cut:])
            found |= Q(first_name_key=first) & _starts_with("last_name_key", second)
            found |= Q(last_name_key=first) & _starts_with("first_name_key", second)
        return self.filter(found)
