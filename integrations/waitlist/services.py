"""Reading and writing how a practice offers times."""

from datetime import datetime

from integrations.waitlist.models import WaitlistSettings
from mybcat import audit
from mybcat.principal import Principal


def waitlist_settings() -> WaitlistSettings:
    """What the practice in scope has decided, or the defaults."""
    found: WaitlistSettings | None = WaitlistSettings.objects.first()
    return found or WaitlistSettings()


def write_settings(
    *, is_active: bool, batch_size: int, answer_minutes: int, lead_hours: int, by: Principal, now: datetime
) -> WaitlistSettings:
    """Replace all of it, for whoever is asked from now on; who was asked may still say yes."""
    values = {
        "is_active": is_active,
        "batch_size": batch_size,
        "answer_minutes": answer_minutes,
        "lead_hours": lead_hours,
    }
    written: WaitlistSettings
    written, _ = WaitlistSettings.objects.update_or_create(defaults=values)
    audit.record(
        principal=by, action="waitlist_settings.written", object_kind="prac", object_ids=[by.practice_id], now=now
    )
    return written
