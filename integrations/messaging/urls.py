"""Routes of v2."""

from django.urls import path

from integrations.messaging import (
    connection_views,
    inbox_views,
    message_views,
    preference_views,
    template_views,
    thread_views,
)
from integrations.messaging.unsubscribe_views import unsubscribe_page

# Of no version: the link stands in e-mails.
page_urlpatterns = [path("unsubscribe/<str:token>", unsubscribe_page)]

urlpatterns = [
    path("inbox", inbox_views.Inbox.as_view()),
    path("patients/<str:patient_id>/messages", message_views.PatientMessages.as_view()),
    path("patients/<str:patient_id>/communication", preference_views.Communication.as_view()),
    path("messaging-connection", connection_views.Connection.as_view()),
    path("messaging-connection/test", connection_views.ConnectionTest.as_view()),
    path("message-templates", template_views.Templates.as_view()),
    path("message-templates/<str:template_name>", template_views.Template.as_view()),
    path("message-templates/<str:template_name>/preview", template_views.TemplatePreview.as_view()),
    path("inbox/<str:inbound_message_id>", inbox_views.InboxMessage.as_view()),
    path("inbox/<str:inbound_message_id>/thread", thread_views.Thread.as_view()),
    path("inbox/<str:inbound_message_id>/replies", thread_views.Replies.as_view()),
]
