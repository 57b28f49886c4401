"""Routes of v2."""

from django.urls import path

from integrations.webhooks import delivery_views, views

urlpatterns = [
    path("webhook-endpoints", views.WebhookEndpoints.as_view()),
    path("webhook-endpoints/<str:webhook_endpoint_id>", views.WebhookEndpointDetail.as_view()),
    path("webhook-endpoints/<str:webhook_endpoint_id>/rotate-secret", views.WebhookEndpointRotate.as_view()),
    path("webhook-endpoints/<str:webhook_endpoint_id>/test", views.WebhookEndpointTest.as_view()),
    path("webhook-endpoints/<str:webhook_endpoint_id>/replay", views.WebhookEndpointReplay.as_view()),
    path("webhook-deliveries", delivery_views.WebhookDeliveries.as_view()),
    path("webhook-deliveries/<str:delivery_id>", delivery_views.WebhookDeliveryDetail.as_view()),
    path("webhook-deliveries/<str:delivery_id>/attempts", delivery_views.WebhookDeliveryAttempts.as_view()),
    path("webhook-deliveries/<str:delivery_id>/replay", delivery_views.WebhookDeliveryReplay.as_view()),
]
