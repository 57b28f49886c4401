"""The tasks of all rooms, where Celery looks for them."""

from integrations.clients.tasks import forget_client_assertions
from integrations.stripe.tasks import handle_stripe_events

__all__ = ("forget_client_assertions", "handle_stripe_events")
