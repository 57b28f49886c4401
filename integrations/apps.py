"""The application that carries events to the world outside."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        # Models can be imported from here on.
        from appointments.samples.history import history_made  # noqa: PLC0415
        from integrations.analytics.counting import count_history  # noqa: PLC0415
        from integrations.listeners import LISTENERS, owe_deliveries  # noqa: PLC0415
        from integrations.reminders.answering import register_answers  # noqa: PLC0415
        from integrations.waitlist.answering import register_yes  # noqa: PLC0415
        from mybcat.events import event_committed  # noqa: PLC0415
        from mybcat.listeners import register  # noqa: PLC0415

        for listener in LISTENERS:
            register(listener)
        register_answers()
        register_yes()
        event_committed.connect(owe_deliveries, dispatch_uid="integrations")
        history_made.connect(count_history, dispatch_uid="analytics")
