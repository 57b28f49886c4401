"""Putting patients on the waitlist, and taking them off it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from appointments.asked import active_type
from appointments.models import Appointment
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer
from appointments.wishes import WEEKDAYS, PartOfDay
from mybcat import audit, events
from mybcat.errors import DomainError, InvalidInput, UnknownId
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.principal import Principal
from mybcat.tenancy import TenantModel
from patients.services import get_patient
from practices.models import Location, Practitioner


class NotWaiting(DomainError):
    code = "not_waiting"
    status = 409
    sentence = "This patient does not wait any more: booked, withdrawn, or the days are over"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistWishes:
    """What the patient would take. None or empty: anything."""

    practitioner_ids: Collection[UUID] = ()
    location_ids: Collection[UUID] = ()
    from_date: date | None = None
    until_date: date | None = None
    part_of_day: PartOfDay | None = None
    weekdays: Collection[str] = ()
    urgency: str = WaitlistEntry.Urgency.ROUTINE


def add_entry(
    *,
    patient_id: UUID,
    type_code: str,
    wishes: WaitlistWishes,
    appointment_id: UUID | None = None,
    by: Principal,
    now: datetime,
) -> WaitlistEntry:
    """Let the patient wait for a time for a visit of the type, or for an earlier one than `appointment_id` has.

    Raises UnknownId, PatientMerged, InvalidInput: an unknown type, or an appointment that is not the patient's, not
    booked, or of another type.
    """
    # Not to be merged away meanwhile.
    patient = get_patient(patient_id, lock=True)
    kind = active_type(type_code)
    refuse_unknown("pract", wishes.practitioner_ids, Practitioner)
    refuse_unknown("loc", wishes.location_ids, Location)
    appointment = _to_be_earlier(appointment_id, patient.id, kind.id) if appointment_id else None
    entry = WaitlistEntry(
        patient=patient,
        appointment_type=kind,
        appointment=appointment,
        practitioner_ids=list(wishes.practitioner_ids),
        location_ids=list(wishes.location_ids),
        from_date=wishes.from_date,
        until_date=wishes.until_date,
        part_of_day=wishes.part_of_day or "",
        weekdays=[day for day in WEEKDAYS if day in wishes.weekdays],
        urgency=wishes.urgency,
        created_at=now,
        created_by=by.id,
    )
    entry.save()
    _tell(EventType.WAITLIST_ADDED, entry, by=by, now=now)
    return entry


def withdraw_entry(*, entry_id: UUID, by: Principal, now: datetime) -> WaitlistEntry:
    """The patient waits no more; a yes to what is on offer to them comes too late. Raises UnknownId, NotWaiting."""
    entry = WaitlistEntry.objects.select_for_update(no_key=True).filter(id=entry_id).first()
    if entry is None:
        raise UnknownId(prefix="wait", value=entry_id)
    if entry.status not in WaitlistEntry.STANDING:
        raise NotWaiting
    entry.status, entry.ended_at = WaitlistEntry.Status.WITHDRAWN, now
    entry.save(update_fields=("status", "ended_at"))
    entry.offers.filter(status=WaitlistOffer.Status.OPEN).update(status=WaitlistOffer.Status.WITHDRAWN)
    _tell(EventType.WAITLIST_WITHDRAWN, entry, by=by, now=now)
    return entry


def get_entry(*, entry_id: UUID, by: Principal, now: datetime) -> WaitlistEntry:
    """On record, as it tells of a patient. Raises UnknownId."""
    entry: WaitlistEntry | None = (
        WaitlistEntry.objects.select_related("patient", "appointment_type").filter(id=entry_id).first()
    )
    if entry is None:
        raise UnknownId(prefix="wait", value=entry_id)
    audit.record(principal=by, action="waitlist.read", object_kind="pat", object_ids=[entry.patient_id], now=now)
    return entry


def refuse_unknown(prefix: str, ids: Collection[UUID], model: type[TenantModel]) -> None:
    """Raises UnknownId for the first of the ids that the practice does not have."""
    known = set(model.objects.filter(id__in=ids).values_list("id", flat=True)) if ids else set()
    for value in ids:
        if value not in known:
            raise UnknownId(prefix=prefix, value=value)


def _to_be_earlier(appointment_id: UUID, patient_id: UUID, type_id: UUID) -> Appointment:
    appointment: Appointment | None = Appointment.objects.filter(id=appointment_id).first()
    if appointment is None:
        raise UnknownId(prefix="appt", value=appointment_id)
    found = (appointment.status, appointment.patient_id, appointment.appointment_type_id)
    if found != (Appointment.Status.BOOKED, patient_id, type_id):
        raise InvalidInput(fields={"appointmentId": ["Not a booked appointment of this patient and type"]})
    return appointment


def _tell(event_type: EventType, entry: WaitlistEntry, *, by: Principal, now: datetime) -> None:
    data = {"waitlistEntryId": public_id("wait", entry.id), "patientId": public_id("pat", entry.patient_id)}
    events.publish(type=event_type, subject_id=entry.id, data=data, by=by, now=now)
    audit.record(principal=by, action=event_type, object_kind="pat", object_ids=[entry.patient_id], now=now)
