"""Routes of both versions."""

from django.urls import path

from appointments import slot_views, views

urlpatterns = [
    path("appointments", views.Appointments.as_view()),
    path("appointments/<str:appointment_id>", views.AppointmentDetail.as_view()),
    path("appointments/<str:appointment_id>/cancel", views.AppointmentCancel.as_view()),
    path("patients/<str:patient_id>/appointments", views.PatientAppointments.as_view()),
    path("slots", slot_views.Slots.as_view()),
    path("slots/next", slot_views.NextSlots.as_view()),
]
