"""Routes of patients."""

from django.urls import URLPattern, path

from patients import likeness_views, related_views
from patients.export import PatientsCSV
from patients.trail import PatientTrail
from patients.views import PatientDetail, Patients
from patients.visits import VisitsOf

# v1 is frozen: what came after it is in v2 alone.
V2 = [
    path("patients/<str:patient_id>/audit", PatientTrail.as_view()),
    path("patients/<str:patient_id>/related-persons", related_views.RelatedPersons.as_view()),
    path("related-persons/<str:related_person_id>", related_views.RelatedPersonDetail.as_view()),
    path("patients/<str:patient_id>/merge", likeness_views.PatientMergeInto.as_view()),
    path("patient-merges", likeness_views.PatientMerges.as_view()),
    path("patient-merges/<str:merge_id>/undo", likeness_views.PatientMergeUndo.as_view()),
]


def routes(*, visits_of: VisitsOf) -> list[URLPattern]:
    """The patients' routes, told about visits by `visits_of`."""
    return [
        path("patients", Patients.as_view(visits_of=staticmethod(visits_of))),
        path("patients/<str:patient_id>", PatientDetail.as_view(visits_of=staticmethod(visits_of))),
    ]


def routes_v2(*, visits_of: VisitsOf) -> list[URLPattern]:
    """What v2 has alone."""
    return [
        path("patients/matches", likeness_views.PatientMatches.as_view(visits_of=staticmethod(visits_of))),
        path("patients/export.csv", PatientsCSV.as_view()),
        *V2,
    ]
