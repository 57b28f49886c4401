"""`manage.py load`: practices in bulk, to measure with."""

import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from appointments.samples.volume import PASSWORD, Size, load_practices

TOLD_EVERY = 25


class Command(BaseCommand):
    help = f"Add practices for measurements; agent-0001@load.example and so on sign in with {PASSWORD}."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--practices", type=int, default=10)
        parser.add_argument("--patients", type=int, default=4000, help="of all practices together")
        parser.add_argument("--practitioners", type=int, default=5, help="of each practice")
        calendar = parser.add_mutually_exclusive_group()
        calendar.add_argument("--days", type=int, default=90, help="of slots, from tomorrow on")
        calendar.add_argument("--slots-per-practice", type=int, default=None, help="instead of --days")
        parser.add_argument("--appointments-share", type=float, default=0.6, help="of the slots that are taken")

        parser.add_argument("--jobs", type=int, default=2, help="practices made at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        count = options["practices"]
        size = Size(
            practitioners=options["practitioners"],
            patients=options["patients"] // count,
            days=options["days"],
            slots=options["slots_per_practice"],
            share_booked=options["appointments_share"],
        )
        began, rows = time.monotonic(), 0
        loading = load_practices(count=count, size=size, jobs=options["jobs"], now=datetime.now(UTC))
        for number, written in enumerate(loading, 1):
            rows += written
            if number % TOLD_EVERY == 0 or number == count:
                self._tell(f"{number} practices", rows, time.monotonic() - began)
        self._analyze()
        self._tell("Loaded and analyzed", rows, time.monotonic() - began)

    def _tell(self, what: str, rows: int, seconds: float) -> None:
        self.stdout.write(f"{what}: {rows:,} rows in {seconds:,.1f} s, {rows / seconds:,.0f} rows/s")

    def _analyze(self) -> None:
        """As the owner of the tables: nobody else may."""
        if "owner" not in connections:
            self.stderr.write("Not analyzed: that needs DATABASE_OWNER_URL.")
            return
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
