"""Routes of v2."""

from django.urls import path

from integrations.waitlist import views

urlpatterns = [path("waitlist-settings", views.Settings.as_view())]
