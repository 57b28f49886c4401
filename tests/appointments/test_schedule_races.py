"""Bookings, cancellations and regenerations of one practitioner at the same time, in real transactions."""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from threading import Event

import psycopg
import pytest
from django.db import connections

from appointments import regeneration, schedules
from appointments.booking import book_appointment
from appointments.cancelling import cancel_appointment
from appointments.models import Appointment, Slot
from appointments.places.services import LocationInUse, change_location
from appointments.regeneration import Change
from appointments.unavailable import LocationInactive, NotEnoughTime, SlotTaken
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practice, WorkingHours
from tests.appointments.calendars import HORIZON_DAYS, NOW, Calendar, day_after, hours, make_calendar
from tests.factories import Clinic

# A wait for a row names no database, only the process that waits.
WAITING = """
    SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


@pytest.fixture
def calendar(clinic: Clinic) -> Calendar:
    calendar = make_calendar(clinic)
    with practice_scope(clinic.practice.id):
        AppointmentType.objects.update(duration_minutes=15)
    return calendar


@pytest.fixture
def beside() -> Iterator[Callable[..., Future]]:
    """Runs a function in a thread of its own, with a connection of its own."""

    def run(function: Callable[[], object]) -> object:
        try:
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor() as threads:
        yield lambda function: threads.submit(run, function)


def book(calendar: Calendar, slot: Slot, *, before_commit: Callable[[], object] = lambda: None) -> object:
    clinic = calendar.clinic
    with practice_scope(clinic.practice.id):
        booked = book_appointment(
            patient_id=clinic.patient.id, slot_id=slot.id, type_code=clinic.exam.code, by=clinic.principal, now=NOW
        )
        before_commit()
    return booked


def change_grid(calendar: Calendar, minutes: int, *, before_commit: Callable[[], object] = lambda: None) -> Change:
    with practice_scope(calendar.clinic.practice.id):
        Practice.objects.update(slot_minutes=minutes)
        change = schedules.hours_changed(practitioner=calendar.refreshed(), now=NOW)
        before_commit()
    return change


def close_place(calendar: Calendar, *, before_commit: Callable[[], object] = lambda: None) -> None:
    clinic = calendar.clinic
    with practice_scope(clinic.practice.id):
        change_location(location_id=clinic.location.id, fields={"is_active": False}, by=clinic.principal, now=NOW)
        before_commit()


def is_open(calendar: Calendar) -> bool:
    with practice_scope(calendar.clinic.practice.id):
        return bool(Location.objects.get().is_active)


def until_someone_waits(owner: psycopg.Connection) -> None:
    """Until a transaction waits for another's lock."""
    while not owner.execute(WAITING).fetchone():
        time.sleep(0.005)


def overlapping(calendar: Calendar) -> list[tuple[Slot, Slot]]:
    """Neighbours, free or taken, of which one begins before the other has ended."""
    rows = [row for row in calendar.rows() if row.status in ("free", "busy")]
    return [(earlier, later) for earlier, later in pairwise(rows) if later.starts_at < earlier.ends_at]


def halve_grid_while_booking(
    calendar: Calendar, owner: psycopg.Connection, beside: Callable[..., Future]
) -> tuple[Future, Future]:
    """The half hour from 09:00 is locked and taken, but not committed, when a regeneration to quarters begins."""
    change_grid(calendar, 30)
    taken, go_on = Event(), Event()
    slot = calendar.slot("09:00")

    def pause() -> None:
        taken.set()
        go_on.wait()

    booking = beside(lambda: book(calendar, slot, before_commit=pause))
    taken.wait()
    regenerating = beside(lambda: change_grid(calendar, 15))
    until_someone_waits(owner)
    go_on.set()
    return booking, regenerating


def test_a_regeneration_waits_for_a_booking_and_leaves_it_its_time(
    calendar: Calendar, owner: psycopg.Connection, beside: Callable[..., Future]
) -> None:
    booking, regenerating = halve_grid_while_booking(calendar, owner, beside)
    assert booking.exception() is None
    regenerating.result()
    assert calendar.shown() == {"09:00": "busy", "09:15": "busy-unavailable", "09:30": "free", "09:45": "free"}
    assert overlapping(calendar) == []


def test_without_the_lock_it_would_open_a_slot_over_the_booking(
    calendar: Calendar, owner: psycopg.Connection, beside: Callable[..., Future], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the test above tells a good lock from none."""

    def read_only(practitioner: object, since: object, until: object) -> list[Slot]:
        rows = regeneration.slots_touching(practitioner=practitioner, since=since, until=until)  # type: ignore[arg-type]
        return list(rows.filter(status__in=("free", "busy-unavailable")))

    monkeypatch.setattr(regeneration, "_lock_open", read_only)
    booking, regenerating = halve_grid_while_booking(calendar, owner, beside)
    assert booking.exception() is None
    regenerating.result()
    assert len(overlapping(calendar)) == 1


def test_a_booking_waits_for_a_regeneration_and_is_refused(
    calendar: Calendar, owner: psycopg.Connection, beside: Callable[..., Future]
) -> None:
    changed, go_on = Event(), Event()
    slot = calendar.slot("09:15")

    def pause() -> None:
        changed.set()
        go_on.wait()

    regenerating = beside(lambda: change_grid(calendar, 30, before_commit=pause))
    changed.wait()
    booking = beside(lambda: book(calendar, slot))
    until_someone_waits(owner)
    go_on.set()
    regenerating.result()
    assert isinstance(booking.exception(), SlotTaken | NotEnoughTime)
    assert calendar.free() == ["09:00", "09:30"]


def test_a_place_is_not_closed_over_a_booking_that_is_being_made(
    calendar: Calendar, owner: psycopg.Connection, beside: Callable[..., Future]
) -> None:
    taken, go_on = Event(), Event()
    slot = calendar.slot("09:00")

    def pause() -> None:
        taken.set()
        go_on.wait()

    booking = beside(lambda: book(calendar, slot, before_commit=pause))
    taken.wait()
    closing = beside(lambda: close_place(calendar))
    until_someone_waits(owner)
    go_on.set()
    assert booking.exception() is None
    assert isinstance(closing.exception(), LocationInUse)
    assert is_open(calendar)
    assert calendar.shown() == {"09:00": "busy", "09:15": "free", "09:30": "free", "09:45": "free"}


def test_a_booking_waits_for_a_place_that_is_being_closed_and_is_refused(
    calendar: Calendar, owner: psycopg.Connection, beside: Callable[..., Future]
) -> None:
    closed, go_on = Event(), Event()
    slot = calendar.slot("09:00")

    def pause() -> None:
        closed.set()
        go_on.wait()

    closing = beside(lambda: close_place(calendar, before_commit=pause))
    closed.wait()
    booking = beside(lambda: book(calendar, slot))
    until_someone_waits(owner)
    go_on.set()
    closing.result()
    assert isinstance(booking.exception(), LocationInactive)
    assert not is_open(calendar)
    with practice_scope(calendar.clinic.practice.id):
        assert not Appointment.objects.exists()


def test_a_cancellation_waits_for_new_hours_and_closes_its_slot(
    calendar: Calendar, owner: psycopg.Connection, beside: Callable[..., Future]
) -> None:
    appointment = calendar.take("09:15")
    clinic = calendar.clinic
    changed, go_on = Event(), Event()

    def no_more_hours() -> None:
        with practice_scope(clinic.practice.id):
            WorkingHours.objects.all().delete()
            schedules.hours_changed(practitioner=calendar.refreshed(), now=NOW)
            changed.set()
            go_on.wait()

    def cancel() -> None:
        with practice_scope(clinic.practice.id):
            cancel_appointment(appointment_id=appointment.id, reason="other", by=clinic.principal, now=NOW)

    regenerating = beside(no_more_hours)
    changed.wait()
    cancelling = beside(cancel)
    until_someone_waits(owner)
    go_on.set()
    regenerating.result()
    cancelling.result()
    assert calendar.statuses() == {"busy-unavailable": 8}


def test_two_regenerations_do_the_work_once(clinic: Clinic, beside: Callable[..., Future]) -> None:
    calendar = make_calendar(clinic)

    def extend() -> Change:
        with practice_scope(clinic.practice.id):
            day_later = NOW.replace(day=15)
            return schedules.extend_horizon(practitioner=calendar.refreshed(), now=day_later)

    running = [beside(extend) for _ in range(4)]
    changes = sorted((future.result() for future in running), key=lambda change: change.opened)
    assert changes == [Change(), Change(), Change(), Change(opened=8)]
    assert calendar.free(day=day_after(HORIZON_DAYS)) == ["09:00", "09:15", "09:30", "09:45"]


def test_a_first_schedule_is_made_once(clinic: Clinic, beside: Callable[..., Future]) -> None:
    with practice_scope(clinic.practice.id):
        Practice.objects.update(horizon_days=HORIZON_DAYS)
        period = hours(clinic.location)
        period.practitioner = clinic.practitioner
        period.save()
    calendar = Calendar(clinic, clinic.practitioner)

    def extend() -> Change:
        with practice_scope(clinic.practice.id):
            return schedules.extend_horizon(practitioner=calendar.refreshed(), now=NOW)

    running = [beside(extend) for _ in range(4)]
    assert sum((future.result() for future in running), Change()) == Change(opened=8)


def test_a_storm_of_both_leaves_a_sound_calendar(calendar: Calendar, beside: Callable[..., Future]) -> None:
    over = Event()

    def keep_booking(seed: int) -> int:
        chance, booked = random.Random(seed), 0
        while not over.is_set():
            free = [row for row in calendar.rows() if row.status == "free"]
            if not free:
                break
            try:
                book(calendar, chance.choice(free))
                booked += 1
            except (SlotTaken, NotEnoughTime):
                pass
        return booked

    agents = [beside(lambda seed=seed: keep_booking(seed)) for seed in range(3)]
    for minutes in (30, 15, 20, 10, 60, 5, 15):
        change_grid(calendar, minutes)
    over.set()
    booked = sum(agent.result() for agent in agents)

    change_grid(calendar, 15)
    assert overlapping(calendar) == []
    with practice_scope(calendar.clinic.practice.id):
        appointments = list(Appointment.objects.filter(practitioner=calendar.practitioner))
    busy = {row.appointment_id for row in calendar.rows() if row.status == "busy"}
    assert {appointment.id for appointment in appointments} == busy
    assert len(appointments) == booked > 0
