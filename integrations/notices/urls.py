"""Routes of v2."""

from django.urls import path

from integrations.notices import views

urlpatterns = [
    path("notices", views.Notices.as_view()),
    path("notices/<str:notice_id>/acknowledge", views.NoticeAcknowledge.as_view()),
]
