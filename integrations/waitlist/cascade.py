"""One look at an opening: who has it, who is asked next, and when it is to be looked at again.

Everything stands in rows that are written in the transaction of the look, which holds the opening's lock: looks at
once, or one that dies, ask nobody twice (docs/adr/0031-the-waitlists-cascade.md).
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Min

from appointments.models import Appointment
from appointments.waitlist.accepting import accept
from appointments.waitlist.closing import ASKED, close, fill, miss, tell, wait_on
from appointments.waitlist.fitting import in_turn
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from appointments.waitlist.openings import Standing, standing_of
from integrations.messaging.channels import way_to
from integrations.messaging.defaults import Kind
from integrations.messaging.quiet_hours import quiet_until
from integrations.waitlist.models import WaitlistSettings
from integrations.waitlist.services import waitlist_settings
from mybcat.errors import DomainError
from mybcat.events import EventType
from mybcat.principal import Behalf
from patients.models import Patient

_Status = WaitlistOpening.Status
# A time that is held is looked at this often: whoever holds it decides in seconds or minutes.
HELD = timedelta(seconds=5)
# Whoever the time would suit is just being asked about another one.
NOBODY_NOW = timedelta(minutes=1)


def look(*, opening_id: UUID, now: datetime) -> None:
    """In the practice in scope; nothing where the opening is not due, or another looks at it."""
    opening = _locked(opening_id, now)
    if opening is None:
        return
    _expire(opening, now=now)
    standing = standing_of(opening)
    if standing == Standing.GONE:
        _give_up(opening, now=now)
    elif standing == Standing.HELD:
        _again(opening, now + HELD)
    elif not _has_said_yes(opening, now=now):
        _go_on(opening, now=now)


def _locked(opening_id: UUID, now: datetime) -> WaitlistOpening | None:
    rows = WaitlistOpening.objects.filter(id=opening_id, status=_Status.OPEN, next_at__lte=now)
    found: WaitlistOpening | None = (
        rows.select_related("practice", "practitioner", "location")
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .first()
    )
    return found


def _again(opening: WaitlistOpening, at: datetime) -> None:
    opening.next_at = at
    opening.save(update_fields=("next_at", "batch"))


def _expire(opening: WaitlistOpening, *, now: datetime) -> None:
    """Who has not answered waits for other times, too."""
    late = opening.offers.filter(status=WaitlistOffer.Status.OPEN, expires_at__lte=now)
    wait_on(list(late.values_list("entry_id", flat=True)))
    late.update(status=WaitlistOffer.Status.EXPIRED)


def _give_up(opening: WaitlistOpening, *, now: datetime) -> None:
    """Somebody has it: at the desk, perhaps one of those who were asked."""
    there: Appointment | None = Appointment.objects.filter(slots=opening.slot_id).first()
    offer = _offered_to(opening, there) if there else None
    if there is None or offer is None:
        close(opening=opening, status=_Status.TAKEN, now=now)
        return
    by = Behalf("platform", opening.practice_id, opening.practice_id)
    fill(opening=opening, offer=offer, appointment_id=there.id, by=by, now=now)


def _offered_to(opening: WaitlistOpening, there: Appointment) -> WaitlistOffer | None:
    """The offer that the appointment takes up."""
    found: WaitlistOffer | None = (
        opening.offers.filter(
            status__in=ASKED,
            entry__status__in=WaitlistEntry.STANDING,
            entry__patient=there.patient_id,
            entry__appointment_type=there.appointment_type_id,
        )
        .select_related("entry")
        .first()
    )
    return found


def _has_said_yes(opening: WaitlistOpening, *, now: datetime) -> bool:
    """Whether one of those has it now who said yes while it was held: the first for whom it can be had."""
    waiting = opening.offers.filter(status__in=ASKED, answered_at__isnull=False).select_related("entry")
    for offer in waiting.order_by("answered_at", "id"):
        try:
            accept(opening=opening, offer=offer, now=now)
        except DomainError:
            miss(opening=opening, offer=offer, now=now)
            continue
        return True
    return False


def _go_on(opening: WaitlistOpening, *, now: datetime) -> None:
    """Ask the next ones, or wait until that may be."""
    rules, practice = waitlist_settings(), opening.practice
    entitled = practice.entitled_until is not None and practice.entitled_until > now
    too_near = opening.starts_at - now < timedelta(hours=rules.lead_hours) or opening.starts_at <= now
    if too_near or not rules.is_active or not entitled:
        close(opening=opening, status=_Status.LAPSED, now=now)
        return
    on_offer = opening.offers.filter(status=WaitlistOffer.Status.OPEN)
    answers_until: datetime | None = on_offer.aggregate(first=Min("expires_at"))["first"]
    if wait_until := answers_until or quiet_until(now=now, time_zone=practice.time_zone):
        _again(opening, wait_until)
    elif chosen := _choose(opening, rules):
        _ask(opening, chosen, rules, now=now)
    elif _others_are_busy(opening):
        _again(opening, now + NOBODY_NOW)
    else:
        close(opening=opening, status=_Status.LAPSED, now=now)


def _choose(opening: WaitlistOpening, rules: WaitlistSettings) -> list[WaitlistEntry]:
    """The best ones who can be written to, locked; nobody twice, and of those who share a number one."""
    chosen: dict[str, WaitlistEntry] = {}
    patients: set[UUID] = set()
    for entry in in_turn(opening).iterator(chunk_size=50):
        number = entry.patient.phone or str(entry.patient_id)
        if entry.patient_id in patients or number in chosen or not _reachable(entry.patient):
            continue
        rows = WaitlistEntry.objects.filter(id=entry.id, status=WaitlistEntry.Status.WAITING)
        if rows.select_for_update(no_key=True, skip_locked=True).exists():
            chosen[number] = entry
            patients.add(entry.patient_id)
        if len(chosen) == rules.batch_size:
            break
    return list(chosen.values())


def _reachable(patient: Patient) -> bool:
    return way_to(patient, kind=Kind.WAITLIST_OFFER).channel is not None


def _ask(opening: WaitlistOpening, entries: list[WaitlistEntry], rules: WaitlistSettings, *, now: datetime) -> None:
    opening.batch += 1
    expires_at = now + timedelta(minutes=rules.answer_minutes)
    by = Behalf("platform", opening.practice_id, opening.practice_id)
    for entry in entries:
        entry.status = WaitlistEntry.Status.OFFERED
        entry.save(update_fields=("status",))
        offer = WaitlistOffer(opening=opening, entry=entry, batch=opening.batch, offered_at=now, expires_at=expires_at)
        offer.save()
        tell(EventType.WAITLIST_OFFERED, offer, opening, by=by, now=now)
    _again(opening, expires_at)


def _others_are_busy(opening: WaitlistOpening) -> bool:
    """Whether somebody who might want it is being asked about another time."""
    rows = WaitlistOffer.objects.filter(status=WaitlistOffer.Status.OPEN).exclude(opening=opening)
    return bool(rows.exclude(entry__offers__opening=opening).exists())
