"""What the patient's page of a visit says, in each language."""

from patients.models import Language

WORDS: dict[Language, dict[str, str]] = {
    Language.ENGLISH: {
        "title": "Where your clinician is",
        "heading": "Your visit",
        "wait": "Please wait a moment.",
        "planned": "Your visit is planned. Your clinician is not on the way yet.",
        "under_way": "Your clinician is on the way.",
        "about": "Your clinician is on the way: about {eta}.",
        "arrived": "Your clinician has arrived.",
        "done": "The visit is over.",
        "seen": "Last seen at {time}.",
        "ring": "outer ring: {reach}",
        "late": "Updates may be a few seconds late.",
        "script": "This page needs JavaScript to show where your clinician is.",
        "over": "This link is not valid any more. Please call the practice.",
    },
    Language.SPANISH: {
        "title": "Dónde está su profesional",
        "heading": "Su visita",
        "wait": "Espere un momento.",
        "planned": "Su visita está prevista. Su profesional aún no está en camino.",
        "under_way": "Su profesional está en camino.",
        "about": "Su profesional está en camino: unos {eta}.",
        "arrived": "Su profesional ha llegado.",
        "done": "La visita ha terminado.",
        "seen": "Visto por última vez a las {time}.",
        "ring": "anillo exterior: {reach}",
        "late": "Los datos pueden llegar con unos segundos de retraso.",
        "script": "Esta página necesita JavaScript para mostrar dónde está su profesional.",
        "over": "Este enlace ya no es válido. Llame a la consulta.",
    },
}
