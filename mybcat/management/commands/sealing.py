"""`manage.py sealing rotate`: a new key for sealed columns, and every row sealed with it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mybcat import sealing


class Command(BaseCommand):
    help = "Seal encrypted columns with a new key (rotate), or go on with a rotation that was stopped (reseal)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("rotate", "reseal"))

    def handle(self, *args: Any, **options: Any) -> None:
        rows = sealing.rotate() if options["act"] == "rotate" else sealing.reseal()
        self.stdout.write(f"{rows} rows are sealed with the new key; the older ones may be removed.")
