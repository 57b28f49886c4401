"""Routes of blocks and caps: v2 alone."""

from django.urls import path

from appointments.blocks import views

urlpatterns = [
    path("appointment-blocks", views.AppointmentBlocks.as_view()),
    path("appointment-blocks/<str:block_id>", views.AppointmentBlockDetail.as_view()),
    path("appointment-caps", views.AppointmentCaps.as_view()),
    path("appointment-caps/<str:cap_id>", views.AppointmentCapDetail.as_view()),
]
