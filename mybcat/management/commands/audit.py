"""`manage.py audit verify` and `manage.py audit export`: is the record whole, and who saw a patient's data."""

import csv
import sys
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.core.management.base import BaseCommand, CommandError

from mybcat.auditing.export import MEMBERS, disclosures
from mybcat.auditing.verification import verify
from mybcat.errors import UnknownId
from mybcat.ids import internal_id

# 45 CFR 164.528: six years back.
ACCOUNTED = timedelta(days=6 * 366)


class Command(BaseCommand):
    help = "Verify the audit record, or export who saw and changed one patient's data."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        checking = acts.add_parser("verify", help="exit 1 and name the first bad entry of each chain that is not whole")
        checking.add_argument("--practice", type=_id("prac"), help="this chain only")
        exporting = acts.add_parser("export", help="an accounting of disclosures, on standard output")
        exporting.add_argument("--practice", type=_id("prac"), required=True)
        exporting.add_argument("--patient", type=_id("pat"), required=True)
        exporting.add_argument("--since", type=date.fromisoformat, help="YYYY-MM-DD (UTC); default: six years ago")
        exporting.add_argument("--format", choices=("csv", "json"), default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        if options["act"] == "verify":
            self._verify(options["practice"], now=now)
        else:
            self._export(options, now=now)

    def _verify(self, practice_id: UUID | None, *, now: datetime) -> None:
        found = 0
        for finding in verify(practice_id=practice_id, now=now):
            found += 1
            self.stdout.write(str(finding))
        if found:
            sys.exit(1)
        self.stdout.write("The audit record is whole.")

    def _export(self, options: dict[str, Any], *, now: datetime) -> None:
        since = datetime.combine(options["since"], time(), UTC) if options["since"] else now - ACCOUNTED
        rows = disclosures(practice_id=options["practice"], patient_id=options["patient"], since=since, now=now)
        if options["format"] == "json":
            for row in rows:
                self.stdout.write(orjson.dumps(row).decode())
            return
        writer = csv.DictWriter(self.stdout, MEMBERS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _id(prefix: str) -> Any:
    def read(text: str) -> UUID:
        try:
            return internal_id(prefix, text)
        except UnknownId:
            raise CommandError(f"{text} is no id of the form {prefix}_…") from None

    return read
