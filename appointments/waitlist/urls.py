"""Routes of v2."""

from django.urls import path

from appointments.waitlist import views

urlpatterns = [
    path("waitlist", views.Waitlist.as_view()),
    path("waitlist/<str:waitlist_entry_id>", views.WaitlistDetail.as_view()),
    path("waitlist/<str:waitlist_entry_id>/withdraw", views.WaitlistWithdrawal.as_view()),
    path("waitlist-offers", views.WaitlistOffers.as_view()),
]
