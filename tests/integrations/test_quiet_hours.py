"""Nothing at night, on the clock of the practice's wall, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations.listeners import NOTIFICATIONS
from integrations.messaging.quiet_hours import quiet_until, reminder_due
from integrations.models import Message
from mybcat.listeners import DeliveryPostponed
from mybcat.tenancy import practice_scope
from tests.factories import Clinic
from tests.integrations.booked import booked, claimed

ZONE = "America/New_York"


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-02T20:59:59", None),
        ("2026-03-02T21:00", "2026-03-03T08:00"),
        ("2026-03-03T00:30", "2026-03-03T08:00"),
        ("2026-03-03T07:59:59", "2026-03-03T08:00"),
        ("2026-03-03T08:00", None),
        # The clocks go forward on 8 March 2026, and back on 1 November.
        ("2026-03-07T22:00", "2026-03-08T08:00"),
        ("2026-03-08T03:30", "2026-03-08T08:00"),
        ("2026-10-31T22:00", "2026-11-01T08:00"),
        ("2026-11-01T01:30", "2026-11-01T08:00"),
    ],
)
def test_the_night_ends_at_eight(now: str, until: str | None) -> None:
    assert quiet_until(now=local(now).astimezone(UTC), time_zone=ZONE) == (local(until) if until else None)


def test_a_night_is_eleven_hours_long_but_for_two() -> None:
    nights = {
        day: (quiet_until(now=local(f"{day}T21:00").astimezone(UTC), time_zone=ZONE) or local(day))
        - local(f"{day}T21:00").astimezone(UTC)
        for day in ("2026-03-06", "2026-03-07", "2026-10-31")
    }
    assert [night / timedelta(hours=1) for night in nights.values()] == [11, 10, 12]


@pytest.mark.parametrize(
    ("wanted", "starts", "now", "due"),
    [
        ("2026-03-03T10:00", "2026-03-04T10:00", "2026-03-02T09:00", "2026-03-03T10:00"),
        ("2026-03-03T06:00", "2026-03-03T10:00", "2026-03-02T09:00", "2026-03-03T08:00"),
        # It begins before the night's end: the evening before, or not at all.
        ("2026-03-03T06:00", "2026-03-03T07:30", "2026-03-02T09:00", "2026-03-02T20:45"),
        ("2026-03-03T06:00", "2026-03-03T07:30", "2026-03-02T20:50", "2026-03-02T20:50"),
        ("2026-03-03T06:00", "2026-03-03T07:30", "2026-03-02T21:00", None),
        ("2026-03-03T10:00", "2026-03-03T10:00", "2026-03-02T09:00", None),
    ],
)
def test_a_reminder_is_never_at_night_nor_too_late(wanted: str, starts: str, now: str, due: str | None) -> None:
    found = reminder_due(wanted=local(wanted), starts_at=local(starts), now=local(now), time_zone=ZONE)
    assert found == (local(due) if due else None)


def test_a_text_of_the_night_waits_and_costs_no_attempt(clinic: Clinic) -> None:
    night = local("2026-03-02T23:00").astimezone(UTC)
    delivery = claimed(booked(clinic)[1], NOTIFICATIONS)
    with pytest.raises(DeliveryPostponed) as postponed:
        NOTIFICATIONS.handler(delivery=delivery, now=night)
    assert postponed.value.wait == timedelta(hours=9)
    with practice_scope(clinic.practice.id):
        assert not Message.objects.exists()
    NOTIFICATIONS.handler(delivery=delivery, now=local("2026-03-03T08:00").astimezone(UTC))
    with practice_scope(clinic.practice.id):
        assert Message.objects.get().status == "sent"
