"""Routes of both versions."""

from django.urls import URLPattern, path

from patients.views import PatientDetail, Patients
from patients.visits import VisitsOf


def routes(*, visits_of: VisitsOf) -> list[URLPattern]:
    """The patients' routes, told about visits by `visits_of`."""
    return [
        path("patients", Patients.as_view(visits_of=staticmethod(visits_of))),
        path("patients/<str:patient_id>", PatientDetail.as_view(visits_of=staticmethod(visits_of))),
    ]
