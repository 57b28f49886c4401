"""The platform's own wording of each message, in each language: what a practice says that has written none."""

from django.db.models import TextChoices

from patients.models import Language


class Kind(TextChoices):
    """Why a patient is written to. Stable codes: rows hold them."""

    BOOKED = "booked"
    MOVED = "moved"
    REINSTATED = "reinstated"
    CANCELLED = "cancelled"
    REMINDER = "reminder"
    WAITLIST_OFFER = "waitlist_offer"
    WAITLIST_TAKEN = "waitlist_taken"


class Channel(TextChoices):
    SMS = "sms"
    EMAIL = "email"


_OUT, _FUERA = " Reply STOP to opt out.", " Responda ALTO para no recibir mensajes."
# The Spanish ones keep to letters of GSM-7.
SMS: dict[Language, dict[Kind, str]] = {
    Language.ENGLISH: {
        Kind.BOOKED: "{practice}: your appointment is booked for {date} at {time}, {location}." + _OUT,
        Kind.MOVED: "{practice}: your appointment is moved to {date} at {time}, {location}." + _OUT,
        Kind.REINSTATED: "{practice}: your appointment on {date} at {time}, {location}, stands after all." + _OUT,
        Kind.CANCELLED: "{practice}: your appointment on {date} at {time}, {location}, is cancelled." + _OUT,
        Kind.REMINDER: (
            "{practice}: your appointment is on {date} at {time}, {location}."
            " Reply C to confirm, X to cancel, STOP to opt out. {link}"
        ),
        Kind.WAITLIST_OFFER: (
            "{practice}: {date} at {time}, {location}, has become free."
            " Reply YES to take it; the first to answer has it. STOP to opt out."
        ),
        Kind.WAITLIST_TAKEN: "{practice}: {date} at {time} is taken. You stay on our list." + _OUT,
    },
    Language.SPANISH: {
        Kind.BOOKED: "{practice}: su cita es el {date}, {time}, {location}." + _FUERA,
        Kind.MOVED: "{practice}: su cita cambia al {date}, {time}, {location}." + _FUERA,
        Kind.REINSTATED: "{practice}: su cita del {date}, {time}, {location}, sigue en pie." + _FUERA,
        Kind.CANCELLED: "{practice}: su cita del {date}, {time}, {location}, queda cancelada." + _FUERA,
        Kind.REMINDER: (
            "{practice}: su cita es el {date}, {time}, {location}."
            " Responda C para confirmar, X para cancelar, ALTO para no recibir mensajes. {link}"
        ),
        Kind.WAITLIST_OFFER: (
            "{practice}: se ha liberado el {date}, {time}, {location}."
            " Responda SI para tomarlo; es de quien responda primero. ALTO para no recibir mensajes."
        ),
        Kind.WAITLIST_TAKEN: "{practice}: el {date}, {time}, ya no queda libre. Usted sigue en la lista." + _FUERA,
    },
}
# In inboxes and on locked screens a subject is read by others: it says no more than whom it is from.
SUBJECTS = {
    Language.ENGLISH: "{practice}: about your appointment",
    Language.SPANISH: "{practice}: sobre su cita",
}
EMAIL: dict[Language, dict[Kind, str]] = {
    Language.ENGLISH: {
        Kind.BOOKED: "Your appointment is booked for {date} at {time}.\n\n{practice}, {location}",
        Kind.MOVED: "Your appointment is moved to {date} at {time}.\n\n{practice}, {location}",
        Kind.REINSTATED: "Your appointment on {date} at {time} stands after all.\n\n{practice}, {location}",
        Kind.CANCELLED: "Your appointment on {date} at {time} is cancelled.\n\n{practice}, {location}",
        Kind.REMINDER: (
            "Your appointment is on {date} at {time}.\n\nConfirm, move or cancel: {link}\n\n{practice}, {location}"
        ),
        Kind.WAITLIST_OFFER: "{date} at {time} has become free. Call us to take it.\n\n{practice}, {location}",
        Kind.WAITLIST_TAKEN: "{date} at {time} is taken. You stay on our list.\n\n{practice}, {location}",
    },
    Language.SPANISH: {
        Kind.BOOKED: "Su cita es el {date}, {time}.\n\n{practice}, {location}",
        Kind.MOVED: "Su cita cambia al {date}, {time}.\n\n{practice}, {location}",
        Kind.REINSTATED: "Su cita del {date}, {time}, sigue en pie.\n\n{practice}, {location}",
        Kind.CANCELLED: "Su cita del {date}, {time}, queda cancelada.\n\n{practice}, {location}",
        Kind.REMINDER: (
            "Su cita es el {date}, {time}.\n\nConfirmar, cambiar o cancelar: {link}\n\n{practice}, {location}"
        ),
        Kind.WAITLIST_OFFER: "Se ha liberado el {date}, {time}. Llame para tomarlo.\n\n{practice}, {location}",
        Kind.WAITLIST_TAKEN: "El {date}, {time}, ya no queda libre. Usted sigue en la lista.\n\n{practice}, {location}",
    },
}


def default_of(*, kind: str, channel: str, language: str) -> tuple[str, str]:
    """Subject and body. A text has no subject."""
    spoken = Language(language)
    if channel == Channel.SMS:
        return "", SMS[spoken][Kind(kind)]
    return SUBJECTS[spoken], EMAIL[spoken][Kind(kind)]
