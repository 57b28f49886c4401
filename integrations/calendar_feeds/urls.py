"""Routes of calendar feeds."""

from django.urls import path

from integrations.calendar_feeds import pages, views

urlpatterns = [
    path("calendar-feeds", views.CalendarFeeds.as_view()),
    path("calendar-feeds/<str:feed_id>", views.CalendarFeedDetail.as_view()),
    path("calendar-feeds/<str:feed_id>/rotate", views.CalendarFeedRotate.as_view()),
]
page_urlpatterns = [path("calendar/<str:token>.ics", pages.calendar)]
