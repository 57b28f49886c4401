"""Routes of what connects practices with other companies."""

from django.urls import path

from integrations.analytics.views import DailyAnalytics, DailyAnalyticsCSV
from integrations.calendar_feeds.urls import page_urlpatterns as calendars
from integrations.calendar_feeds.urls import urlpatterns as calendar_feeds
from integrations.crm.views import HubSpotConnection, HubSpotConnectionTest
from integrations.dead_letters.urls import urlpatterns as dead_letters
from integrations.imports.urls import urlpatterns as imports
from integrations.messaging.urls import page_urlpatterns as unsubscribing
from integrations.messaging.urls import urlpatterns as messaging
from integrations.messaging.views import received, reported
from integrations.notices.urls import urlpatterns as notices
from integrations.reminders.urls import urlpatterns as reminders
from integrations.self_service.urls import page_urlpatterns as self_service
from integrations.stripe.billing_views import BillingCheckout, BillingPortal, BillingSubscription
from integrations.stripe.usage_views import BillingUsage
from integrations.stripe.views import webhook
from integrations.waitlist.urls import urlpatterns as waitlist
from integrations.webhooks.urls import urlpatterns as webhooks

# Of no version: the vendor decides what it sends.
webhook_urlpatterns = [
    path("webhooks/stripe", webhook),
    path("webhooks/twilio/messages", received),
    path("webhooks/twilio/status", reported),
    *unsubscribing,
    *self_service,
    *calendars,
]

# v2 alone.
urlpatterns = [
    path("analytics/daily", DailyAnalytics.as_view()),
    path("analytics/daily.csv", DailyAnalyticsCSV.as_view()),
    path("crm-connection", HubSpotConnection.as_view()),
    path("crm-connection/test", HubSpotConnectionTest.as_view()),
    path("billing/subscription", BillingSubscription.as_view()),
    path("billing/usage", BillingUsage.as_view()),
    path("billing/checkout-session", BillingCheckout.as_view()),
    path("billing/portal-session", BillingPortal.as_view()),
    *messaging,
    *webhooks,
    *dead_letters,
    *notices,
    *reminders,
    *waitlist,
    *imports,
    *calendar_feeds,
]
