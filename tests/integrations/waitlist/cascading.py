"""What the product's processes do between a cancellation and the last patient told, one step after the other."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from appointments.expiring import Expiring
from appointments.models import Appointment, Hold
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from integrations.listeners import EMAILS, NOTIFICATIONS, WAITLIST
from integrations.models import Message
from integrations.waitlist.sweeping import Cascading
from mybcat import working
from mybcat.claims import claim
from mybcat.ids import internal_id
from mybcat.listeners import Listener
from mybcat.models import Event
from mybcat.relay import relay_events
from mybcat.settling import settle
from mybcat.tenancy import practice_scope
from patients.models import Patient
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient, make_waiting

MINUTE = timedelta(minutes=1)
# What was freed is looked at from then on.
SETTLED = timedelta(seconds=16)


def waiting(clinic: Clinic, count: int, **fields: Any) -> list[WaitlistEntry]:
    """As many patients, the first of whom has waited longest."""
    since = datetime.now(UTC) - timedelta(days=9)
    return [
        make_waiting(
            clinic,
            **{"patient": make_patient(practice=clinic.practice), "created_at": since + place * MINUTE, **fields},
        )
        for place in range(count)
    ]


def free(agent: Caller, clinic: Clinic, *, slot: int = 0, **body: Any) -> str:
    """The clinic's patient is booked there and cancelled at the desk; the appointment's id."""
    booked = agent.book(clinic, slot=slot, version="v2", **body)
    assert booked.status_code == 201, booked.content
    return cancel(agent, booked.json()["appointmentId"])


def cancel(agent: Caller, appointment: str) -> str:
    answer = agent.post(f"/api/v2/appointments/{appointment}/cancel", {"reason": "patient_request"})
    assert answer.status_code == 200, answer.content
    return appointment


def undo_reserve_over(clinic: Clinic) -> None:
    """What is kept for undos and at desks is free again."""
    with practice_scope(clinic.practice.id):
        Hold.objects.update(expires_at=datetime.now(UTC) - timedelta(milliseconds=1))
    Expiring()(now=datetime.now(UTC))


def listen() -> None:
    """The relay, and the worker of `waitlist`."""
    relay_events(now=datetime.now(UTC))
    work(WAITLIST, now=datetime.now(UTC))


def work(listener: Listener, *, now: datetime) -> None:
    """All that is due for the listener, as at `now`."""
    while deliveries := claim(listener=listener, limit=50).deliveries:
        attempted = [working.attempt(delivery=each, listener=listener, clock=lambda: now) for each in deliveries]
        assert [each.error for each in attempted if each.error and listener is WAITLIST] == []
        settle(listener=listener, attempted=attempted)


def sweep(*, now: datetime) -> None:
    Cascading()(now=now)


def write(*, now: datetime) -> None:
    """Texts and mails about what has happened are sent, or wait."""
    relay_events(now=datetime.now(UTC))
    for listener in (NOTIFICATIONS, EMAILS):
        work(listener, now=now)


def offered(agent: Caller, clinic: Clinic, *, slot: int = 0) -> datetime:
    """A time becomes free, and the first ones are asked about it; when that was."""
    free(agent, clinic, slot=slot)
    undo_reserve_over(clinic)
    listen()
    now = datetime.now(UTC) + SETTLED
    sweep(now=now)
    write(now=now)
    return now


def offers(clinic: Clinic) -> list[WaitlistOffer]:
    with practice_scope(clinic.practice.id):
        return list(WaitlistOffer.objects.select_related("entry__patient", "opening").order_by("offered_at", "id"))


def openings(clinic: Clinic) -> list[WaitlistOpening]:
    with practice_scope(clinic.practice.id):
        return list(WaitlistOpening.objects.order_by("freed_at", "id"))


def asked(clinic: Clinic) -> list[tuple[Any, str]]:
    """Entries in the order in which they were asked, and what became of each."""
    return [(offer.entry_id, offer.status) for offer in offers(clinic)]


def statuses(clinic: Clinic, entries: Sequence[WaitlistEntry]) -> list[str]:
    with practice_scope(clinic.practice.id):
        found = dict(WaitlistEntry.objects.values_list("id", "status"))
    return [found[entry.id] for entry in entries]


def texts(clinic: Clinic, patient: Patient, *, status: str = "sent") -> list[str]:
    with practice_scope(clinic.practice.id):
        rows = Message.objects.filter(patient=patient, status=status).order_by("id")
        return list(rows.values_list("body", flat=True))


def told_kinds(clinic: Clinic, patient: Patient) -> list[tuple[str, str, str]]:
    with practice_scope(clinic.practice.id):
        rows = Message.objects.filter(patient=patient).order_by("id")
        return list(rows.values_list("kind", "status", "reason"))


def who_has(clinic: Clinic, *, slot: int = 0) -> Appointment | None:
    with practice_scope(clinic.practice.id):
        found: Appointment | None = Appointment.objects.filter(slots=clinic.slots[slot].id).first()
        return found


def events(clinic: Clinic, start: str = "waitlist.") -> list[str]:
    with practice_scope(clinic.practice.id):
        return list(Event.objects.filter(type__startswith=start).order_by("id").values_list("type", flat=True))


def of(entry: WaitlistEntry) -> str:
    return public("wait", entry.id)


def inner(prefix: str, shown: str) -> Any:
    return internal_id(prefix, shown)
