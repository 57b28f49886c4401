"""Texts: the time as the clock at the location shows it, and nothing about person or visit."""

import string
from datetime import UTC, datetime

import pytest

from integrations.listeners import NOTIFICATIONS, SUBSCRIPTIONS
from integrations.messaging.texts import TEXTS, text


def say(event_type: str, starts_at: datetime, *, time_zone: str = "America/New_York") -> str:
    return text(
        event_type=event_type,
        practice="Bright Eyes Optometry",
        location="Downtown",
        starts_at=starts_at,
        time_zone=time_zone,
    )


def test_a_booking() -> None:
    assert say("appointment.booked", datetime(2026, 4, 24, 14, tzinfo=UTC)) == (
        "Bright Eyes Optometry: your appointment is booked for Friday, April 24 at 10:00 AM EDT, Downtown."
        " Reply STOP to opt out."
    )


def test_a_cancellation() -> None:
    assert say("appointment.cancelled", datetime(2026, 4, 24, 17, 5, tzinfo=UTC)) == (
        "Bright Eyes Optometry: your appointment on Friday, April 24 at 1:05 PM EDT, Downtown, is cancelled."
        " Reply STOP to opt out."
    )


@pytest.mark.parametrize(
    ("starts_at", "time_zone", "local"),
    [
        # The clocks go forward in New York on 8 March 2026 at 2:00, and back on 1 November.
        (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), "America/New_York", "Sunday, March 8 at 1:30 AM EST"),
        (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "America/New_York", "Sunday, March 8 at 3:30 AM EDT"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/New_York", "Sunday, November 1 at 1:30 AM EDT"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York", "Sunday, November 1 at 1:30 AM EST"),
        # Two zones, one instant, two days.
        (datetime(2026, 4, 25, 3, tzinfo=UTC), "America/Chicago", "Friday, April 24 at 10:00 PM CDT"),
        (datetime(2026, 4, 25, 3, tzinfo=UTC), "Europe/Berlin", "Saturday, April 25 at 5:00 AM CEST"),
        (datetime(2026, 4, 24, 16, tzinfo=UTC), "America/New_York", "Friday, April 24 at 12:00 PM EDT"),
        (datetime(2026, 4, 24, 4, tzinfo=UTC), "America/New_York", "Friday, April 24 at 12:00 AM EDT"),
    ],
)
def test_time_and_day_are_the_locations(starts_at: datetime, time_zone: str, local: str) -> None:
    for event_type in TEXTS:
        assert local in say(event_type, starts_at, time_zone=time_zone)


def test_every_event_of_the_listener_has_a_text_of_allowed_words_that_ends_with_the_way_out() -> None:
    assert set(TEXTS) == SUBSCRIPTIONS[NOTIFICATIONS]
    for template in TEXTS.values():
        assert {name for _, name, _, _ in string.Formatter().parse(template) if name} == {
            "practice",
            "day",
            "time",
            "location",
        }
        assert template.endswith("Reply STOP to opt out.")
