"""The practice's inbox: what patients wrote, who sees to it, and what is done."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from integrations.messaging.models import InboundMessage
from mybcat import events
from mybcat.errors import DomainError, UnknownId
from mybcat.events import EventType
from mybcat.ids import public_id
from mybcat.principal import Permission, Principal
from patients.models import Patient


class AlreadyAssigned(DomainError):
    code = "already_assigned"
    status = 409
    sentence = "Somebody else has taken this message"


def get_message(message_id: UUID, *, lock: bool = False) -> InboundMessage:
    """Raises UnknownId."""
    rows = InboundMessage.objects.select_for_update(no_key=True) if lock else InboundMessage.objects.all()
    message: InboundMessage | None = rows.filter(id=message_id).first()
    if message is None:
        raise UnknownId(prefix="imsg", value=message_id)
    return message


def change_message(
    *, message_id: UUID, handled: bool | None, mine: bool | None, by: Principal, now: datetime
) -> InboundMessage:
    """Take it, give it back, say that it is done or that it is not; None leaves things as they are.

    What somebody else has taken, managers alone take over. Raises UnknownId, AlreadyAssigned.
    """
    message = get_message(message_id, lock=True)
    if mine is not None:
        if message.assigned_to not in (None, by.id) and not by.may(Permission.PRACTICE_MANAGE):
            raise AlreadyAssigned
        message.assigned_to = by.id if mine else None
    if handled is not None and handled != (message.status == InboundMessage.Status.HANDLED):
        message.status = InboundMessage.Status.HANDLED if handled else InboundMessage.Status.OPEN
        message.handled_at, message.handled_by = (now, by.id) if handled else (None, None)
    message.save(update_fields=("assigned_to", "status", "handled_at", "handled_by"))
    data = {"inboundMessageId": public_id("imsg", message.id)}
    events.publish(type=EventType.MESSAGE_CHANGED, subject_id=message.id, data=data, by=by, now=now)
    return message


def patients_of(messages: Iterable[InboundMessage]) -> dict[str, list[Patient]]:
    """By number: the patients who have it now."""
    found: dict[str, list[Patient]] = {}
    phones = {message.phone[::-1] for message in messages}
    for patient in Patient.objects.standing().filter(phone_reversed__in=phones).order_by("id"):
        found.setdefault(patient.phone, []).append(patient)
    return found
