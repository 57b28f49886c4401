"""People as an import compares them: few questions to PostgreSQL, however many lines there are."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from patients.matching import LOOKED_AT, Person, likely_same
from patients.models import Patient

# Birth dates of one question.
TOGETHER = 500


@dataclass
class People:
    """People by birth date: who is of another one is never taken for the same."""

    by_birth: dict[date, list[Patient]] = field(default_factory=lambda: defaultdict(list))
    by_key: dict[tuple[str, str, date], list[Patient]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def on_record(cls, birth_dates: Iterable[date]) -> "People":
        """The patients of the practice in scope who were born on one of these."""
        found, days = cls(), sorted(set(birth_dates))
        for first in range(0, len(days), TOGETHER):
            for row in Patient.objects.standing().filter(date_of_birth__in=days[first : first + TOGETHER]):
                found.add(row)
        return found

    def add(self, patient: Patient) -> None:
        """One more; their names are folded."""
        self.by_birth[patient.date_of_birth].append(patient)
        self.by_key[_key(patient)].append(patient)

    def same(self, patient: Patient) -> Patient | None:
        """Of the same names and birth date, and of no other number."""
        for row in self.by_key.get(_key(patient), ()):
            if row.phone == patient.phone or not (row.phone and patient.phone):
                return row
        return None

    def alike(self, patient: Patient) -> bool:
        """Whether somebody is much like them. Where hundreds share a birth date, somebody typed nonsense."""
        person = Person(patient.first_name, patient.last_name, patient.date_of_birth, patient.phone)
        return any(likely_same(person, row) for row in self.by_birth.get(patient.date_of_birth, [])[-LOOKED_AT:])


def _key(patient: Patient) -> tuple[str, str, date]:
    return patient.first_name_key, patient.last_name_key, patient.date_of_birth
