"""Of no version: the link stands in messages."""

from django.urls import path

from integrations.self_service.pages import appointment_calendar, appointment_page

page_urlpatterns = [
    path("a/<str:token>", appointment_page),
    path("a/<str:token>/appointment.ics", appointment_calendar),
]
