"""Routes of v2."""

from django.urls import path

from integrations.dead_letters import views

urlpatterns = [
    path("dead-letters", views.DeadLetters.as_view()),
    path("dead-letters/replay", views.DeadLettersReplay.as_view()),
    path("dead-letters/discard", views.DeadLettersDiscard.as_view()),
]
