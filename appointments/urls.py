"""Routes of appointments."""

from django.urls import path

from appointments import change_views, hold_views, overbooking_views, slot_views, views, why_not_views
from appointments.export import AppointmentsCSV

urlpatterns = [
    path("appointments", views.Appointments.as_view()),
    path("appointments/<str:appointment_id>", views.AppointmentDetail.as_view()),
    path("appointments/<str:appointment_id>/cancel", change_views.AppointmentCancel.as_view()),
    path("patients/<str:patient_id>/appointments", views.PatientAppointments.as_view()),
    path("slots", slot_views.Slots.as_view()),
    path("slots/next", slot_views.NextSlots.as_view()),
]

# v1 is frozen: what came after it is in v2 alone.
urlpatterns_v2 = [
    path("appointments/<str:appointment_id>/move", change_views.AppointmentMove.as_view()),
    path("appointments/<str:appointment_id>/status", change_views.AppointmentStatus.as_view()),
    path("appointments/<str:appointment_id>/swap", change_views.AppointmentSwap.as_view()),
    path("appointments/<str:appointment_id>/undo", change_views.AppointmentUndo.as_view()),
    path("exports/appointments.csv", AppointmentsCSV.as_view()),
    path("holds", hold_views.Holds.as_view()),
    path("holds/<str:hold_id>", hold_views.HoldDetail.as_view()),
    path("overbookings", overbooking_views.Overbookings.as_view()),
    path("slots/why-not", why_not_views.WhyNot.as_view()),
]
