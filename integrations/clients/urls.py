"""Routes of API clients: v2 alone manages them."""

from django.urls import path

from integrations.clients import oauth_views, views

urlpatterns = [
    path("api-clients", views.Clients.as_view()),
    path("api-clients/<str:client_id>", views.ClientDetail.as_view()),
    path("api-clients/<str:client_id>/rotate-secret", views.SecretRotation.as_view()),
    path("api-clients/<str:client_id>/revoke", views.ClientRevocation.as_view()),
    path("api-clients/<str:client_id>/certificates", views.Certificates.as_view()),
    path("api-clients/<str:client_id>/certificates/revoke", views.CertificateRevocation.as_view()),
]

oauth_urlpatterns = [
    path("api/oauth/token", oauth_views.ClientToken.as_view()),
    path(".well-known/oauth-authorization-server", oauth_views.Metadata.as_view()),
]
