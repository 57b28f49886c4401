"""Routes of appointments."""

from django.urls import path

from appointments import slot_views, views, why_not_views

urlpatterns = [
    path("appointments", views.Appointments.as_view()),
    path("appointments/<str:appointment_id>", views.AppointmentDetail.as_view()),
    path("appointments/<str:appointment_id>/cancel", views.AppointmentCancel.as_view()),
    path("patients/<str:patient_id>/appointments", views.PatientAppointments.as_view()),
    path("slots", slot_views.Slots.as_view()),
    path("slots/next", slot_views.NextSlots.as_view()),
]

# v1 is frozen: what came after it is in v2 alone.
urlpatterns_v2 = [
    path("slots/why-not", why_not_views.WhyNot.as_view()),
]
