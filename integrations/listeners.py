"""Which listener hears of which events."""

from datetime import datetime, timedelta
from typing import Any

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

SUBSCRIPTIONS: dict[Listener, frozenset[EventType]] = {
    NOTIFICATIONS: frozenset({EventType.APPOINTMENT_BOOKED, EventType.APPOINTMENT_CANCELLED}),
}


def owe_deliveries(sender: type[Event], *, event: Event, now: datetime, **kwargs: Any) -> None:
    """Receiver of `event_committed`: one delivery per listener that hears of this type, in the relay's transaction."""
    for listener, types in SUBSCRIPTIONS.items():
        if event.type in types:
            enqueue(event=event, listener=listener, now=now)
