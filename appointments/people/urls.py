"""Routes of practitioners: v2 alone."""

from django.urls import path

from appointments.people import views

urlpatterns = [
    path("practitioners", views.PractitionerList.as_view()),
    path("practitioners/<str:practitioner_id>", views.PractitionerDetail.as_view()),
]
