"""`manage.py webhooks replay whep_…`: an endpoint's dead deliveries anew, from a terminal."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mybcat import deliveries
from mybcat.errors import UnknownId
from mybcat.ids import internal_id
from mybcat.models import Delivery
from mybcat.tenancy import platform_scope

# One transaction holds its rows' locks until its end, so it must be short.
BATCH = 500


class Command(BaseCommand):
    help = "Replay all dead deliveries of one webhook endpoint, the oldest event first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("replay",))
        parser.add_argument("endpoint", help="whep_…")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            endpoint_id = internal_id("whep", options["endpoint"])
        except UnknownId:
            raise CommandError("That is no id of a webhook endpoint.") from None
        count = 0
        while replayed := self._replay(endpoint_id):
            count += replayed
        self.stdout.write(f"{count} deliveries will be made anew.")

    def _replay(self, endpoint_id: Any) -> int:
        with platform_scope(reason="manage.py webhooks replay"):
            dead = Delivery.objects.filter(target_id=endpoint_id, status=Delivery.Status.DEAD)
            rows = list(dead.order_by("seq")[:BATCH])
            return deliveries.replay_together(deliveries=rows, by=None, now=timezone.now())
