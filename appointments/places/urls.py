"""Routes of locations: v2 alone."""

from django.urls import path

from appointments.places import views

urlpatterns = [
    path("locations", views.Locations.as_view()),
    path("locations/<str:location_id>", views.LocationDetail.as_view()),
]
