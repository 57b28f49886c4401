"""The application that the others stand on."""

from django.apps import AppConfig

from mybcat.connections import end_with_their_threads
from mybcat.instants import read_instants_fast
from mybcat.yielding import yield_everywhere


class MybcatConfig(AppConfig):
    name = "mybcat"
    verbose_name = "MyBCAT"

    def ready(self) -> None:
        # `shared_task` binds to the app that exists when it is first used.
        import mybcat.celery  # noqa: F401, PLC0415

        end_with_their_threads()
        yield_everywhere()
        read_instants_fast()
