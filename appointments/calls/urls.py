"""Routes of v2."""

from django.urls import path

from appointments.calls import views

urlpatterns = [
    path("calls", views.Calls.as_view()),
    path("calls/<str:call_id>", views.CallDetail.as_view()),
    path("calls/<str:call_id>/end", views.CallEnd.as_view()),
    path("reports/calls", views.CallsReport.as_view()),
]
