"""Patients who do not exist, at telephone numbers that nobody has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import TypeVar

_T = TypeVar("_T")

FIRST_NAMES = (  # noqa: SIM905 (a list of strings would be a page long)
    "Aaliyah Abigail Aiden Alejandro Amara Amelia Andre Angela Anita Arjun Benjamin Beatriz Caleb Camila Carlos "
    "Charlotte Chen Chloe Daniel Deborah Diego Dmitri Dolores Elena Elijah Emma Ethan Fatima Felix Frank Gabriela "
    "George Grace Hannah Harold Hiroshi Imani Isabella Ivan Jamal James Jasmine José Juan Julia Kwame Laila Leo Linh "
    "Lucía Mateo Mei Michael Naomi Nia Noah Olivia Omar Patricia Ravi Rosa Ruth Samuel Sean Sofía Tariq Thomas Uma "
    "Victor Wei William Xiomara Yara Yusuf Zoë"
).split()
LAST_NAMES = (  # noqa: SIM905
    "Abbott Adeyemi Ahmed Álvarez Anderson Bailey Bauer Becker Bennett Brooks Castillo Chang Choi Clarke Cohen Collins "
    "Cruz Davis Delgado Diaz Dubois Edwards Ellis Evans Fischer Fitzgerald Flores Foster Garcia Gonzalez Green Gupta "
    "Hansen Harris Hernandez Hoffman Hughes Ibrahim Jackson Jensen Johnson Jones Kaplan Kaur Kelly Khan Kim Kowalski "
    "Larsen Lewis Lopez Martin Mbeki Mensah Miller Morales Murphy Müller Nakamura Nelson Nguyen Novak O'Brien O'Connor "
    "Okafor Olsen Ortiz Park Patel Peterson Popov Ramirez Reed Rivera Robinson Rossi Russell Santos Schmidt Shah Silva "
    "Singh Smith Suzuki Tanaka Taylor Thompson Torres Tran Walker Wang Washington Weber White Williams Wilson Wong"
).split()
INSURERS = {"VSP": 38, "EyeMed": 30, "Davis Vision": 10, "Spectera": 8, "Medicaid": 8, "": 6}
INSURERS_FROM_65 = {"Medicare": 70, "VSP": 16, "EyeMed": 14}
# Years and their weight: children's first exams, and eyes that grow old.
AGES = {
    range(3, 13): 12,
    range(13, 20): 8,
    range(20, 40): 20,
    range(40, 65): 32,
    range(65, 80): 20,
    range(80, 96): 8,
}


@dataclass(frozen=True, slots=True)
class SamplePatient:
    first_name: str
    last_name: str
    date_of_birth: date
    phone: str
    email: str
    insurance_provider: str
    sms_consent: bool


def make_patients(*, count: int, area_codes: Sequence[str], today: date, chance: Random) -> list[SamplePatient]:
    """`count` patients as of `today`, no two with the same name while there are names enough."""
    names = list(product(FIRST_NAMES, LAST_NAMES))
    chance.shuffle(names)
    numbers = fictional_numbers(area_codes)
    return [
        _patient(*names[number % len(names)], phone=numbers[number % len(numbers)], today=today, chance=chance)
        for number in range(count)
    ]


def fictional_numbers(area_codes: Sequence[str]) -> list[str]:
    """E.164. 555-0100 to 555-0199 are kept for fiction in every North American area code."""
    return [f"+1{area}55501{line:02}" for line in range(100) for area in area_codes]


def _patient(first_name: str, last_name: str, *, phone: str, today: date, chance: Random) -> SamplePatient:
    years: range = _weighted(AGES, chance)
    age = chance.choice(years)
    ascii_name = f"{first_name}.{last_name}".encode("ascii", "ignore").decode().replace("'", "").lower()
    return SamplePatient(
        first_name=first_name,
        last_name=last_name,
        date_of_birth=today - timedelta(days=365.25 * age + chance.randrange(365)),
        phone=phone,
        email=f"{ascii_name}@patients.example" if chance.random() < 0.85 else "",
        insurance_provider=_weighted(INSURERS if age < 65 else INSURERS_FROM_65, chance),
        sms_consent=chance.random() < 0.9,
    )


def _weighted(weights: Mapping[_T, int], chance: Random) -> _T:
    return chance.choices(list(weights), list(weights.values()))[0]
