"""Routes of appointments that are booked together: v2 alone."""

from django.urls import path

from appointments.groups import views

urlpatterns = [
    path("appointment-groups", views.AppointmentGroups.as_view()),
    path("appointment-groups/offers", views.AppointmentGroupOffers.as_view()),
    path("appointment-groups/<str:group_id>", views.AppointmentGroupDetail.as_view()),
    path("appointment-groups/<str:group_id>/cancel", views.AppointmentGroupCancel.as_view()),
    path("appointment-groups/<str:group_id>/undo", views.AppointmentGroupUndo.as_view()),
    path("appointment-series", views.AppointmentSeries.as_view()),
]
