"""What a patient who said yes is told at once, in their language."""

from enum import StrEnum
from zoneinfo import ZoneInfo

from appointments.waitlist.models import WaitlistOffer
from integrations.messaging.answers import number_to_call
from integrations.messaging.wording import day_in_words, time_in_words
from patients.models import Language
from practices.models import Practice


class Said(StrEnum):
    YOURS = "yours"
    TAKEN = "taken"
    # Somebody at the desk is deciding about it; the patient's turn is next.
    HELD = "held"
    OFF_THE_LIST = "off_the_list"


# The Spanish ones keep to letters of GSM-7.
_TEXTS = {
    Language.ENGLISH: {
        Said.YOURS: "{practice}: thank you, it is yours. Your appointment is on {date} at {time}, {location}.",
        Said.TAKEN: (
            "{practice}: sorry, {date} at {time} is no longer free. You stay on our list, and we will text you again."
        ),
        Said.HELD: (
            "{practice}: thank you. {date} at {time} is just being talked about at our desk;"
            " within minutes we will text you whether it is yours."
        ),
        Said.OFF_THE_LIST: "{practice}: you are not on our list any more, so nothing has changed.{call}",
    },
    Language.SPANISH: {
        Said.YOURS: "{practice}: gracias, es suya. Su cita es el {date}, {time}, {location}.",
        Said.TAKEN: "{practice}: lo sentimos, el {date}, {time}, ya no queda libre. Usted sigue en la lista.",
        Said.HELD: (
            "{practice}: gracias. En este momento se habla del {date}, {time}, en la consulta;"
            " en unos minutos le diremos si es suya."
        ),
        Said.OFF_THE_LIST: "{practice}: usted ya no figura en la lista, no se ha cambiado nada.{call}",
    },
}
_CALL = {Language.ENGLISH: " Questions? Call {phone}.", Language.SPANISH: " ¿Preguntas? Llame al {phone}."}


def said(outcome: Said, offer: WaitlistOffer) -> str:
    """In the patient's language, with day and time as the clock on the location's wall shows them."""
    opening, practice = offer.opening, Practice.objects.get()
    language = Language(offer.entry.patient.language)
    local = opening.starts_at.astimezone(ZoneInfo(opening.location.time_zone))
    phone = number_to_call(opening.location, practice)
    call = _CALL[language].format(phone=phone) if phone else ""
    return _TEXTS[language][outcome].format(
        practice=practice.name,
        date=day_in_words(local, language=language),
        time=time_in_words(local),
        location=opening.location.name,
        call=call,
    )
