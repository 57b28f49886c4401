"""The application that the others stand on."""

from django.apps import AppConfig


class MybcatConfig(AppConfig):
    name = "mybcat"

    def ready(self) -> None:
        # `shared_task` binds to the app that exists when it is first used.
        import mybcat.celery  # noqa: F401, PLC0415
