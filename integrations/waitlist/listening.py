"""What events say of times: freed, or taken. What follows is the sweep's, which looks at rows (sweeping.py)."""

from datetime import datetime

from appointments.models import Appointment
from appointments.waitlist.models import WaitlistEntry
from appointments.waitlist.openings import note_freed, note_taken
from mybcat.events import EventType
from mybcat.ids import internal_id
from mybcat.models import Delivery, Event
from mybcat.tenancy import practice_scope

# By the member that says where the time begins.
FREES = {
    EventType.APPOINTMENT_CANCELLED: "slotId",
    EventType.APPOINTMENT_ENTERED_IN_ERROR: "slotId",
    EventType.APPOINTMENT_MOVED: "previousSlotId",
}
TAKES = frozenset({EventType.APPOINTMENT_BOOKED, EventType.APPOINTMENT_MOVED, EventType.APPOINTMENT_REINSTATED})
HEARD = frozenset(FREES) | TAKES


def follow(*, delivery: Delivery, now: datetime) -> None:
    """The handler of `waitlist`: writes down what is to be looked at, and when; repeated, it changes nothing."""
    event = delivery.event
    with practice_scope(delivery.practice_id):
        appointment = Appointment.objects.get(id=event.subject_id)
        if member := FREES.get(EventType(event.type)):
            # As long as it was there, if its type takes as long today as it did then.
            lasts = appointment.ends_at - appointment.starts_at
            note_freed(slot_id=internal_id("slot", event.data[member]), lasts=lasts, freed_at=event.occurred_at)
        if event.type in TAKES:
            note_taken(appointment=appointment, taken_at=event.occurred_at)


def waited_for(events: list[Event]) -> set[object]:
    """The practices of these events in which somebody waits; in platform scope."""
    practices = {event.practice_id for event in events}
    rows = WaitlistEntry.objects.filter(practice_id__in=practices, status__in=WaitlistEntry.STANDING)
    return set(rows.values_list("practice_id", flat=True).distinct())
