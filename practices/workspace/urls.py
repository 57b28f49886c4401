"""Routes of v2."""

from django.urls import path

from practices.workspace import views

urlpatterns = [
    path("workspace", views.Workspace.as_view()),
    path("workspace/front-desk", views.FrontDeskDetail.as_view()),
]
