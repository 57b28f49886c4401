"""Reading and writing when a practice reminds its patients."""

from collections.abc import Sequence
from datetime import datetime

from integrations.reminders.models import ReminderSettings
from mybcat import audit
from mybcat.principal import Principal


def reminder_settings() -> ReminderSettings:
    """What the practice in scope has decided, or the defaults."""
    found: ReminderSettings | None = ReminderSettings.objects.first()
    return found or ReminderSettings()


def write_settings(
    *, offsets_minutes: Sequence[int], cutoff_minutes: int, by: Principal, now: datetime
) -> ReminderSettings:
    """Replace all of it; what would have been due by the new offsets already is not made up for."""
    values = {"offsets_minutes": sorted(set(offsets_minutes), reverse=True), "cutoff_minutes": cutoff_minutes}
    written: ReminderSettings
    written, _ = ReminderSettings.objects.update_or_create(
        defaults=values, create_defaults={**values, "swept_until": now}
    )
    audit.record(
        principal=by, action="reminder_settings.written", object_kind="prac", object_ids=[by.practice_id], now=now
    )
    return written
