"""Which listener hears of which events."""

from datetime import datetime, timedelta
from typing import Any

from integrations.analytics.counting import COUNTERS, count_event
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

SUBSCRIPTIONS: dict[Listener, frozenset[str]] = {
    NOTIFICATIONS: frozenset({EventType.APPOINTMENT_BOOKED, EventType.APPOINTMENT_CANCELLED}),
    ANALYTICS: frozenset(COUNTERS),
}


def owe_deliveries(sender: type[Event], *, event: Event, now: datetime, **kwargs: Any) -> None:
    """Receiver of `event_committed`: one delivery per listener that hears of this type, in the relay's transaction."""
    for listener, types in SUBSCRIPTIONS.items():
        if event.type in types:
            enqueue(event=event, listener=listener, now=now)
