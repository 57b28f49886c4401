"""What a patient's record tells of visits: asked of whoever knows appointments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Visits:
    """A patient's next appointment, on the practice's clock, and the day of the last visit kept."""

    next_id: UUID | None = None
    next_at: datetime | None = None
    last_on: date | None = None


# Called with patients' ids and the present instant. Appointments stand above patients, so the
# project's routes hand this in (`mybcat/urls.py`).
VisitsOf = Callable[[Sequence[UUID], datetime], dict[UUID, Visits]]
