"""Which listener hears of which events."""

from datetime import datetime, timedelta
from typing import Any

from integrations.analytics.counting import COUNTERS, count_event
from integrations.crm.models import CrmConnection
from integrations.crm.syncing import sync_appointment
from integrations.messaging.delivering import text_patient
from mybcat.deliveries import enqueue
from mybcat.events import EventType
from mybcat.listeners import Listener
from mybcat.models import Event

NOTIFICATIONS = Listener(
    name="notifications",
    queue="notifications",
    # Quick at first, for the patient is still on the phone; after some six hours a text no longer helps.
    schedule=(
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=5),
    ),
    handler=text_patient,
)

CRM = Listener(
    name="crm",
    queue="crm",
    # Nobody waits for it, and it may be away for days: what is written then is the state of that moment.
    schedule=(
        timedelta(seconds=10),
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(hours=2),
        timedelta(hours=4),
        timedelta(hours=8),
        timedelta(hours=12),
        timedelta(hours=24),
    ),
    handler=sync_appointment,
)

# A queue of its own, and so its own worker: figures may wait, and nothing waits for them.
ANALYTICS = Listener(
    name="analytics",
    queue="analytics",
    # What fails is PostgreSQL or our own mistake; a day is time to mend it.
    schedule=(
        timedelta(seconds=5),
        timedelta(minutes=1),
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=6),
        timedelta(hours=18),
    ),
    handler=count_event,
)

APPOINTMENT_EVENTS = frozenset(EventType(each) for each in EventType if each.startswith("appointment."))

SUBSCRIPTIONS: dict[Listener, frozenset[str]] = {
    NOTIFICATIONS: frozenset({EventType.APPOINTMENT_BOOKED, EventType.APPOINTMENT_CANCELLED}),
    CRM: APPOINTMENT_EVENTS,
    ANALYTICS: frozenset(COUNTERS),
}


def owe_deliveries(sender: type[Event], *, event: Event, now: datetime, **kwargs: Any) -> None:
    """Receiver of `event_committed`: one delivery per listener that hears of this type, in the relay's transaction."""
    for listener, types in SUBSCRIPTIONS.items():
        if event.type in types and _wanted(listener, event):
            enqueue(event=event, listener=listener, now=now)


def _wanted(listener: Listener, event: Event) -> bool:
    """Whether the practice has what the listener serves: most have no CRM."""
    return listener is not CRM or CrmConnection.objects.filter(practice_id=event.practice_id).exists()
