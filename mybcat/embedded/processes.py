"""Which processes make up the product, in which order, and what is done before they start."""

import sys
from collections.abc import Mapping
from dataclasses import replace

from mybcat.embedded import static_files
from mybcat.embedded.child import Command
from mybcat.embedded.home import CHECKOUT, Home
from mybcat.embedded.ports import LOOPBACK
from mybcat.embedded.refusal import Refusal
from mybcat.embedded.supervisor import Supervisor

_CELERY = ("-m", "celery", "-A", "mybcat.celery", "--quiet")
# What nobody waits for yields to what somebody does, on a machine that has too little for both.
BACKGROUND = ("nice", "-n", "10")
_YIELDING = frozenset({"crm", "analytics", "waitlist", "webhooks", "bulk", "maintenance"})
# Each queue has a worker of its own, so that none waits for another's: how many of its tasks run at once.
_QUEUES = {
    "notifications": 2,
    "emails": 1,
    "crm": 1,
    "analytics": 1,
    "waitlist": 1,
    "webhooks": 2,
    "bulk": 1,
    "stripe": 1,
    "maintenance": 1,
}


def migrate(*, home: Home, supervisor: Supervisor, environment: Mapping[str, str]) -> None:
    """Brings the tables up to date, as the role that owns them."""
    _manage("migrate", "--database", "owner", "--no-input", home=home, supervisor=supervisor, environment=environment)


def load(*, home: Home, supervisor: Supervisor, environment: Mapping[str, str]) -> None:
    """Loads the demo practices, once, and gathers static files where they changed."""
    _manage("demo", home=home, supervisor=supervisor, environment=environment)
    if not static_files.are_current(home=home):
        _manage("collectstatic", "--no-input", home=home, supervisor=supervisor, environment=environment)
        static_files.note_gathered(home=home)


def processes(*, home: Home, port: int, environment: Mapping[str, str]) -> list[Command]:
    """In the order of their start."""
    return [
        _python("api", *_api(port), environment=environment, grace=15.0),
        _python("live", *_live(port + 1), environment=environment),
        _python("relay", "manage.py", "relay", environment=environment),
        _python("metrics", "manage.py", "metrics", "--port", str(port + 2), environment=environment),
        # Celery ends its running task first; celeryconfig.py gives that 10 s, then takes it back.
        *(
            _yielding(queue, _python(f"worker-{queue}", *_worker(queue, tasks), environment=environment, grace=20.0))
            for queue, tasks in _QUEUES.items()
        ),
        _python("beat", *_beat(home), environment=environment),
    ]


def _api(port: int) -> tuple[str, ...]:
    return (
        # HTTP/1 alone: a body without a length, as HTTP/2 allows, would be taken for none.
        *("-m", "granian", "--interface", "rsgi", "--http", "1", "--host", LOOPBACK, "--port", str(port)),
        *("--workers", "2", "--respawn-failed-workers"),
        *("--workers-kill-timeout", "10", "--no-access-log", "--log-level", "warning", "--no-ws"),
        "mybcat.rsgi:application",
    )


def _live(port: int) -> tuple[str, ...]:
    return (
        *("-m", "uvicorn", "--host", LOOPBACK, "--port", str(port), "--no-access-log", "--log-level", "warning"),
        *("--ws", "realtime.wire:Wire", "--ws-max-size", "65536", "--ws-per-message-deflate", "false"),
        # Whoever has vanished is noticed within 25 s.
        *("--ws-ping-interval", "15", "--ws-ping-timeout", "10", "--timeout-graceful-shutdown", "5"),
        "mybcat.asgi:application",
    )


def _worker(queue: str, tasks: int) -> tuple[str, ...]:
    # Two workers of one name would each take the other for itself.
    options = ("--without-gossip", "--without-mingle", "-Q", queue, "-c", str(tasks), "-n", f"{queue}@%h")
    return (*_CELERY, "worker", *options)


def _yielding(queue: str, command: Command) -> Command:
    return replace(command, arguments=(*BACKGROUND, *command.arguments)) if queue in _YIELDING else command


def _beat(home: Home) -> tuple[str, ...]:
    home.file("beat").mkdir(exist_ok=True)
    schedule = str(home.file("beat") / "schedule")
    return (*_CELERY, "beat", "--schedule", schedule, "--pidfile=")


def _python(name: str, *arguments: str, environment: Mapping[str, str], grace: float = 10.0) -> Command:
    return Command(name=name, arguments=(sys.executable, *arguments), environment=environment, grace=grace)


def _manage(name: str, *options: str, home: Home, supervisor: Supervisor, environment: Mapping[str, str]) -> None:
    manage = str(CHECKOUT / "manage.py")
    if supervisor.run(_python(name, manage, name, *options, environment=environment)) != 0:
        raise Refusal(f"manage.py {name} failed: the reason stands in {home.log(name)}.")
