"""The tasks of all rooms, where Celery looks for them."""

from integrations.bulk.tasks import erase_bulk, send_bulk
from integrations.clients.tasks import forget_client_assertions
from integrations.imports.tasks import run_imports
from integrations.reminders.tasks import publish_reminders
from integrations.stripe.tasks import forget_stripe_events, handle_stripe_events
from integrations.webhooks.tasks import give_up_forgotten_endpoints, mail_notices

__all__ = (
    "erase_bulk",
    "forget_client_assertions",
    "forget_stripe_events",
    "give_up_forgotten_endpoints",
    "handle_stripe_events",
    "mail_notices",
    "publish_reminders",
    "run_imports",
    "send_bulk",
)
