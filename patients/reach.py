"""Whether texts arrive at a number: what carriers say of it, kept with each patient who has it."""

from datetime import datetime

from patients.models import Patient
from patients.search import PatientQuerySet


def unreachable(*, phone: str, now: datetime) -> None:
    """Nobody has the number, or it takes no texts: none are sent there until it is another number, or takes one."""
    _holders(phone, known=True).update(sms_unreachable_at=now)


def reached(*, phone: str) -> None:
    """A text has arrived, or came from there."""
    _holders(phone, known=False).update(sms_unreachable_at=None)


def _holders(phone: str, *, known: bool) -> PatientQuerySet:
    return Patient.objects.filter(phone_reversed=phone[::-1], sms_unreachable_at__isnull=known)
