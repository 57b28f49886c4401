"""Routes of v2."""

from django.urls import path

from integrations.reminders import views

urlpatterns = [path("reminder-settings", views.Reminders.as_view())]
