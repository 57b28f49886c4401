"""What became of calls: how many were booked, and why the others were not, by day and agent."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Count
from django.db.models.functions import TruncDate

from appointments.calls.models import Call
from appointments.days import day_range, zone
from practices.models import User


@dataclass
class CallDay:
    """One agent's calls that were opened on one day; `name` is None for a program."""

    date: date
    agent_id: UUID
    name: str | None
    calls: int = 0
    booked: int = 0
    not_booked: int = 0
    reasons: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Call.Reason.values, 0))

    @property
    def rate(self) -> float | None:
        """Booked of those that ended booked or not booked, from 0 to 1; None where no caller wanted a time."""
        wanted = self.booked + self.not_booked
        return round(self.booked / wanted, 4) if wanted else None


def call_days(*, since: date, until: date, time_zone: str) -> list[CallDay]:
    """Days from `since` to `until`, both included, on the clock of `time_zone`, in order, then by name.

    `calls` are all that were opened, also those still open and those that asked for no time.
    """
    start, end = day_range(first=since, last=until, time_zone=time_zone)
    rows = (
        Call.objects.filter(opened_at__gte=start, opened_at__lt=end)
        .annotate(day=TruncDate("opened_at", tzinfo=zone(time_zone)))
        .values("day", "agent_id", "outcome", "reason")
        .annotate(count=Count("id"))
    )
    lines: dict[tuple[date, UUID], CallDay] = {}
    for row in rows:
        key = (row["day"], row["agent_id"])
        line = lines.setdefault(key, CallDay(*key, name=None))
        line.calls += row["count"]
        line.booked += row["count"] if row["outcome"] == Call.Outcome.BOOKED else 0
        if row["outcome"] == Call.Outcome.NOT_BOOKED:
            line.not_booked += row["count"]
            line.reasons[row["reason"]] += row["count"]
    names = dict(User.objects.filter(id__in={agent for _, agent in lines}).values_list("id", "name"))
    for line in lines.values():
        line.name = names.get(line.agent_id)
    return sorted(lines.values(), key=lambda line: (line.date, line.name or "", line.agent_id))
