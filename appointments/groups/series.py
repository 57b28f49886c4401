"""The same visit every so many weeks, at the same time by the clock on the wall."""

from datetime import UTC, timedelta
from functools import partial
from uuid import UUID

from appointments.days import zone
from appointments.groups.booking import Nowhere, Wish
from appointments.models import Slot
from mybcat.errors import UnknownId


def series(*, patient_id: UUID, slot_id: UUID, type_code: str, every_weeks: int, count: int) -> list[Wish]:
    """Wishes for the slot and those that begin whole weeks after it, of the same practitioner at the same location.

    By the location's clock: nine in the morning stays nine when clocks change. Raises UnknownId (slot).
    """
    first = Slot.objects.select_related("practitioner__practice", "location").filter(id=slot_id).first()
    if first is None:
        raise UnknownId(prefix="slot", value=slot_id)
    clock = zone(first.location.time_zone)
    local = first.starts_at.astimezone(clock)
    # Arithmetic on the wall's clock: what has a zone keeps its clock time from day to day.
    begins = [(local + timedelta(weeks=every_weeks * number)).astimezone(UTC) for number in range(count)]
    rows = Slot.objects.filter(practitioner=first.practitioner, location=first.location, starts_at__in=begins)
    slots = dict(rows.values_list("starts_at", "id"))
    nowhere = partial(Nowhere, first.practitioner, first.location)
    return [Wish(patient_id, slots.get(start) or nowhere(start), type_code) for start in begins]
