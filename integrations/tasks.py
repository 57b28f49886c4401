"""The tasks of all rooms, where Celery looks for them."""

from integrations.clients.tasks import forget_client_assertions
from integrations.stripe.tasks import handle_stripe_events
from integrations.webhooks.tasks import give_up_forgotten_endpoints, mail_notices

__all__ = ("forget_client_assertions", "give_up_forgotten_endpoints", "handle_stripe_events", "mail_notices")
