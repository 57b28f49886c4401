"""What the sentence of a blocker is made of, for who words it in another language or by another clock."""

from dataclasses import dataclass
from datetime import date, datetime

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Facts:
    """None where the sentence says nothing of it. Names are of staff, places, types and rules, never of patients."""

    practitioner: str | None = None
    location: str | None = None
    appointment_type: str | None = None
    # "new" or "returning": the patients whom the type is for.
    audience: str | None = None
    # None of what a program holds.
    held_by: str | None = None
    block: str | None = None
    # The rule keeps the time for who is new, and this patient is not.
    been_here: bool | None = None
    free_from: datetime | None = None
    resource: str | None = None
    most: int | None = None
    minutes: int | None = None
    # As the clock of the place has it.
    day: date | None = None
    # Not only on that day, but on no such weekday.
    weekly: bool | None = None
    last_day: date | None = None
    # The other one, without its buffers.
    appointment: Span | None = None
    hours: tuple[Span, ...] | None = None
    starts: tuple[datetime, ...] | None = None
