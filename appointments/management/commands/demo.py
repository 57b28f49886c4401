"""`manage.py demo`: load the two demo practices and their logins, once. Safe to repeat. `--live` lets them work."""

import signal
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from appointments.samples.demo import load_demo
from appointments.samples.places import PRACTICES
from appointments.samples.removal import remove_demo
from appointments.samples.ticker import tick

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


class Command(BaseCommand):
    help = "Load the demo practices with their logins, whose password is known to all, unless they are there."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="remove them first, with all that was done in them")
        parser.add_argument("--live", action="store_true", help="then book, move, cancel and greet until told to stop")
        parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="between two acts of --live")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reset"]:
            if "owner" not in connections:
                raise CommandError("--reset needs DATABASE_OWNER_URL")
            remove_demo()
        made = load_demo(now=datetime.now(UTC))
        self.stdout.write(f"Loaded {' and '.join(made)}." if made else "The demo practices are there already.")
        if options["live"]:
            self._live(pause=timedelta(seconds=options["every"]))

    def _live(self, *, pause: timedelta) -> None:
        # Blocked and waited for, not handled: a signal then never interrupts an act.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        chance = Random()
        while signal.sigtimedwait(STOP_SIGNALS, pause.total_seconds()) is None:
            sample = chance.choice(PRACTICES)
            done = tick(sample, now=datetime.now(UTC), chance=chance)
            self.stdout.write(f"{sample.name}: {done}")
