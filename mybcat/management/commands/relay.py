"""`manage.py relay`: run one relay until SIGTERM or SIGINT, then exit 0 after the batch in hand."""

import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.core.management.base import BaseCommand

from mybcat import chores
from mybcat.nudges import Nudger, Publisher
from mybcat.relay import Relay

logger = structlog.get_logger(__name__)

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


class Command(BaseCommand):
    help = "Turn committed events into deliveries until told to stop."
    # They import every view, and the relay serves none.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        # Blocked and waited for, not handled: a signal then never interrupts a batch.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        logger.info("Relay started")
        nudger = Nudger(publisher=Publisher())
        nudger.start()
        chores.start(clock=lambda: datetime.now(UTC))
        Relay(nudger=nudger, clock=lambda: datetime.now(UTC)).run(pause=_stopped_within)
        logger.info("Relay stopped")


def _stopped_within(wait: timedelta) -> bool:
    return signal.sigtimedwait(STOP_SIGNALS, wait.total_seconds()) is not None
