"""Who may already be on record: asked before a second record of the same person is made."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Q, Value, When
from django.db.models.expressions import OrderBy

from mybcat.errors import DomainError
from mybcat.ids import public_id
from mybcat.tenancy import current_scope
from patients.likeness import names_alike, skeleton, sound
from patients.likeness import search_key as folded
from patients.models import Patient

# Of 100. A birth date and a name make a person; a phone is a family's.
EACH_NAME, BIRTH_DATE, PHONE = 20, 40, 20
# Names of strangers are up to so much alike.
STRANGERS = 0.6
# More than two of the four: a name misspelt or changed by marriage, a twin. Worth a second look.
LIKELY = 65
# Of two who add the same person at once, the second finds what the first has added. Who is likely the same has the same
# birth date, so others do not wait.
_IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('patient ' || %s || %s, 0))"
# Those first with whom most agrees. So many share a birthday and more only where somebody typed nonsense.
LOOKED_AT = 200


class PossibleDuplicate(DomainError):
    """Somebody very much like this is on record. `members` names whom; the caller may insist."""

    code = "possible_duplicate"
    status = 409
    sentence = "A patient who is very much like this one is on record: look before you add another"

    def __init__(self, candidates: "Iterable[Candidate]") -> None:
        super().__init__()
        self.members = {
            "candidates": [
                {"patientId": public_id("pat", each.patient.id), "score": each.score, "because": list(each.because)}
                for each in candidates
            ]
        }


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody, none of it for certain."""

    first_name: str = ""
    last_name: str = ""
    date_of_birth: date | None = None
    # E.164.
    phone: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """As names are compared."""
        return folded(self.first_name), folded(self.last_name)


@dataclass(frozen=True, slots=True)
class Candidate:
    """`score`: 0 to 100. `because`: what agrees, of name, dateOfBirth and phone."""

    patient: Patient
    score: int
    because: tuple[str, ...]


def candidates(*, person: Person, other_than: UUID | None = None, limit: int = 10) -> list[Candidate]:
    """Patients of the practice in scope who may be `person`, the likeliest first."""
    rows = Patient.objects.standing().filter(_worth_a_look(person)).exclude(id=other_than)
    rows = rows.order_by(_likeliest_first(person), "id")[:LOOKED_AT]
    judged = [_judged(person, row) for row in rows]
    alike = [each for each in judged if each.because]
    return sorted(alike, key=lambda each: (-each.score, each.patient.last_name_key, each.patient.id))[:limit]


def likely_same(person: Person, patient: Patient) -> bool:
    """Whether they are so much alike that somebody should look. Never where their birth dates differ."""
    return _judged(person, patient).score >= LIKELY


def refuse_duplicates(*, person: Person) -> None:
    """Raises PossibleDuplicate when somebody on record, or just being added, is likely the same."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_TURN, [str(current_scope().practice_id), str(person.date_of_birth)])
    likely = [each for each in candidates(person=person) if each.score >= LIKELY]
    if likely:
        raise PossibleDuplicate(likely)


def _worth_a_look(person: Person) -> Q:
    return reduce(or_, _tests(person).values(), Q(pk__in=()))


def _likeliest_first(person: Person) -> OrderBy:
    """With whom most agrees: hundreds may have a common name, and who is meant must be among those looked at."""
    points = {"dateOfBirth": BIRTH_DATE, "name": 2 * EACH_NAME - 1, "phone": PHONE}
    agreed = (Case(When(test, then=points[name]), default=0) for name, test in _tests(person).items())
    total: Any = sum(agreed, Value(0))
    return OrderBy(total, descending=True)


def _tests(person: Person) -> dict[str, Q]:
    """What each thing known asks of a row, by its indexes; whole names, as they are heard or were mistyped."""
    tests = {}
    if person.date_of_birth:
        tests["dateOfBirth"] = Q(date_of_birth=person.date_of_birth)
    if person.phone:
        tests["phone"] = Q(phone_reversed=person.phone[::-1])
    first, last = person.names
    if last and first:
        tests["name"] = (
            Q(last_name_sound=sound(last), first_name_sound=sound(first))
            | Q(last_name_skeleton=skeleton(last), first_name_skeleton=skeleton(first))
            | Q(last_name_sound=sound(first), first_name_sound=sound(last))
        )
    return tests


def _judged(person: Person, patient: Patient) -> Candidate:
    degrees = names_alike(person.names, (patient.first_name_key, patient.last_name_key))
    above = sum(max(0.0, (degree - STRANGERS) / (1 - STRANGERS)) for degree in degrees)
    points = {
        "name": round(EACH_NAME * above),
        "dateOfBirth": BIRTH_DATE if person.date_of_birth == patient.date_of_birth else 0,
        "phone": PHONE if person.phone and person.phone == patient.phone else 0,
    }
    return Candidate(patient, sum(points.values()), tuple(name for name, given in points.items() if given))
