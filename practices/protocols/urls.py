"""Routes of v2."""

from django.urls import path

from practices.protocols import manager_views, views

urlpatterns = [
    path("protocol", views.CurrentProtocol.as_view()),
    path("protocol/evaluations", views.ProtocolEvaluations.as_view()),
    path("protocol-versions", manager_views.ProtocolVersions.as_view()),
    path("protocol-versions/<str:protocol_id>", manager_views.ProtocolVersionDetail.as_view()),
    path("protocol-versions/<str:protocol_id>/check", manager_views.ProtocolCheck.as_view()),
    path("protocol-versions/<str:protocol_id>/publish", manager_views.ProtocolPublish.as_view()),
]
