"""The way out of e-mail: a link that names the patient to us alone, and works without signing in."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing

from mybcat import audit
from mybcat.tenancy import practice_scope
from patients.models import Patient

_SALT = "unsubscribe"


def address_for(*, practice_id: UUID, patient_id: UUID) -> str:
    """Good for as long as the mail may lie in a mailbox: for ever."""
    return f"{settings.PUBLIC_URL}/unsubscribe/{signing.dumps([practice_id.hex, patient_id.hex], salt=_SALT)}"


def unsubscribe(token: str, *, now: datetime) -> bool:
    """No more e-mail to the patient, until staff allow it again; False for a link that is none of ours."""
    try:
        practice_id, patient_id = (UUID(part) for part in signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError):
        return False
    with practice_scope(practice_id):
        declined = Patient.objects.filter(id=patient_id, email_declined_at=None).update(email_declined_at=now)
        if declined:
            audit.record(principal=None, action="email.declined", object_kind="pat", object_ids=[patient_id], now=now)
    return True
