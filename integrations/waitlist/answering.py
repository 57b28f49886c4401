"""YES takes what is on offer: what patients answer to a time from the waitlist.

Meant is what is on offer to whoever has the number now; else the latest that was, as long as nothing else was written
to them since. Each yes is decided under the opening's lock: of ten at once, the first has the time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from appointments.moving import NotMovable
from appointments.unavailable import Unavailable
from appointments.waitlist.accepting import accept
from appointments.waitlist.closing import close, miss
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from appointments.waitlist.openings import Standing, standing_of
from appointments.waitlist.services import NotWaiting
from integrations.messaging.defaults import Kind
from integrations.messaging.models import InboundMessage
from integrations.messaging.replies import Reply, register
from integrations.models import Message
from integrations.waitlist.words import Said, said

_Status = WaitlistOffer.Status
# A yes to an older offer is for people to read.
ANSWERED_WITHIN = timedelta(days=1)
_OURS = (Kind.WAITLIST_OFFER, Kind.WAITLIST_TAKEN)


def take(practice_id: UUID, patient_ids: Sequence[UUID], message: InboundMessage, now: datetime) -> str | None:
    """The handler of YES: the time is the patient's, or they are told why not."""
    meant = _meant(patient_ids, phone=message.phone, now=now)
    if meant is None:
        return None
    opening = WaitlistOpening.objects.select_for_update(no_key=True).get(id=meant.opening_id)
    # As whoever was first has left it.
    offer = WaitlistOffer.objects.select_related("opening__location", "entry__patient").get(id=meant.id)
    outcome = _decide(opening, offer, now=now)
    WaitlistOffer.objects.filter(id=offer.id, answered_at=None).update(answered_at=now)
    return said(outcome, offer)


YES = Reply(
    code="waitlist_yes", words=("Yes", "Y", "Yes please", "Yes, thank you", "Si", "Sí, por favor", "Sí, gracias"),
    handler=take,
)  # fmt: skip


def register_yes() -> None:
    """From now on patients' YES is heeded."""
    register(YES)


def _meant(patient_ids: Sequence[UUID], *, phone: str, now: datetime) -> WaitlistOffer | None:
    rows = WaitlistOffer.objects.filter(
        entry__patient_id__in=patient_ids, offered_at__gt=now - ANSWERED_WITHIN
    ).order_by("-offered_at", "id")
    on_offer: WaitlistOffer | None = rows.filter(status=_Status.OPEN).first()
    latest: WaitlistOffer | None = on_offer or rows.first()
    if on_offer or latest is None:
        return on_offer
    # Whoever was reminded, or told of a booking, may be answering that.
    since = Message.objects.filter(to=phone, created_at__gt=latest.offered_at, status=Message.Status.SENT)
    return None if since.exclude(kind__in=_OURS).exists() else latest


def _decide(opening: WaitlistOpening, offer: WaitlistOffer, *, now: datetime) -> Said:
    """What becomes of the yes; what it changes is written."""
    if offer.status == _Status.ACCEPTED:
        return Said.YOURS
    if offer.entry.status not in WaitlistEntry.STANDING:
        return Said.OFF_THE_LIST
    over = opening.status in (WaitlistOpening.Status.FILLED, WaitlistOpening.Status.TAKEN)
    if over or offer.status == _Status.TAKEN or opening.starts_at <= now:
        return Said.TAKEN
    if opening.status == WaitlistOpening.Status.OPEN and standing_of(opening) == Standing.HELD:
        return Said.HELD
    return _try(opening, offer, now=now)


def _try(opening: WaitlistOpening, offer: WaitlistOffer, *, now: datetime) -> Said:
    try:
        accept(opening=opening, offer=offer, now=now)
    except (NotMovable, NotWaiting):
        return Said.OFF_THE_LIST
    except Unavailable:
        if opening.status == WaitlistOpening.Status.OPEN and standing_of(opening) != Standing.FREE:
            close(opening=opening, status=WaitlistOpening.Status.TAKEN, now=now)
        else:
            # Too short by now for this one's visit, or nobody is asked any more.
            miss(opening=opening, offer=offer, now=now)
        return Said.TAKEN
    return Said.YOURS
