"""Whoever changes the hours here changes the slots in the same transaction."""

from collections import Counter
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from appointments.models import Slot
from mybcat.tenancy import practice_scope
from practices.models import Location, Practice, Practitioner, TimeOff, WorkingHours
from tests.admin.test_pages import page
from tests.admin.test_practice_rows import add, hours
from tests.callers import Caller, public
from tests.factories import Clinic, make_hold


def in_days(days: int) -> date:
    return timezone.now().date() + timedelta(days=days)


@pytest.fixture
def day() -> date:
    """A week ahead, so that whatever the clock shows it is not today anywhere."""
    return in_days(7)


def free(clinic: Clinic, day: date) -> list[str]:
    """Starts of the free slots on that day, as the clock at the clinic's location shows them."""
    with practice_scope(clinic.practice.id):
        zone = Location.objects.get(id=clinic.location.id).time_zone
        rows = Slot.objects.free().order_by("starts_at")
        starts = [row.starts_at.astimezone(ZoneInfo(zone)) for row in rows]
    return [f"{start:%H:%M}" for start in starts if start.date() == day]


@pytest.fixture
def working(desk: Client, clinic: Clinic, day: date) -> WorkingHours:
    """09:00 to 10:00 on the weekday of `day`, added in the admin."""
    sent = hours(clinic, weekday=str(day.weekday()), ends="10:00")
    assert add(desk, WorkingHours, clinic.practice, **sent).status_code == 302
    with practice_scope(clinic.practice.id):
        return WorkingHours.objects.get()


def test_new_hours_make_slots(clinic: Clinic, other_clinic: Clinic, working: WorkingHours, day: date) -> None:
    assert free(clinic, day) == ["09:00", "09:15", "09:30", "09:45"]
    assert free(other_clinic, day) == []
    with practice_scope(clinic.practice.id):
        starts = Counter(Slot.objects.values_list("practitioner_id", flat=True))
    assert set(starts) == {clinic.practitioner.id}


def test_changed_and_deleted_hours_close_slots(desk: Client, clinic: Clinic, working: WorkingHours, day: date) -> None:
    sent = hours(clinic, weekday=str(day.weekday()), starts="09:30", ends="10:00")
    assert desk.post(page(WorkingHours, "change", working.id), sent).status_code == 302
    assert free(clinic, day) == ["09:30", "09:45"]
    assert desk.post(page(WorkingHours, "delete", working.id), {"post": "yes"}).status_code == 302
    assert free(clinic, day) == []


def test_hours_that_move_to_another_practitioner_leave_the_first(
    desk: Client, clinic: Clinic, working: WorkingHours, day: date
) -> None:
    sent = {"name": "Dr Bo Chan", "overbookings_a_day": "2", "is_active": "on"}
    assert add(desk, Practitioner, clinic.practice, **sent).status_code == 302
    with practice_scope(clinic.practice.id):
        other = Practitioner.objects.get(name="Dr Bo Chan")
    sent = hours(clinic, weekday=str(day.weekday()), ends="10:00", practitioner=other.id)
    assert desk.post(page(WorkingHours, "change", working.id), sent).status_code == 302
    with practice_scope(clinic.practice.id):
        assert set(Slot.objects.free().filter(starts_at__date=day).values_list("practitioner_id", flat=True)) == {
            other.id
        }


@pytest.mark.parametrize("whose", ["practitioner", "location", "everyone"])
def test_time_off_closes_slots_and_opens_them_when_it_is_deleted(
    desk: Client, clinic: Clinic, working: WorkingHours, day: date, whose: str
) -> None:
    sent = {
        "starts_at_0": str(day - timedelta(days=1)),
        "starts_at_1": "00:00",
        "ends_at_0": str(day + timedelta(days=2)),
        "ends_at_1": "00:00",
        "reason": "vacation",
        **({} if whose == "everyone" else {whose: getattr(clinic, whose).id}),
    }
    assert add(desk, TimeOff, clinic.practice, **sent).status_code == 302
    assert free(clinic, day) == []
    with practice_scope(clinic.practice.id):
        time_off = TimeOff.objects.get()
    assert desk.post(page(TimeOff, "delete", time_off.id), {"post": "yes"}).status_code == 302
    assert free(clinic, day) == ["09:00", "09:15", "09:30", "09:45"]


def test_another_zone_moves_the_slots(desk: Client, clinic: Clinic, working: WorkingHours, day: date) -> None:
    sent = {"name": "Downtown", "address": "", "time_zone": "America/Los_Angeles", "is_active": "on"}
    assert desk.post(page(Location, "change", clinic.location.id), sent).status_code == 302
    assert free(clinic, day) == ["09:00", "09:15", "09:30", "09:45"]


def test_another_length_cuts_the_slots_anew(desk: Client, clinic: Clinic, working: WorkingHours, day: date) -> None:
    sent = practice_form(clinic.practice, slot_minutes="30")
    assert desk.post(page(Practice, "change", clinic.practice.id), sent).status_code == 302
    assert free(clinic, day) == ["09:00", "09:30"]


def test_a_practitioner_who_has_left_has_no_free_slots(
    desk: Client, clinic: Clinic, working: WorkingHours, day: date
) -> None:
    path = page(Practitioner, "change", clinic.practitioner.id)
    sent = {"name": clinic.practitioner.name, "overbookings_a_day": "2"}
    assert desk.post(path, sent).status_code == 302
    assert free(clinic, day) == []
    assert desk.post(path, {**sent, "is_active": "on"}).status_code == 302
    assert free(clinic, day) == ["09:00", "09:15", "09:30", "09:45"]


def book_on(clinic: Clinic, day: date) -> str:
    """The appointment at the first time that the hours have made on that day."""
    with practice_scope(clinic.practice.id):
        slot = Slot.objects.free().filter(starts_at__date=day).earliest("starts_at")
    answer = Caller(clinic.agent, clinic.practice).book(clinic, slotId=public("slot", slot.id))
    assert answer.status_code == 201, answer.content
    return str(answer.json()["appointmentId"])


CLOSED = {"name": "Downtown", "address": "1 Main Street", "time_zone": "America/New_York"}


def is_open(clinic: Clinic) -> bool:
    with practice_scope(clinic.practice.id):
        return Location.objects.get(id=clinic.location.id).is_active


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_a_place_with_appointments_to_come_stays_as_it_is(
    desk: Client, clinic: Clinic, working: WorkingHours, day: date
) -> None:
    booked = book_on(clinic, day)
    path = page(Location, "change", clinic.location.id)
    answer = desk.post(path, {**CLOSED, "name": "Renamed"})
    assert (answer.status_code, answer.headers["Location"]) == (302, path)
    sentence = said(answer)[-1]
    assert sentence.startswith("Appointments to come stand at this location, or times are held there: move or cancel")
    assert sentence.endswith("(appointments: 1). Nothing was saved.")
    assert is_open(clinic)
    with practice_scope(clinic.practice.id):
        assert Location.objects.get(id=clinic.location.id).name == clinic.location.name
    assert free(clinic, day) == ["09:30", "09:45"]
    cancelled = Caller(clinic.agent, clinic.practice).post(
        f"/api/v1/appointments/{booked}/cancel", {"reason": "practice_closed"}
    )
    assert cancelled.status_code == 200
    assert desk.post(path, CLOSED).status_code == 302
    assert not is_open(clinic)
    assert free(clinic, day) == []


def test_a_place_where_a_time_is_held_stays_as_it_is(desk: Client, clinic: Clinic, working: WorkingHours) -> None:
    make_hold(clinic.slots[0])
    assert "(appointments: 0)" in said(desk.post(page(Location, "change", clinic.location.id), CLOSED))[-1]
    assert is_open(clinic)


def test_who_lets_a_practitioner_go_is_told_what_still_stands(
    desk: Client, clinic: Clinic, working: WorkingHours, day: date
) -> None:
    book_on(clinic, day)
    sent = {"name": clinic.practitioner.name, "overbookings_a_day": "2"}
    answer = desk.post(page(Practitioner, "change", clinic.practitioner.id), sent)
    assert "1 appointment to come stands with this practitioner until somebody moves or cancels them." in said(answer)
    with practice_scope(clinic.practice.id):
        assert not Practitioner.objects.get(id=clinic.practitioner.id).is_active


def test_a_change_that_decides_nothing_leaves_slots_alone(
    desk: Client, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unexpected(**_: Any) -> None:
        raise AssertionError("the name of a practice decides no slot")

    monkeypatch.setattr("appointments.admin.hours.practice_hours_changed", unexpected)
    sent = practice_form(clinic.practice, name="Renamed")
    assert desk.post(page(Practice, "change", clinic.practice.id), sent).status_code == 302


def test_slots_that_cannot_be_made_leave_the_hours_as_they_were(
    desk: Client, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("PostgreSQL went away")

    monkeypatch.setattr("appointments.admin.hours.hours_changed", broken)
    assert add(desk, WorkingHours, clinic.practice, **hours(clinic)).status_code == 500
    with practice_scope(clinic.practice.id):
        assert WorkingHours.objects.count() == 0


def practice_form(practice: Practice, **fields: str) -> dict[str, Any]:
    sent = {"name": practice.name, "time_zone": practice.time_zone, "plan": "standard", "phone": ""}
    return {**sent, "slot_minutes": "15", "horizon_days": "90", "country": "US", **fields}
