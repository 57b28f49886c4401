"""Bring the CRM to where an appointment stands now.

The event says no more than which appointment to look at. What is written is its state of this moment, and it
is looked at again afterwards: whoever wrote last has then seen that nothing changed meanwhile. So neither the
order of events nor two workers on one appointment can leave an old state behind.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from appointments.models import Appointment
from integrations.crm.hubspot import Contact, HubSpot, PropertyMissing
from integrations.crm.models import CrmConnection
from mybcat.ids import public_id
from mybcat.listeners import DeliveryError, DeliveryFailed
from mybcat.models import Delivery
from mybcat.tenancy import practice_scope
from patients.models import Patient

# Who changes an appointment more often within seconds is waited for.
ROUNDS = 3
OUTCOMES = {
    Appointment.Status.BOOKED: "SCHEDULED",
    Appointment.Status.ARRIVED: "SCHEDULED",
    Appointment.Status.FULFILLED: "COMPLETED",
    Appointment.Status.CANCELLED: "CANCELED",
    Appointment.Status.NOSHOW: "NO_SHOW",
    Appointment.Status.ENTERED_IN_ERROR: "CANCELED",
}


@dataclass(frozen=True, slots=True)
class _State:
    """All that the CRM is to know, and by which credentials to tell it."""

    token: str
    prepared: bool
    patient_id: str
    appointment_id: str
    contact: dict[str, str]
    meeting: dict[str, str]


def sync_appointment(*, delivery: Delivery, now: datetime) -> None:
    """The handler of `crm`: done when the CRM has the appointment as it stands, or the practice has no CRM.

    Raises DeliveryFailed or DeliveryRefused as HubSpot does.
    """
    practice_id, appointment_id = delivery.practice_id, delivery.event.subject_id
    state = _state(practice_id, appointment_id)
    for _ in range(ROUNDS):
        if state is None or not state.contact:
            return
        _tell(state, practice_id=practice_id, now=now)
        written, state = state, _state(practice_id, appointment_id)
        if state is None or (state.contact, state.meeting) == (written.contact, written.meeting):
            return
    raise DeliveryFailed("changed_meanwhile", answered=True)


def _state(practice_id: UUID, appointment_id: UUID) -> _State | None:
    with practice_scope(practice_id):
        connection = CrmConnection.objects.first()
        if connection is None:
            return None
        appointment = Appointment.objects.select_related("patient").get(id=appointment_id)
        return _State(
            token=connection.access_token,
            prepared=connection.prepared_at is not None,
            patient_id=public_id("pat", appointment.patient_id),
            appointment_id=public_id("appt", appointment.id),
            contact=_contact_of(appointment.patient, connection),
            meeting=_meeting_of(appointment),
        )


def _contact_of(patient: Patient, allowed: CrmConnection) -> dict[str, str]:
    """What the practice lets its CRM know of the patient; empty where that is nothing to know them by."""
    told: dict[str, str] = {}
    if allowed.share_name:
        told |= {"firstname": patient.first_name, "lastname": patient.last_name}
    if allowed.share_email and patient.email:
        told["email"] = patient.email.lower()
    if told and allowed.share_phone and patient.phone:
        told["phone"] = patient.phone
    return told


def _meeting_of(appointment: Appointment) -> dict[str, str]:
    """When, and whether it stands. Not what for, not with whom: a practitioner or a place may tell what for."""
    starts_at = _instant(appointment.starts_at)
    return {
        "hs_timestamp": starts_at,
        "hs_meeting_title": "Appointment",
        "hs_meeting_start_time": starts_at,
        "hs_meeting_end_time": _instant(appointment.ends_at),
        "hs_meeting_outcome": OUTCOMES[Appointment.Status(appointment.status)],
    }


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _tell(state: _State, *, practice_id: UUID, now: datetime) -> None:
    hubspot = HubSpot(token=state.token, base_url=settings.HUBSPOT_API_URL)
    try:
        if not state.prepared:
            hubspot.prepare()
            _note(practice_id, prepared_at=now)
        contact_id = _put_contact(hubspot, state)
        meeting_id = hubspot.put_meeting(state.appointment_id, state.meeting)
        hubspot.associate(meeting_id=meeting_id, contact_id=contact_id)
    except PropertyMissing as error:
        _note(practice_id, prepared_at=None, last_error=error.code)
        raise
    except DeliveryError as error:
        _note(practice_id, last_error=error.code)
        raise
    _note(practice_id, last_error="")


def _note(practice_id: UUID, **changes: Any) -> None:
    """For the practice's managers. A connection that was removed meanwhile stays removed."""
    with practice_scope(practice_id):
        CrmConnection.objects.exclude(**changes).update(**changes)


def _put_contact(hubspot: HubSpot, state: _State) -> str:
    """The patient's contact: the one linked to them, else one that is surely theirs, else a new one."""
    told = dict(state.contact)
    linked = hubspot.linked_contact(patient_id=state.patient_id)
    owner = hubspot.contact_with_email(told["email"]) if "email" in told else None
    if owner is not None and owner.patient_id not in ("", state.patient_id):
        # A family's address: HubSpot gives it to one contact only, and that is another patient's.
        del told["email"]
        owner = None
    if linked is None:
        linked = owner or _only_one_with_phone(hubspot, told)
    elif owner is not None and owner.id != linked.id:
        # An unlinked contact holds the address; which of the two is right, people must decide.
        told.pop("email")
    if linked is None:
        return hubspot.put_contact(state.patient_id, told)
    hubspot.update_contact(linked.id, {**told, "mybcat_patient_id": state.patient_id})
    return linked.id


def _only_one_with_phone(hubspot: HubSpot, told: dict[str, str]) -> Contact | None:
    """Families share telephones: the last name must agree, and nobody else may have the number."""
    if "phone" not in told or "lastname" not in told:
        return None
    found = hubspot.contacts_with_phone(told["phone"])
    theirs = [contact for contact in found if contact.last_name.casefold() == told["lastname"].casefold()]
    return theirs[0] if len(found) == 1 and theirs and not theirs[0].patient_id else None
