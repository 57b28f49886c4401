"""Routes of what connects practices with other companies."""

from django.urls import path

from integrations.stripe.views import webhook

# Of no version: the vendor decides what it sends.
webhook_urlpatterns = [path("webhooks/stripe", webhook)]
