"""Routes of what connects practices with other companies."""

from django.urls import path

from integrations.analytics.views import DailyAnalytics, DailyAnalyticsCSV
from integrations.crm.views import Connection, ConnectionTest
from integrations.dead_letters.urls import urlpatterns as dead_letters
from integrations.messaging.views import received
from integrations.notices.urls import urlpatterns as notices
from integrations.stripe.billing_views import BillingCheckout, BillingPortal, BillingSubscription
from integrations.stripe.views import webhook
from integrations.webhooks.urls import urlpatterns as webhooks

# Of no version: the vendor decides what it sends.
webhook_urlpatterns = [path("webhooks/stripe", webhook), path("webhooks/twilio/messages", received)]

# v2 alone.
urlpatterns = [
    path("analytics/daily", DailyAnalytics.as_view()),
    path("analytics/daily.csv", DailyAnalyticsCSV.as_view()),
    path("crm-connection", Connection.as_view()),
    path("crm-connection/test", ConnectionTest.as_view()),
    path("billing/subscription", BillingSubscription.as_view()),
    path("billing/checkout-session", BillingCheckout.as_view()),
    path("billing/portal-session", BillingPortal.as_view()),
    *webhooks,
    *dead_letters,
    *notices,
]
