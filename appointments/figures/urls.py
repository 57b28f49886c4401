"""Routes of v2."""

from django.urls import path

from appointments.figures import views

urlpatterns = [
    path("reports/fill-rate", views.FillRate.as_view()),
    path("reports/fill-rate.csv", views.FillRateCSV.as_view()),
    path("reports/lead-times", views.LeadTimes.as_view()),
    path("reports/lead-times.csv", views.LeadTimesCSV.as_view()),
    path("reports/third-next-available", views.ThirdNextAvailable.as_view()),
    path("reports/third-next-available.csv", views.ThirdNextAvailableCSV.as_view()),
    path("reports/call-bookings", views.CallBookings.as_view()),
    path("reports/call-bookings.csv", views.CallBookingsCSV.as_view()),
]
