"""The kinds of files that can be handed in."""

from integrations.imports import appointments, hours, patients
from integrations.imports.models import ImportKind
from integrations.imports.running import Importer

IMPORTERS: dict[str, Importer] = {
    ImportKind.PATIENTS: patients.IMPORTER,
    ImportKind.HOURS: hours.IMPORTER,
    ImportKind.APPOINTMENTS: appointments.IMPORTER,
}
