"""Routes of what the practice offers: v2 alone."""

from django.urls import path

from practices.offering import views

urlpatterns = [
    path("appointment-types", views.AppointmentTypeList.as_view()),
    path("appointment-types/<str:type_code>", views.AppointmentTypeDetail.as_view()),
    path("self-service-settings", views.SelfService.as_view()),
]
