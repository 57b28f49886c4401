"""Routes of what connects practices with other companies."""

from django.urls import path

from integrations.analytics.views import DailyAnalytics, DailyAnalyticsCSV
from integrations.stripe.views import webhook

# Of no version: the vendor decides what it sends.
webhook_urlpatterns = [path("webhooks/stripe", webhook)]

# v2 alone.
urlpatterns = [
    path("analytics/daily", DailyAnalytics.as_view()),
    path("analytics/daily.csv", DailyAnalyticsCSV.as_view()),
]
