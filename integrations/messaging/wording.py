"""Days and times as a language says them, on the clock of the wall at a location.

Names are written out here: what libraries print holds no-break spaces, and one letter outside GSM-7 halves a text.
"""

from datetime import datetime

from patients.models import Language

_DAYS = {
    Language.ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    Language.SPANISH: ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_MONTHS = {
    Language.ENGLISH: (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    Language.SPANISH: (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ),
}  # fmt: skip
_FORMS = {Language.ENGLISH: "{day}, {month} {number}", Language.SPANISH: "{day} {number} de {month}"}


def day_in_words(local: datetime, *, language: str) -> str:
    """`Friday, April 24`, `viernes 24 de abril`."""
    spoken = Language(language)
    day, month = _DAYS[spoken][local.weekday()], _MONTHS[spoken][local.month - 1]
    return _FORMS[spoken].format(day=day, month=month, number=local.day)


def time_in_words(local: datetime) -> str:
    """`10:00 AM EDT`: the zone's letters tell the two 1:30 of an autumn night apart."""
    return f"{local:%I:%M %p %Z}".lstrip("0")
