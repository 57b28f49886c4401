"""Routes of weekly hours and time off: v2 alone."""

from django.urls import path

from appointments.hours import views

urlpatterns = [
    path("working-hours", views.WorkingHoursList.as_view()),
    path("working-hours/<str:hours_id>", views.WorkingHoursDetail.as_view()),
    path("time-off", views.TimeOffList.as_view()),
    path("time-off/<str:time_off_id>", views.TimeOffDetail.as_view()),
]
