"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView

import appointments.blocks.urls
import appointments.calls.urls
import appointments.figures.urls
import appointments.groups.urls
import appointments.hours.urls
import appointments.people.urls
import appointments.places.urls
import appointments.urls
import appointments.waitlist.urls
import integrations.bulk.urls
import integrations.clients.urls
import integrations.urls
import patients.urls
import practices.members.urls
import practices.offering.urls
import practices.protocols.urls
import practices.resources.urls
import practices.urls
import practices.workspace.urls
import realtime.urls
from appointments.visits import visits_of
from mybcat.dashboard import dashboard
from mybcat.gateway import health

# Both versions have these routes, and the same services; the version picks the shapes.
api = [
    *patients.urls.routes(visits_of=visits_of),
    *appointments.urls.urlpatterns,
    *integrations.bulk.urls.urlpatterns,
]
api_v1 = [*practices.urls.urlpatterns_v1, *api]
# v1 is frozen: what came after it is in v2 alone.
api_v2 = [
    # Asked at each call: Django tries one address after the other, and seventy of them were a seventh of the request.
    *practices.workspace.urls.urlpatterns,
    # Before `patients/{id}`, which would take its name for an id.
    *patients.urls.routes_v2(visits_of=visits_of),
    *api,
    *appointments.urls.urlpatterns_v2,
    *appointments.waitlist.urls.urlpatterns,
    *appointments.blocks.urls.urlpatterns,
    *appointments.calls.urls.urlpatterns,
    *appointments.figures.urls.urlpatterns,
    *appointments.groups.urls.urlpatterns,
    *appointments.hours.urls.urlpatterns,
    *appointments.people.urls.urlpatterns,
    *appointments.places.urls.urlpatterns,
    *practices.urls.urlpatterns_v2,
    *practices.members.urls.urlpatterns,
    *practices.offering.urls.urlpatterns,
    *practices.resources.urls.urlpatterns,
    *practices.protocols.urls.urlpatterns,
    *integrations.clients.urls.urlpatterns,
    *integrations.urls.urlpatterns,
    *integrations.bulk.urls.v2_urlpatterns,
    *realtime.urls.urlpatterns,
]

urlpatterns = [
    path("api/v1/", include((api_v1, "api"), namespace="v1")),
    path("api/v2/", include((api_v2, "api"), namespace="v2")),
    *practices.urls.auth_urlpatterns,
    *practices.members.urls.auth_urlpatterns,
    *integrations.urls.webhook_urlpatterns,
    *integrations.clients.urls.oauth_urlpatterns,
    *realtime.urls.page_urlpatterns,
    path("api/schema/v1", SpectacularJSONAPIView.as_view(api_version="v1"), name="schema-v1"),
    path("api/schema/v2", SpectacularJSONAPIView.as_view(api_version="v2"), name="schema-v2"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema-v2"), name="docs"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("", dashboard),
    path("manage/<path:rest>", dashboard),
    path("welcome", dashboard),
    # Where Stripe sends managers back to.
    path("settings/<path:rest>", dashboard),
]

handler400 = "mybcat.gateway.problems.bad_request"
handler403 = "mybcat.gateway.problems.permission_denied"
handler404 = "mybcat.gateway.problems.not_found"
handler500 = "mybcat.gateway.problems.server_error"
