"""Answers to patients' texts, written by people: what is said is sent by the same way as any other text.

The row is written with the event, for events hold no text; its delivery sends it. An answer to what the patient wrote
within a day does not wait for the morning: docs/adr/0025-what-patients-text.md.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from integrations.messaging.channels import against_texts
from integrations.messaging.defaults import Channel
from integrations.messaging.inbox import get_message, patients_of
from integrations.messaging.models import InboundMessage
from integrations.models import REPLY, Message
from mybcat import audit, events
from mybcat.errors import DomainError, InvalidInput
from mybcat.events import EventType
from mybcat.ids import new_uuid, public_id
from mybcat.models import Delivery
from mybcat.principal import Principal
from patients.models import Patient
from patients.services import get_patient
from practices.models import Practice

LONGEST = 480
# Who wrote so short a time ago is awake, or has asked to be woken.
CONVERSATION = timedelta(hours=24)
# Of a number, the latest each way: more than a conversation has.
MOST = 100


class NotReachable(DomainError):
    """`reason`: no_consent, opted_out, unreachable or declined."""

    code = "patient_not_reachable"
    status = 409
    sentence = "This patient must not be texted"

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.members = {"reason": reason}


def reply(*, inbound_message_id: UUID, patient_id: UUID | None, text: str, by: Principal, now: datetime) -> Message:
    """Owe the patient who has the number now a text. Raises UnknownId, InvalidInput, NotReachable."""
    inbound = get_message(inbound_message_id)
    patient = _whose(inbound, patient_id)
    if reason := _against(patient, inbound.phone):
        raise NotReachable(reason)
    practice, own = Practice.objects.get(), new_uuid()
    message = Message(
        id=own, delivery_id=own, patient=patient, kind=REPLY, channel=Channel.SMS, to=inbound.phone,
        body=f"{practice.name}: {text}", status=Message.Status.PENDING, created_at=now, written_by=by.id,
    )  # fmt: skip
    message.save(force_insert=True)
    data = {
        "inboundMessageId": public_id("imsg", inbound.id),
        "messageId": public_id("msg", own),
        "patientId": public_id("pat", patient.id),
    }
    events.publish(type=EventType.MESSAGE_REPLIED, subject_id=own, data=data, by=by, now=now)
    audit.record(principal=by, action="message.replied", object_kind="pat", object_ids=[patient.id], now=now)
    return message


def prepared_reply(delivery: Delivery, *, provider: str, now: datetime) -> tuple[Message, bool]:
    """The message, locked, with what stands against it by now; and whether it may be sent at night."""
    rows = Message.objects.select_for_update(of=("self",)).select_related("patient", "practice")
    message: Message = rows.get(id=delivery.event.subject_id)
    if message.status in (Message.Status.PENDING, Message.Status.SENDING, Message.Status.UNKNOWN):
        message.provider = provider
        if reason := _against(message.patient, message.to):
            message.status, message.reason = Message.Status.SUPPRESSED, reason
    since = now - CONVERSATION
    return message, InboundMessage.objects.filter(phone=message.to, received_at__gt=since).exists()


def thread_of(inbound: InboundMessage) -> tuple[Sequence[InboundMessage], Sequence[Message]]:
    """What came from the number, and the texts that went to it; the latest of each, the newest first."""
    came = InboundMessage.objects.filter(phone=inbound.phone).order_by("-received_at", "-id")[:MOST]
    went = Message.objects.filter(to=inbound.phone, channel=Channel.SMS).order_by("-created_at", "-id")[:MOST]
    return list(came), list(went)


def _whose(inbound: InboundMessage, patient_id: UUID | None) -> Patient:
    if patient_id is not None:
        # One that nobody has is not found, as anywhere else.
        get_patient(patient_id)
    holders = patients_of([inbound]).get(inbound.phone, [])
    found = [patient for patient in holders if patient_id in (None, patient.id)]
    if len(found) != 1:
        sentence = "Say for whom: several patients have this number" if found else "No patient has this number now"
        raise InvalidInput(fields={"patientId": [sentence]})
    return found[0]


def _against(patient: Patient, phone: str) -> str:
    if patient.preferred_channel == Patient.PreferredChannel.NONE:
        return "declined"
    return against_texts(patient) if patient.phone == phone else "number_changed"
