"""`manage.py analytics rebuild`: count the practices' events anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.analytics.counting import rebuild
from mybcat.errors import UnknownId
from mybcat.ids import internal_id, public_id
from mybcat.tenancy import platform_scope
from practices.models import Practice


class Command(BaseCommand):
    help = "Count all events anew, practice by practice: after a change of time zone, or in doubt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["rebuild"])
        parser.add_argument("--practice", help="its id, prac_…; default: every practice")

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_scope(reason="analytics rebuild"):
            practices = list(Practice.objects.order_by("id").values_list("id", flat=True))
        if options["practice"]:
            try:
                wanted = internal_id("prac", options["practice"])
            except UnknownId:
                wanted = None
            if wanted not in practices:
                raise CommandError(f"No practice has the id {options['practice']}.")
            practices = [wanted]
        for practice_id in practices:
            self.stdout.write(f"{public_id('prac', practice_id)}: {rebuild(practice_id=practice_id)} events counted.")
