"""How an opening ends, and what becomes of those who were asked about it.

The caller has locked the opening. Then entries come before offers, as for whoever withdraws one.
"""

from datetime import datetime
from uuid import UUID

from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from mybcat import audit, events
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.principal import Behalf, Principal

# Who may still say yes: not answering in time loses nothing but the turn.
ASKED = (WaitlistOffer.Status.OPEN, WaitlistOffer.Status.EXPIRED)


def fill(
    *, opening: WaitlistOpening, offer: WaitlistOffer, appointment_id: UUID, by: Principal | Behalf, now: datetime
) -> None:
    """Whoever the offer is for has the time: their entry is over, the others are told that it is taken."""
    entry, accepted = offer.entry, WaitlistOffer.Status.ACCEPTED
    entry.status, entry.appointment_id, entry.ended_at = WaitlistEntry.Status.BOOKED, appointment_id, now
    entry.save(update_fields=("status", "appointment", "ended_at"))
    besides = entry.offers.filter(status=WaitlistOffer.Status.OPEN).exclude(id=offer.id)
    besides.update(status=WaitlistOffer.Status.WITHDRAWN)
    offer.status, offer.answered_at = accepted, offer.answered_at or now
    offer.save(update_fields=("status", "answered_at"))
    tell(EventType.WAITLIST_FILLED, offer, opening, by=by, now=now, appointmentId=public_id("appt", appointment_id))
    close(opening=opening, status=WaitlistOpening.Status.FILLED, now=now)


def close(*, opening: WaitlistOpening, status: WaitlistOpening.Status, now: datetime) -> None:
    """No further patient is asked. Where the time is somebody's, whoever was asked is told and waits on.

    Of a time that only ran out, nobody is told: who says yes after all has it, as long as it is free.
    """
    opening.status, opening.ended_at, opening.next_at = status, now, None
    opening.save(update_fields=("status", "ended_at", "next_at"))
    if status == WaitlistOpening.Status.LAPSED:
        return
    offers = opening.offers.filter(status__in=ASKED).select_related("entry").order_by("id")
    for offer in offers:
        miss(opening=opening, offer=offer, now=now)


def miss(*, opening: WaitlistOpening, offer: WaitlistOffer, now: datetime) -> None:
    """The time is not to be had for this one of those who were asked: told, and waiting again."""
    if offer.status == WaitlistOffer.Status.OPEN:
        wait_on([offer.entry_id])
    offer.status = WaitlistOffer.Status.TAKEN
    offer.save(update_fields=("status",))
    offer.entry.refresh_from_db(fields=("status",))
    if offer.entry.status in WaitlistEntry.STANDING:
        by = Behalf("platform", opening.practice_id, opening.practice_id)
        tell(EventType.WAITLIST_TAKEN, offer, opening, by=by, now=now)


def wait_on(entry_ids: list[UUID]) -> None:
    """Nothing is on offer to these any more; those that are over stay so."""
    rows = WaitlistEntry.objects.filter(id__in=entry_ids, status=WaitlistEntry.Status.OFFERED)
    for entry in rows.order_by("id").select_for_update(no_key=True):
        entry.status = WaitlistEntry.Status.WAITING
        entry.save(update_fields=("status",))


def tell(
    event_type: EventType,
    offer: WaitlistOffer,
    opening: WaitlistOpening,
    *,
    by: Principal | Behalf,
    now: datetime,
    **besides: str,
) -> None:
    """Publish and record what becomes of an offer, which comes with its entry."""
    data = {
        "waitlistOfferId": public_id("wofr", offer.id),
        "waitlistEntryId": public_id("wait", offer.entry_id),
        "patientId": public_id("pat", offer.entry.patient_id),
        "practitionerId": public_id("pract", opening.practitioner_id),
        "locationId": public_id("loc", opening.location_id),
        "slotId": public_id("slot", opening.slot_id),
        **besides,
    }
    events.publish(type=event_type, subject_id=offer.id, data=data, by=by, now=now)
    audit.record(principal=by, action=event_type, object_kind="pat", object_ids=[offer.entry.patient_id], now=now)
