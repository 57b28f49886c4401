"""By which channel a patient is written to: what they prefer, as far as they may be reached there."""

from typing import NamedTuple

from integrations.messaging.defaults import Channel
from patients import consent
from patients.models import Patient


class Way(NamedTuple):
    """A channel, or why there is none."""

    channel: Channel | None
    reason: str = ""


def way_to(patient: Patient, *, kind: str) -> Way:
    """Consent to texts comes first; where there is none, or no number, an e-mail address serves in its place."""
    if patient.preferred_channel == Patient.PreferredChannel.NONE or kind in patient.declined_kinds:
        return Way(None, "declined")
    mailable = bool(patient.email) and patient.email_declined_at is None
    if mailable and patient.preferred_channel == Patient.PreferredChannel.EMAIL:
        return Way(Channel.EMAIL)
    reason = against_texts(patient)
    if not reason:
        return Way(Channel.SMS)
    return Way(Channel.EMAIL) if mailable else Way(None, reason)


def against_texts(patient: Patient) -> str:
    """Why the patient must not be texted, as a code; empty when they may."""
    if not patient.phone:
        return "no_phone"
    if not patient.sms_consent:
        return "no_consent"
    if consent.refuses(patient.phone):
        return "opted_out"
    return "unreachable" if patient.sms_unreachable_at else ""
