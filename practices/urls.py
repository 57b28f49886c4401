"""Routes of both versions, and those of signing in."""

from django.urls import path

from practices import auth_views, views
from practices.access_trail import AccessTrail
from practices.hours_export import WorkingHoursCSV

# v1 is frozen: v2 has these where managers change them, and what came after it.
urlpatterns_v1 = [
    path("locations", views.Locations.as_view()),
    path("practitioners", views.Practitioners.as_view()),
    path("appointment-types", views.AppointmentTypes.as_view()),
]
urlpatterns_v2 = [
    path("access", AccessTrail.as_view()),
    path("exports/working-hours.csv", WorkingHoursCSV.as_view()),
]

auth_urlpatterns = [
    path("api/auth/token", auth_views.Token.as_view()),
    path("api/auth/refresh", auth_views.Refresh.as_view()),
    path("api/auth/logout", auth_views.Logout.as_view()),
    path("api/auth/logout/everywhere", auth_views.LogoutEverywhere.as_view()),
    path("api/auth/practice", auth_views.SwitchPractice.as_view()),
    path(".well-known/jwks.json", auth_views.JWKS.as_view()),
]
