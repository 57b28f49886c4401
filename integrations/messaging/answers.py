"""What we answer by ourselves to texts that nobody has to read, or that somebody will."""

import phonenumbers

from patients.models import Language
from practices.models import Location, Practice

# The Spanish ones keep to letters of GSM-7, in which a text holds 160 characters and not 70.
HELP = {
    Language.ENGLISH: "{practice}: texts about your appointments.{call} Reply STOP to opt out.",
    Language.SPANISH: "{practice}: mensajes sobre sus citas.{call} Responda ALTO para no recibirlos.",
}
_ASK = {Language.ENGLISH: " Questions? Call {phone}.", Language.SPANISH: " ¿Preguntas? Llame al {phone}."}
RECEIVED = {
    Language.ENGLISH: "{practice}: thank you, we will read your message in office hours.{call}",
    Language.SPANISH: "{practice}: gracias, leeremos su mensaje en horas de oficina.{call}",
}
_URGENT = {
    Language.ENGLISH: " If it is urgent, call {phone}.",
    Language.SPANISH: " Si es urgente, llame al {phone}.",
}


def help_answer(practice: Practice, *, language: str) -> str:
    """Who writes, and where to ask."""
    return _filled(HELP, _ASK, practice, language)


def received_answer(practice: Practice, *, language: str) -> str:
    """Somebody will read it, but not at once."""
    return _filled(RECEIVED, _URGENT, practice, language)


def number_of(location: Location, practice: Practice) -> str:
    """The number that patients of the place ring, in E.164: its own, else the practice's; empty where there is none."""
    return location.phone or practice.phone


def number_to_call(location: Location, practice: Practice) -> str:
    """`number_of`, as people there write it."""
    number = number_of(location, practice)
    return dialled(number) if number else ""


def dialled(phone: str) -> str:
    """An E.164 number as people there write it; with the country's code where that is not the United States'.

    One of no country that there is, which somebody mistyped, is told as it was typed: a text about an appointment, and
    the patient's page, must not fail for it.
    """
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    national = number.country_code == 1
    form = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def _filled(texts: dict[Language, str], calls: dict[Language, str], practice: Practice, language: str) -> str:
    chosen = Language(language)
    call = calls[chosen].format(phone=dialled(practice.phone)) if practice.phone else ""
    return texts[chosen].format(practice=practice.name, call=call)
