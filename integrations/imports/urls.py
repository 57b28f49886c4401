"""Routes of imports."""

from django.urls import path

from integrations.imports import views

urlpatterns = [
    path("imports", views.Imports.as_view()),
    path("imports/<str:import_id>", views.ImportDetail.as_view()),
    path("imports/<str:import_id>/errors.csv", views.ImportErrorsCSV.as_view()),
]
