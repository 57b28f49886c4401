"""The tasks of all rooms, where Celery looks for them."""

from integrations.stripe.tasks import handle_stripe_events

__all__ = ("handle_stripe_events",)
