"""C confirms, X cancels: what patients answer to a reminder.

Meant is the next day on which the patients with the number have appointments. C confirms all of that day, as
families come together; X cancels only where there is no doubt which.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from appointments.cancelling import cancel_appointment
from appointments.confirming import confirm_appointment
from appointments.models import Appointment
from integrations.messaging.answers import number_to_call
from integrations.messaging.models import InboundMessage
from integrations.messaging.replies import Reply, register
from integrations.messaging.wording import day_in_words, time_in_words
from integrations.reminders.services import reminder_settings
from mybcat.principal import Behalf
from patients.models import Language
from practices.models import Practice

# The Spanish ones keep to letters of GSM-7.
_CONFIRMED = {
    Language.ENGLISH: "{practice}: thank you, confirmed for {date} at {time}, {location}.",
    Language.SPANISH: "{practice}: gracias, queda confirmado el {date}, {time}, {location}.",
}
_CANCELLED = {
    Language.ENGLISH: "{practice}: your appointment on {date} at {time} is cancelled.{call}",
    Language.SPANISH: "{practice}: su cita del {date}, {time}, queda cancelada.{call}",
}
_TOO_LATE = {
    Language.ENGLISH: "{practice}: it is too late to cancel {date} at {time} by text.{call}",
    Language.SPANISH: "{practice}: ya es tarde para cancelar por mensaje la cita del {date}, {time}.{call}",
}
_WHICH = {
    Language.ENGLISH: "{practice}: you have more than one appointment on {date}, nothing is cancelled.{call}",
    Language.SPANISH: "{practice}: usted tiene varias citas el {date}, no se ha cancelado ninguna.{call}",
}
_CALL = {Language.ENGLISH: " Please call {phone}.", Language.SPANISH: " Por favor llame al {phone}."}
_CALL_US = {Language.ENGLISH: " Please call us.", Language.SPANISH: " Por favor llame a la consulta."}


def confirm(practice_id: UUID, patient_ids: Sequence[UUID], message: InboundMessage, now: datetime) -> str | None:
    """The handler of C: all appointments of the next day that has any."""
    meant = _next_day(patient_ids, now=now)
    for appointment in meant:
        by = Behalf("patient", appointment.patient_id, practice_id)
        confirm_appointment(appointment_id=appointment.id, by=by, now=now)
    return _said(_CONFIRMED, meant) if meant else None


def cancel(practice_id: UUID, patient_ids: Sequence[UUID], message: InboundMessage, now: datetime) -> str | None:
    """The handler of X: the only appointment of the next day that has any, while there is time."""
    meant = _next_day(patient_ids, now=now)
    if not meant:
        return None
    if len(meant) > 1:
        return _said(_WHICH, meant)
    (appointment,) = meant
    if appointment.starts_at - now < timedelta(minutes=reminder_settings().cutoff_minutes):
        return _said(_TOO_LATE, meant)
    by, reason = Behalf("patient", appointment.patient_id, practice_id), Appointment.CancellationReason.PATIENT_REQUEST
    cancel_appointment(appointment_id=appointment.id, reason=reason, by=by, now=now)
    return _said(_CANCELLED, meant)


CONFIRM = Reply(code="confirm", words=("C", "Confirm", "Confirmed", "Confirmar"), handler=confirm)
# CANCEL alone is one of the carriers' words for STOP.
CANCEL = Reply(code="cancel", words=("X", "Cancelar"), handler=cancel)


def register_answers() -> None:
    """From now on patients' C and X are heeded."""
    register(CONFIRM)
    register(CANCEL)


def _next_day(patient_ids: Sequence[UUID], *, now: datetime) -> list[Appointment]:
    """What is booked for these patients on the next day that has anything, as the clock at its location has it."""
    rows = Appointment.objects.filter(
        patient_id__in=patient_ids, status=Appointment.Status.BOOKED, starts_at__gt=now
    ).select_related("location", "patient")
    first: Appointment | None = rows.order_by("starts_at", "id").first()
    if first is None:
        return []
    near = rows.filter(starts_at__lt=first.starts_at + timedelta(days=1)).order_by("starts_at", "id")
    return [each for each in near if _local(each).date() == _local(first).date()]


def _local(appointment: Appointment) -> datetime:
    return appointment.starts_at.astimezone(ZoneInfo(appointment.location.time_zone))


def _said(texts: dict[Language, str], meant: Sequence[Appointment]) -> str:
    """What was done or not, for which times; in the language of the first one's patient."""
    practice, first = Practice.objects.get(), meant[0]
    language = Language(first.patient.language)
    phone = number_to_call(first.location, practice)
    return texts[language].format(
        practice=practice.name,
        date=day_in_words(_local(first), language=language),
        time=", ".join(dict.fromkeys(time_in_words(_local(each)) for each in meant)),
        location=first.location.name,
        call=(_CALL if phone else _CALL_US)[language].format(phone=phone),
    )
