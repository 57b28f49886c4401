"""Routes of members: v2 alone; choosing a password is of no version."""

from django.urls import path

from practices.members import views

urlpatterns = [
    path("members", views.Members.as_view()),
    path("members/<str:member_id>", views.MemberDetail.as_view()),
    path("members/<str:member_id>/invite", views.MemberInvite.as_view()),
]

auth_urlpatterns = [
    path("api/auth/password", views.Password.as_view()),
    path("api/auth/password/forgotten", views.ForgottenPassword.as_view()),
]
