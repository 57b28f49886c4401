"""The two demo practices: where they are, who works there and when, and what patients come for."""

from dataclasses import dataclass, field
from uuid import UUID

from mybcat.principal import Role
from practices.models import AppointmentType

PASSWORD = "mybcat-demo"  # noqa: S105 (known to all: it stands in the documentation)


@dataclass(frozen=True, slots=True)
class SampleType:
    """Minutes; `weight` is how often it is booked, of all."""

    code: str
    name: str
    duration: int
    weight: int
    before: int = 0
    after: int = 0
    audience: str = AppointmentType.Audience.ANY


@dataclass(frozen=True, slots=True)
class Shift:
    """Weekdays (0 is Monday), an index into the practice's locations, and clock times there."""

    weekdays: tuple[int, ...]
    location: int
    starts: str
    ends: str


@dataclass(frozen=True, slots=True)
class SampleLocation:
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class SamplePractitioner:
    name: str
    qualification: str
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class SampleLogin:
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class SamplePractice:
    id: UUID
    name: str
    time_zone: str
    phone: str
    area_codes: tuple[str, ...]
    patients: int
    locations: tuple[SampleLocation, ...]
    practitioners: tuple[SamplePractitioner, ...]
    members: tuple[tuple[SampleLogin, Role], ...] = field(default=())


RETURNING = AppointmentType.Audience.RETURNING
TYPES = (
    SampleType("comprehensive_exam", "Comprehensive exam", 30, weight=30),
    SampleType("contact_lens_fitting", "Contact lens fitting", 45, weight=8),
    SampleType("contact_lens_follow_up", "Contact lens follow-up", 15, weight=8, audience=RETURNING),
    # The pupils need a quarter of an hour after the drops, the practitioner a moment for the notes.
    SampleType("dilated_exam", "Dilated exam", 45, weight=8, after=15),
    SampleType("urgent_visit", "Urgent visit", 30, weight=3),
    SampleType("red_eye", "Red eye", 15, weight=6),
    SampleType("flashes_floaters", "Flashes or floaters", 30, weight=4, after=15),
    SampleType("paediatric_exam", "Pediatric exam", 30, weight=8, after=15),
    SampleType("glaucoma_check", "Glaucoma check", 30, weight=8, audience=RETURNING),
    # The field analyzer is set up before the patient sits down.
    SampleType("visual_field", "Visual field test", 30, weight=5, before=15),
    SampleType("glasses_check", "Glasses check", 15, weight=8, audience=RETURNING),
    SampleType("post_op", "Post-operative check", 15, weight=4, audience=RETURNING),
)

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = range(6)


def _day(*weekdays: int, location: int = 0, starts: str = "09:00", ends: str = "17:00") -> tuple[Shift, ...]:
    """From `starts` to `ends` with an hour for lunch at noon."""
    return (Shift(weekdays, location, starts, "12:00"), Shift(weekdays, location, "13:00", ends))


SARAH = SampleLogin("sarah@mybcat.example", "Sarah Mitchell")
OMAR = SampleLogin("omar@mybcat.example", "Omar Haddad")
MARIA = SampleLogin("maria@mybcat.example", "Maria Lopez")
OPERATOR = SampleLogin("ops@mybcat.example", "Platform Operator")

PRACTICES = (
    SamplePractice(
        # Fixed, so that examples in the documentation can name it.
        id=UUID("01990000-0000-7000-8000-00000000000a"),
        name="Bright Eyes Optometry",
        time_zone="America/New_York",
        phone="+12125550100",
        area_codes=("212", "646", "917"),
        patients=240,
        locations=(
            SampleLocation("Downtown", "120 Hudson Street, New York, NY 10013"),
            SampleLocation("Riverside", "88 Riverside Drive, New York, NY 10024"),
        ),
        practitioners=(
            SamplePractitioner(
                "Dr Alice Lee", "OD", (*_day(MONDAY, TUESDAY, WEDNESDAY), *_day(THURSDAY, FRIDAY, location=1))
            ),
            SamplePractitioner(
                "Dr Marcus Grant", "OD", (*_day(MONDAY, TUESDAY, THURSDAY, FRIDAY), *_day(WEDNESDAY, ends="19:00"))
            ),
            SamplePractitioner("Dr Priya Nair", "OD", _day(MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, location=1)),
            SamplePractitioner("Dr Daniel Weiss", "MD", _day(TUESDAY, THURSDAY, starts="08:00", ends="16:00")),
            SamplePractitioner(
                "Dr Sofia Romero",
                "OD",
                (
                    *_day(WEDNESDAY, THURSDAY, FRIDAY, location=1, starts="10:00", ends="18:00"),
                    Shift((SATURDAY,), 0, "09:00", "13:00"),
                ),
            ),
        ),
        members=((SARAH, Role.SCHEDULING_AGENT), (MARIA, Role.PRACTICE_MANAGER)),
    ),
    SamplePractice(
        id=UUID("01990000-0000-7000-8000-00000000000b"),
        name="Lakeside Vision",
        time_zone="America/Chicago",
        phone="+13125550100",
        area_codes=("312", "773"),
        patients=160,
        locations=(SampleLocation("Lakeview", "455 North Lake Shore Drive, Chicago, IL 60611"),),
        practitioners=(
            SamplePractitioner("Dr Emily Olsen", "OD", _day(MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)),
            SamplePractitioner("Dr James Carter", "OD", _day(MONDAY, WEDNESDAY, FRIDAY, starts="08:00", ends="18:00")),
            SamplePractitioner(
                "Dr Hana Kim", "MD", (*_day(TUESDAY, THURSDAY), Shift((SATURDAY,), 0, "09:00", "13:00"))
            ),
        ),
        members=((SARAH, Role.SCHEDULING_AGENT), (OMAR, Role.SCHEDULING_AGENT)),
    ),
)
