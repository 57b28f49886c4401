"""Routes of v2."""

from django.urls import path

from realtime import views
from realtime.visits import pages
from realtime.visits import views as visits

urlpatterns = [
    path("live/tickets", views.LiveTickets.as_view()),
    path("changes", views.Changes.as_view()),
    path("visits", visits.Visits.as_view()),
    path("visits/<str:visit_id>", visits.VisitDetail.as_view()),
    path("visits/<str:visit_id>/status", visits.VisitStatus.as_view()),
    path("visits/<str:visit_id>/link", visits.VisitLink.as_view()),
    path("visit-policy", visits.VisitPolicies.as_view()),
]

# Of no version: the patient's.
page_urlpatterns = [
    path("visit/<str:token>", pages.page, name="visit"),
    path("visit/<str:token>/state", pages.state),
]
