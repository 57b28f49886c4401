"""Celery's settings, each with its reason in docs/adr/0004-delivery-engine.md."""

from datetime import timedelta

from django.conf import settings

broker_url = settings.REDIS_URL
task_serializer = "json"
accept_content = ("json",)
task_ignore_result = True
timezone = "UTC"
task_acks_late = True
task_retry_on_worker_lost = True
# A retry is a message with an ETA, and Redis hands one out twice if that lies beyond the visibility
# timeout, as the default of 180 s does (kombu#337).
task_annotations = {"*": {"default_retry_delay": 10}}
worker_prefetch_multiplier = 1
task_time_limit = 60
task_soft_time_limit = 45
# Twice the hard limit: a task that still runs is never handed to another worker.
visibility_timeout = 120
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_pool_limit = 2
worker_soft_shutdown_timeout = 10
worker_hijack_root_logger = False
# Our own JSON lines go to standard output already; Celery would wrap each in another one.
worker_redirect_stdouts = False
# A publisher must not wait for a hung broker: what it would announce stands in PostgreSQL anyway.
task_publish_retry = False
broker_transport_options = {
    "visibility_timeout": visibility_timeout,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 10,
}
# Not Celery's `expires`: an expired task stays in its queue until a worker takes it, and worker and beat may
# have clocks of their own.
beat_scheduler = "mybcat.beating:Scheduler"
# Beat's tasks. Each listener's deliveries have the queue that the listener names.
task_default_queue = "maintenance"
task_routes = ("mybcat.listeners.route",)
beat_schedule = {
    "extend slot horizons": {
        "task": "appointments.tasks.extend_horizons",
        "schedule": timedelta(hours=1),
    },
    # The guarantee that what Stripe told us is handled, whoever died after storing it.
    "handle Stripe's events": {
        "task": "integrations.stripe.tasks.handle_stripe_events",
        "schedule": timedelta(seconds=5),
        "options": {"queue": "stripe"},
    },
    "publish reminders": {
        "task": "integrations.tasks.publish_reminders",
        "schedule": timedelta(seconds=30),
    },
    "mail notices": {
        "task": "integrations.webhooks.tasks.mail_notices",
        "schedule": timedelta(seconds=30),
    },
    # Whoever is invited waits for it.
    "mail invitations": {
        "task": "practices.tasks.mail_invitations",
        "schedule": timedelta(seconds=15),
    },
    # Likewise.
    "mail links for forgotten passwords": {
        "task": "practices.tasks.mail_forgotten_passwords",
        "schedule": timedelta(seconds=15),
    },
    "give up forgotten webhook endpoints": {
        "task": "integrations.webhooks.tasks.give_up_forgotten_endpoints",
        "schedule": timedelta(hours=1),
    },
    "forget idempotency keys": {
        "task": "mybcat.tasks.forget_idempotency_keys",
        "schedule": timedelta(minutes=15),
    },
    "forget old deliveries": {
        "task": "mybcat.tasks.forget_old_deliveries",
        "schedule": timedelta(hours=1),
    },
    "expire the waitlist": {
        "task": "appointments.tasks.expire_waitlist",
        "schedule": timedelta(hours=1),
    },
    "forget callers' numbers": {
        "task": "appointments.tasks.forget_callers_numbers",
        "schedule": timedelta(hours=6),
    },
    "forget where clinicians were": {
        "task": "realtime.tasks.forget_trails",
        "schedule": timedelta(hours=1),
    },
    "forget client assertions": {
        "task": "integrations.clients.tasks.forget_client_assertions",
        "schedule": timedelta(minutes=15),
    },
    "forget failed sign-ins": {
        "task": "mybcat.tasks.forget_failed_sign_ins",
        "schedule": timedelta(minutes=15),
    },
    "forget operators' sessions": {
        "task": "mybcat.tasks.forget_operators_sessions",
        "schedule": timedelta(hours=1),
    },
    "forget old sign-ins": {
        "task": "practices.tasks.forget_old_sign_ins",
        "schedule": timedelta(hours=1),
    },
    "forget Stripe's events": {
        "task": "integrations.stripe.tasks.forget_stripe_events",
        "schedule": timedelta(hours=1),
    },
    # As often as a waiting job may be looked for.
    "send bulk messages": {
        "task": "integrations.tasks.send_bulk",
        "schedule": timedelta(seconds=2),
        "options": {"queue": "bulk"},
    },
    # As often as a waiting file may be looked for.
    "take over imports": {
        "task": "integrations.imports.tasks.run_imports",
        "schedule": timedelta(seconds=3),
    },
    "erase bulk messages": {
        "task": "integrations.tasks.erase_bulk",
        "schedule": timedelta(hours=6),
    },
}
