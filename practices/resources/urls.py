"""Routes of rooms and equipment: v2 alone."""

from django.urls import path

from practices.resources import views

urlpatterns = [
    path("resources", views.Resources.as_view()),
    path("resources/<str:resource_id>", views.ResourceDetail.as_view()),
    path("appointment-types/<str:type_code>/resources", views.TypeResources.as_view()),
]
