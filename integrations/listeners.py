"""Which listener hears of which events."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from integrations.analytics.counting import COUNTERS, count_event
from integrations.crm.models import CrmConnection
from integrations.crm.syncing import sync_appointment
from integrations.messaging.delivering import mail_patient, text_patient
from integrations.waitlist.listening import HEARD, follow, waited_for
from integrations.webhooks import health, sending
from integrations.webhooks.subscriptions import endpoints_for
from mybcat.deliveries import enqueue
from mybcat.events import Batch, EventType
from mybcat.ids import parsed, public_id
from mybcat.listeners import Listener
from mybcat.models import Event
from patients.models import Patient

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
    concurrency=4,
)

# Its own worker and circuit: a mail server that hangs holds no text.
EMAILS = Listener(
    name="emails",
    queue="emails",
    # As for texts, and on into the next day: who reads mail, reads it later.
    schedule=(*NOTIFICATIONS.schedule, timedelta(hours=12)),
    handler=mail_patient,
    concurrency=4,
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
    # What an outage leaves must not come down on HubSpot at once.
    rate=20.0,
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

# Rows of our own, as for figures; who waits for a time would rather know today.
WAITLIST = Listener(
    name="waitlist",
    queue="waitlist",
    schedule=(
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=3),
    ),
    handler=follow,
)

WEBHOOKS = Listener(
    name="webhooks",
    queue="webhooks",
    # After the first attempt: eleven more within 72 hours. No circuit: the schedule is promised for each delivery.
    schedule=(
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=24),
        timedelta(hours=48),
        timedelta(hours=72),
    ),
    from_first=True,
    handler=sending.send,
    # Threads that wait for receivers cost little; those that hang do so for 15 s.
    concurrency=256,
    per_target=64,
    circuit=False,
    keeps_attempts=True,
    prepare=sending.prepare,
    settled=health.note,
)

# What changes an appointment; a reminder does not.
APPOINTMENT_EVENTS = frozenset(
    each for each in EventType if each.startswith("appointment.") and each is not EventType.APPOINTMENT_REMINDER_DUE
)

# What patients hear of.
_TOLD = frozenset(
    {
        EventType.APPOINTMENT_BOOKED,
        EventType.APPOINTMENT_MOVED,
        EventType.APPOINTMENT_CANCELLED,
        EventType.APPOINTMENT_REINSTATED,
        EventType.APPOINTMENT_REMINDER_DUE,
        EventType.WAITLIST_OFFERED,
        EventType.WAITLIST_TAKEN,
    }
)

SUBSCRIPTIONS: dict[Listener, frozenset[str]] = {
    NOTIFICATIONS: _TOLD | {EventType.MESSAGE_REPLIED},
    EMAILS: _TOLD,
    CRM: APPOINTMENT_EVENTS,
    ANALYTICS: frozenset(COUNTERS),
    WAITLIST: HEARD,
}

LISTENERS = (*SUBSCRIPTIONS, WEBHOOKS)


def owe_deliveries(sender: type[Event], *, event: Event, batch: Batch, now: datetime, **kwargs: Any) -> None:
    """Receiver of `event_committed`: a delivery for each listener and each endpoint that hears of this type."""
    for listener, types in SUBSCRIPTIONS.items():
        if event.type in types and _wanted(listener, event, batch):
            enqueue(event=event, listener=listener, now=now)
    for endpoint_id in endpoints_for(event, batch=batch):
        enqueue(event=event, listener=WEBHOOKS, now=now, target_id=endpoint_id)


def _wanted(listener: Listener, event: Event, batch: Batch) -> bool:
    """Whether anybody is there whom the listener serves.

    Most practices have no CRM, most patients get texts, in many practices nobody waits.
    """
    if listener is EMAILS:
        return event.data.get("patientId") in batch.once(_by_email)
    if listener is WAITLIST:
        return event.practice_id in batch.once(waited_for)
    return listener is not CRM or event.practice_id in batch.once(_connected)


def _by_email(events: list[Event]) -> set[str]:
    """Public ids of patients who may have to be written to by e-mail; whether they are is decided when it is due."""
    # What names no patient must not stop the relay.
    named = [parsed(str(event.data.get("patientId"))) for event in events if event.type in _TOLD]
    ids = {found[1] for found in named if found and found[0] == "pat"}
    rows = Patient.objects.filter(id__in=ids, email_declined_at=None).exclude(email="")
    texted = Q(preferred_channel="sms", sms_consent=True, sms_unreachable_at=None) & ~Q(phone="")
    return {public_id("pat", patient) for patient in rows.exclude(texted).values_list("id", flat=True)}


def _connected(events: list[Event]) -> set[UUID]:
    practices = {event.practice_id for event in events}
    return set(CrmConnection.objects.filter(practice_id__in=practices).values_list("practice_id", flat=True))
