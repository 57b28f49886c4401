"""Routes of bulk jobs."""

from django.urls import path

from integrations.bulk import views

urlpatterns = [
    path("bulk-messages", views.BulkMessages.as_view()),
    path("bulk-messages/<str:job_id>/status", views.BulkStatus.as_view()),
]
v2_urlpatterns = [
    path("bulk-jobs", views.BulkJobs.as_view()),
    path("bulk-messages/<str:job_id>/failures", views.BulkFailures.as_view()),
    path("bulk-messages/<str:job_id>/pause", views.PauseBulk.as_view()),
    path("bulk-messages/<str:job_id>/resume", views.ResumeBulk.as_view()),
    path("bulk-messages/<str:job_id>/cancel", views.CancelBulk.as_view()),
]
