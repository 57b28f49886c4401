"""A chore of the relay's process: whoever has just paid need not wait for beat's next look."""

from datetime import datetime, timedelta

from integrations.stripe import inbound
from mybcat.nudges import Publisher

ROUND = timedelta(seconds=0.5)


class Nudging:
    """Asks the worker of `stripe` to look as soon as something is due. Beat asks as well: hints may be lost."""

    def __init__(self, *, publisher: Publisher | None = None) -> None:
        self._publisher = publisher or Publisher()

    def __call__(self, *, now: datetime) -> timedelta:
        if inbound.is_due(now=now):
            self._publisher.hint("integrations.stripe.tasks.handle_stripe_events", queue="stripe")
        return ROUND
