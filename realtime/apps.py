"""The application that tells open dashboards what has changed."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        # Models can be imported from here on.
        from mybcat.events import event_committed  # noqa: PLC0415
        from realtime.broadcasting import broadcast  # noqa: PLC0415

        event_committed.connect(broadcast, dispatch_uid="realtime")
