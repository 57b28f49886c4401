"""Routes of v2."""

from django.urls import path

from realtime import views

urlpatterns = [
    path("live/tickets", views.LiveTickets.as_view()),
    path("changes", views.Changes.as_view()),
]
