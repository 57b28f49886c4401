"""What happened, recorded with the change itself: the catalogue of events, and the one way to publish one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.dispatch import Signal
from psycopg.types.json import Jsonb

from mybcat.correlation import accepted_or_new, correlation_id
from mybcat.ids import new_uuid
from mybcat.models import Event
from mybcat.principal import Behalf, Principal
from mybcat.tenancy import CrossPracticeWrite, ScopeRequired, current_scope

T = TypeVar("T")


class EventType(StrEnum):
    """Stable codes: rows, webhooks and listeners hold them."""

    APPOINTMENT_BOOKED = "appointment.booked"
    APPOINTMENT_CANCELLED = "appointment.cancelled"
    APPOINTMENT_MOVED = "appointment.moved"
    APPOINTMENT_ARRIVED = "appointment.arrived"
    APPOINTMENT_FULFILLED = "appointment.fulfilled"
    APPOINTMENT_NOSHOW = "appointment.noshow"
    # Booked again: what was marked by mistake is put right.
    APPOINTMENT_REOPENED = "appointment.reopened"
    APPOINTMENT_ENTERED_IN_ERROR = "appointment.entered_in_error"
    # Its cancellation is undone.
    APPOINTMENT_REINSTATED = "appointment.reinstated"
    # The patient says that they will come.
    APPOINTMENT_CONFIRMED = "appointment.confirmed"
    # Its patient is to be reminded of the time that it has.
    APPOINTMENT_REMINDER_DUE = "appointment.reminder_due"
    # Hours, time off, reserved times or a cap: free time of the practitioner is another from now on.
    SCHEDULE_UPDATED = "schedule.updated"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASED = "hold.released"
    WAITLIST_ADDED = "waitlist.added"
    WAITLIST_WITHDRAWN = "waitlist.withdrawn"
    # A patient is asked whether they take a time that has become free.
    WAITLIST_OFFERED = "waitlist.offered"
    # What was on offer to a patient is somebody else's.
    WAITLIST_TAKEN = "waitlist.taken"
    # Somebody on the waitlist has it.
    WAITLIST_FILLED = "waitlist.filled"
    WEBHOOK_ENDPOINT_TEST = "webhook_endpoint.test"
    PATIENT_CREATED = "patient.created"
    PATIENT_UPDATED = "patient.updated"
    PATIENT_MERGED = "patient.merged"
    PATIENT_MERGE_UNDONE = "patient.merge_undone"
    # A patient has texted.
    MESSAGE_RECEIVED = "message.received"
    # Taken, handled, opened again.
    MESSAGE_CHANGED = "message.changed"
    # Somebody at the practice has answered a patient's text.
    MESSAGE_REPLIED = "message.replied"
    VISIT_PLANNED = "visit.planned"
    VISIT_STARTED = "visit.started"
    VISIT_ARRIVED = "visit.arrived"
    VISIT_ENDED = "visit.ended"


_APPOINTMENT = {
    "appointmentId": "appt",
    "patientId": "pat",
    "practitionerId": "pract",
    "locationId": "loc",
    "slotId": "slot",
}
# Where it is now, and where it was.
_MOVED = {**_APPOINTMENT, "previousSlotId": "slot", "previousPractitionerId": "pract"}
_HOLD = {"holdId": "hold", "practitionerId": "pract", "locationId": "loc", "slotId": "slot"}
_WAITING = {"waitlistEntryId": "wait", "patientId": "pat"}
_OFFERED = {
    "waitlistOfferId": "wofr",
    **_WAITING,
    "practitionerId": "pract",
    "locationId": "loc",
    "slotId": "slot",
}
_PATIENT = {"patientId": "pat"}
_VISIT = {"visitId": "visit", "appointmentId": "appt", "practitionerId": "pract"}
_INBOUND = {"inboundMessageId": "imsg"}
_MERGE = {"patientId": "pat", "mergedPatientId": "pat"}

# What `data` holds: each member's name, and the prefix of the public id that is its value.
CATALOGUE: dict[EventType, dict[str, str]] = {
    EventType.APPOINTMENT_BOOKED: _APPOINTMENT,
    EventType.APPOINTMENT_CANCELLED: _APPOINTMENT,
    EventType.APPOINTMENT_MOVED: _MOVED,
    EventType.APPOINTMENT_ARRIVED: _APPOINTMENT,
    EventType.APPOINTMENT_FULFILLED: _APPOINTMENT,
    EventType.APPOINTMENT_NOSHOW: _APPOINTMENT,
    EventType.APPOINTMENT_REOPENED: _APPOINTMENT,
    EventType.APPOINTMENT_ENTERED_IN_ERROR: _APPOINTMENT,
    EventType.APPOINTMENT_REINSTATED: _APPOINTMENT,
    EventType.APPOINTMENT_CONFIRMED: _APPOINTMENT,
    EventType.APPOINTMENT_REMINDER_DUE: _APPOINTMENT,
    EventType.SCHEDULE_UPDATED: {"practitionerId": "pract"},
    EventType.HOLD_PLACED: _HOLD,
    EventType.HOLD_RELEASED: _HOLD,
    EventType.WAITLIST_ADDED: _WAITING,
    EventType.WAITLIST_WITHDRAWN: _WAITING,
    EventType.WAITLIST_OFFERED: _OFFERED,
    EventType.WAITLIST_TAKEN: _OFFERED,
    EventType.WAITLIST_FILLED: {**_OFFERED, "appointmentId": "appt"},
    EventType.WEBHOOK_ENDPOINT_TEST: {"webhookEndpointId": "whep"},
    EventType.PATIENT_CREATED: _PATIENT,
    EventType.PATIENT_UPDATED: _PATIENT,
    EventType.PATIENT_MERGED: _MERGE,
    EventType.PATIENT_MERGE_UNDONE: _MERGE,
    EventType.MESSAGE_RECEIVED: _INBOUND,
    EventType.MESSAGE_CHANGED: _INBOUND,
    EventType.MESSAGE_REPLIED: {**_INBOUND, "messageId": "msg", "patientId": "pat"},
    EventType.VISIT_PLANNED: _VISIT,
    EventType.VISIT_STARTED: _VISIT,
    EventType.VISIT_ARRIVED: _VISIT,
    EventType.VISIT_ENDED: _VISIT,
}

# Sent by the relay alone, in its transaction (platform scope), once per committed event: `sender=Event, event, now`
# and the `batch` it is relayed with. A receiver enqueues deliveries and does nothing else; if it raises, the event is
# relayed again later.
event_committed = Signal()

_INSERT = """
    INSERT INTO mybcat_event
        (id, practice_id, type, subject_id, data, principal_kind, principal_id, correlation_id, occurred_at)
    VALUES
        (%(id)s, %(practice_id)s, %(type)s, %(subject_id)s, %(data)s, %(principal_kind)s, %(principal_id)s,
         %(correlation_id)s, %(occurred_at)s)
"""

_PUBLIC_ID = re.compile(r"([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)


@dataclass(frozen=True)
class Batch:
    """The events that are relayed together: a receiver asks PostgreSQL once for all of them, not for each."""

    events: list[Event]
    _known: dict[object, Any] = field(default_factory=dict)

    def once(self, load: Callable[[list[Event]], T]) -> T:
        """What `load` answers for the batch; it is called by the first who asks."""
        if load not in self._known:
            self._known[load] = load(self.events)
        known: T = self._known[load]
        return known


class InvalidEvent(ValueError):
    """The event is not in the catalogue, or holds what is no public id: a mistake in our code."""


def publish(*, type: str, subject_id: UUID, data: Mapping[str, str], by: Principal | Behalf, now: datetime) -> Event:  # noqa: A002
    """Record the event in the caller's transaction, inside practice_scope; it leaves only if that commits.

    Raises InvalidEvent for a type outside the catalogue and for data other than the catalogue's public ids.
    """
    row = _row(type=type, subject_id=subject_id, data=data, by=by, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, row)
    event = Event(**{**row, "data": dict(data)})
    event._state.adding = False
    event._state.db = connection.alias
    return event


def _row(
    *,
    type: str,  # noqa: A002
    subject_id: UUID,
    data: Mapping[str, str],
    by: Principal | Behalf,
    now: datetime,
) -> dict[str, Any]:
    """The row of _INSERT, checked."""
    practice_id = current_scope().practice_id
    if practice_id is None:
        raise ScopeRequired("an event belongs to one practice: publish inside practice_scope()")
    if by.practice_id != practice_id:
        raise CrossPracticeWrite(Event.__name__)
    _check(type, data)
    return {
        "id": new_uuid(),
        "practice_id": practice_id,
        "type": str(type),
        "subject_id": subject_id,
        "data": Jsonb(dict(data)),
        "principal_kind": by.kind,
        "principal_id": by.id,
        "correlation_id": accepted_or_new(correlation_id()),
        "occurred_at": now,
    }


def _check(event_type: str, data: Mapping[str, str]) -> None:
    members = CATALOGUE.get(event_type)  # type: ignore[call-overload]
    if members is None:
        raise InvalidEvent("the type is not in the catalogue")
    if data.keys() != members.keys():
        raise InvalidEvent(f"{event_type} holds {', '.join(members)}")
    for name, prefix in members.items():
        # The value is not named: where it is no id, it may be a patient's.
        found = _PUBLIC_ID.fullmatch(data[name])
        if found is None or found[1] != prefix:
            raise InvalidEvent(f"{event_type}: {name} is no public id of its kind")
