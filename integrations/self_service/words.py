"""What the patient's page says, in each language."""

from patients.models import Language

WORDS: dict[Language, dict[str, str]] = {
    Language.ENGLISH: {
        "title": "Your appointment",
        "confirm": "I will come",
        "move": "Choose another time",
        "take": "Move it here",
        "cancel": "Cancel the appointment",
        "back": "Keep the time",
        "offers": "Other times",
        "save": "Save it in my calendar",
        "no_offers": "No other time is free at the moment.",
        "call": "To change it, please call the practice:",
        "is_confirmed": "You have confirmed that you will come.",
        "is_cancelled": "This appointment is cancelled.",
        "is_closed": "This appointment cannot be changed here.",
        "too_late": "It is too near to the appointment to change it here. Please call the practice.",
        "refused": "That time could not be had any more, or the appointment has changed. Nothing was changed now.",
        "over": "This link is not valid any more. Please call the practice.",
        "busy": "Too many requests. Please wait a minute and try again.",
    },
    Language.SPANISH: {
        "title": "Su cita",
        "confirm": "Acudiré",
        "move": "Elegir otra hora",
        "take": "Cambiar a esta hora",
        "cancel": "Cancelar la cita",
        "back": "Dejarla como está",
        "offers": "Otras horas",
        "save": "Guardarla en mi calendario",
        "no_offers": "Ahora no hay otra hora libre.",
        "call": "Para cambiarla, llame a la consulta:",
        "is_confirmed": "Ha confirmado que acudirá.",
        "is_cancelled": "Esta cita está cancelada.",
        "is_closed": "Esta cita no se puede cambiar aquí.",
        "too_late": "Falta muy poco para la cita: para cambiarla, llame a la consulta.",
        "refused": "Esa hora ya no está libre, o la cita ha cambiado. No se ha cambiado nada.",
        "over": "Este enlace ya no es válido. Llame a la consulta.",
        "busy": "Demasiadas solicitudes. Espere un minuto e inténtelo de nuevo.",
    },
}
