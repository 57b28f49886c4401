"""A yes from the waitlist: booked, or moved, by the same services as at the desk."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from appointments.booking import book_appointment
from appointments.models import Appointment
from appointments.moving import move_appointment
from appointments.waitlist.closing import fill
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from appointments.waitlist.openings import note_rest
from appointments.waitlist.services import NotWaiting
from mybcat.principal import Principal
from practices.models import Practice


def accept(*, opening: WaitlistOpening, offer: WaitlistOffer, now: datetime) -> None:
    """Give the opening, which the caller has locked, to whom the offer is for, and tell the others.

    Raises NotWaiting, and as `book_appointment` or `move_appointment` does; then it has changed nothing.
    """
    with transaction.atomic():
        entry = WaitlistEntry.objects.select_for_update(no_key=True).get(id=offer.entry_id)
        if entry.status not in WaitlistEntry.STANDING:
            raise NotWaiting
        offer.entry, by = entry, _principal(entry)
        appointment_id = _place(entry, opening.slot_id, by=by, now=now)
        fill(opening=opening, offer=offer, appointment_id=appointment_id, by=by, now=now)
        taken_until = Appointment.objects.values_list("occupied_until", flat=True).get(id=appointment_id)
        note_rest(opening=opening, taken_until=taken_until, now=now)


def _place(entry: WaitlistEntry, slot_id: UUID, *, by: Principal, now: datetime) -> UUID:
    if entry.appointment_id is not None:
        moved = move_appointment(appointment_id=entry.appointment_id, slot_id=slot_id, by=by, now=now)
        return UUID(str(moved.id))
    kind = entry.appointment_type.code
    return book_appointment(patient_id=entry.patient_id, slot_id=slot_id, type_code=kind, by=by, now=now).id


def _principal(entry: WaitlistEntry) -> Principal:
    practice = Practice.objects.get()
    return Principal.waiting(
        patient_id=entry.patient_id,
        practice_id=practice.id,
        plan=practice.plan,
        entitled_until=practice.entitled_until,
        time_zone=practice.time_zone,
    )
