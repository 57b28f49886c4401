"""What a text may say: whose appointment book, when and where, and nothing about the person or the visit."""

from datetime import datetime
from zoneinfo import ZoneInfo

from mybcat.events import EventType

# The placeholders are the allow-list; `text()` fills no others.
TEXTS: dict[str, str] = {
    EventType.APPOINTMENT_BOOKED: (
        "{practice}: your appointment is booked for {day} at {time}, {location}. Reply STOP to opt out."
    ),
    EventType.APPOINTMENT_MOVED: (
        "{practice}: your appointment is moved to {day} at {time}, {location}. Reply STOP to opt out."
    ),
    EventType.APPOINTMENT_REINSTATED: (
        "{practice}: your appointment on {day} at {time}, {location}, stands after all. Reply STOP to opt out."
    ),
    EventType.APPOINTMENT_CANCELLED: (
        "{practice}: your appointment on {day} at {time}, {location}, is cancelled. Reply STOP to opt out."
    ),
}


def text(*, event_type: str, practice: str, location: str, starts_at: datetime, time_zone: str) -> str:
    """The text for an event, with the time as the clock on the location's wall shows it. Raises KeyError."""
    local = starts_at.astimezone(ZoneInfo(time_zone))
    return TEXTS[event_type].format(
        practice=practice,
        location=location,
        day=f"{local:%A, %B} {local.day}",
        # The zone's letters tell the two 1:30 of an autumn night apart.
        time=f"{local:%I:%M %p %Z}".lstrip("0"),
    )
