"""What made-up appointments would have told, had they been booked one by one: events that were relayed long ago.

No listener is owed them: nobody is texted, no CRM hears. Figures are counted from events, and would else be empty.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from django.dispatch import Signal

from appointments.booking import event_data
from appointments.calls.models import Call
from appointments.life_cycle import EVENTS
from appointments.models import Appointment
from mybcat.correlation import accepted_or_new
from mybcat.events import EventType
from mybcat.models import Event, EventSequence
from practices.models import Practice

Status = Appointment.Status

# How far back there are calls, and how many came to nothing for each that was booked.
CALLS, UNBOOKED = timedelta(days=14), 0.4
_OTHERWISE = (
    (Call.Outcome.INFORMATION, ""),
    (Call.Outcome.NOT_BOOKED, Call.Reason.NO_SUITABLE_TIME),
    (Call.Outcome.NOT_BOOKED, Call.Reason.INSURANCE_NOT_ACCEPTED),
    (Call.Outcome.NOT_BOOKED, Call.Reason.WANTS_TO_THINK),
    (Call.Outcome.MESSAGE_TAKEN, ""),
    (Call.Outcome.WRONG_NUMBER, ""),
)

# `sender=Practice, practice_id`, once its made-up history is committed.
history_made = Signal()


class _Told(NamedTuple):
    at: datetime
    type: str
    appointment: Appointment


def make_history(*, practice: Practice, appointments: Sequence[Appointment]) -> int:
    """Record the past of a new practice in scope, in the order of time; how many events there are."""
    told = sorted((each for appointment in appointments for each in _life(appointment)), key=lambda each: each.at)
    correlation_id = accepted_or_new(None)
    Event.objects.bulk_create(
        (
            Event(
                type=each.type,
                subject_id=each.appointment.id,
                data=event_data(each.appointment),
                principal_kind="member",
                principal_id=each.appointment.booked_by,
                correlation_id=correlation_id,
                occurred_at=each.at,
                seq=seq,
                relayed_at=each.at,
            )
            for seq, each in enumerate(told, start=1)
        ),
        batch_size=1000,
    )
    EventSequence.objects.create(practice_id=practice.id, last=len(told))
    return len(told)


def _life(appointment: Appointment) -> Iterator[_Told]:
    yield _Told(appointment.booked_at, EventType.APPOINTMENT_BOOKED, appointment)
    if appointment.status == Status.CANCELLED and appointment.cancelled_at:
        yield _Told(appointment.cancelled_at, EventType.APPOINTMENT_CANCELLED, appointment)
    if appointment.status in (Status.ARRIVED, Status.FULFILLED):
        yield _Told(appointment.starts_at, EventType.APPOINTMENT_ARRIVED, appointment)
    if appointment.status in (Status.FULFILLED, Status.NOSHOW):
        yield _Told(appointment.ends_at, EVENTS[appointment.status], appointment)


def make_calls(*, appointments: Sequence[Appointment], now: datetime, chance: Random) -> int:
    """Record the ended calls of the last days in the practice in scope; how many there are."""
    calls: list[Call] = []
    for appointment in appointments:
        if now - CALLS < appointment.booked_at < now - timedelta(minutes=10):
            calls.append(_call(appointment, (Call.Outcome.BOOKED, ""), minutes=0))
            if chance.random() < UNBOOKED:
                calls.append(_call(appointment, chance.choice(_OTHERWISE), minutes=chance.randrange(1, 5)))
    Call.objects.bulk_create(calls, batch_size=1000)
    return len(calls)


def _call(appointment: Appointment, end: tuple[str, str], *, minutes: int) -> Call:
    ended = appointment.booked_at + timedelta(minutes=minutes)
    return Call(
        agent_id=appointment.booked_by,
        opened_at=ended - timedelta(seconds=50),
        ended_at=ended,
        outcome=end[0],
        reason=end[1],
    )
