"""Reading and writing what the front desk says."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from mybcat import audit
from mybcat.principal import Principal
from practices.models import TimeOff
from practices.workspace.models import FrontDesk

# How far ahead callers ask; and more closures than any practice has in that time.
AHEAD, MOST_CLOSURES = timedelta(days=90), 100


def front_desk() -> FrontDesk:
    """What the practice in scope has written, or an empty one."""
    found: FrontDesk | None = FrontDesk.objects.first()
    return found or FrontDesk()


def write_front_desk(
    *, greeting: str, script: str, insurance: Sequence[str], by: Principal, now: datetime
) -> FrontDesk:
    """Replace all of it; an insurer named twice is kept once."""
    values = {"greeting": greeting, "script": script, "insurance": list(dict.fromkeys(insurance))}
    written, _ = FrontDesk.objects.update_or_create(defaults=values)
    audit.record(principal=by, action="front_desk.written", object_kind="prac", object_ids=[by.practice_id], now=now)
    return written


def closures(*, now: datetime) -> QuerySet[TimeOff]:
    """When the practice or one of its locations is closed, from now on."""
    rows: QuerySet[TimeOff] = TimeOff.objects.filter(practitioner=None, ends_at__gt=now, starts_at__lt=now + AHEAD)
    return rows
