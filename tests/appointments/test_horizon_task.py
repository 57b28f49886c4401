"""The task that beat sends every hour."""

from datetime import timedelta

import pytest
import structlog
import time_machine
from celery.exceptions import SoftTimeLimitExceeded

from appointments import tasks
from mybcat.celeryconfig import beat_schedule
from mybcat.tenancy import practice_scope
from practices.models import Practice
from tests.appointments.calendars import NOW, day_after, make_calendar
from tests.factories import Clinic

TOMORROW = NOW + timedelta(days=1)
QUARTERS = ["09:00", "09:15", "09:30", "09:45"]


@pytest.fixture(autouse=True)
def _tomorrow() -> object:
    with time_machine.travel(TOMORROW, tick=False):
        yield


def test_beat_knows_it_by_its_name() -> None:
    assert tasks.extend_horizons.name in {entry["task"] for entry in beat_schedule.values()}


def test_every_practice_gets_its_missing_day(clinic: Clinic, other_clinic: Clinic) -> None:
    calendars = [make_calendar(clinic), make_calendar(other_clinic)]
    tasks.extend_horizons()
    assert [calendar.free(day=day_after(14)) for calendar in calendars] == [QUARTERS, QUARTERS]
    tasks.extend_horizons()
    assert [calendar.statuses() for calendar in calendars] == [{"free": 12}, {"free": 12}]


def test_it_bears_what_a_newer_publisher_sends(clinic: Clinic) -> None:
    calendar = make_calendar(clinic)
    tasks.extend_horizons(practice="some day")
    assert calendar.statuses() == {"free": 12}


def test_a_practice_that_fails_stops_no_other(clinic: Clinic, other_clinic: Clinic) -> None:
    broken, sound = make_calendar(clinic), make_calendar(other_clinic)
    with practice_scope(clinic.practice.id):
        Practice.objects.update(time_zone="Mars/Olympus_Mons")
    with structlog.testing.capture_logs() as lines:
        tasks.extend_horizons()
    assert broken.statuses() == {"free": 8}
    assert sound.statuses() == {"free": 12}
    failures = [line for line in lines if line["log_level"] == "error"]
    assert [(line["event"], line["practiceId"]) for line in failures] == [
        ("Slot horizon not extended", str(clinic.practice.id))
    ]


def test_out_of_time_it_stops(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = make_calendar(clinic)

    def out_of_time(**kwargs: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(tasks, "extend_horizon", out_of_time)
    with pytest.raises(SoftTimeLimitExceeded):
        tasks.extend_horizons()
    assert calendar.statuses() == {"free": 8}
