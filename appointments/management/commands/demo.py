"""`manage.py demo`: load the two demo practices and their logins, once. Safe to repeat."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from appointments.samples.demo import load_demo
from appointments.samples.removal import remove_demo


class Command(BaseCommand):
    help = "Load the demo practices with their logins, whose password is known to all, unless they are there."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="remove them first, with all that was done in them")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reset"]:
            if "owner" not in connections:
                raise CommandError("--reset needs DATABASE_OWNER_URL")
            remove_demo()
        made = load_demo(now=datetime.now(UTC))
        self.stdout.write(f"Loaded {' and '.join(made)}." if made else "The demo practices are there already.")
