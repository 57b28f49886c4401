"""Everybody locks in one order: appointments, schedules, slots; and who ends a hold waits for nobody.

Two transactions that keep to it never wait for each other, however they meet. So each is stopped where it waits for
one thing, and must not have locked by then what comes after it.
"""

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from appointments.expiring import Expiring
from appointments.models import Hold, Schedule, Slot
from appointments.schedules import add_time_off, practice_hours_changed
from integrations.imports.hours import COLUMNS, IMPORTER
from integrations.imports.running import Asked
from integrations.imports.sheets import read_sheet
from mybcat.ids import internal_id
from mybcat.tenancy import practice_scope
from practices.models import Practice, Practitioner
from tests.callers import Caller, public
from tests.concurrency.elsewhere import connections_with, elsewhere, until_somebody_waits_for
from tests.concurrency.racing import meanwhile
from tests.factories import Clinic, make_slots

CHANGE_HOURS = "SELECT 1 FROM appointments_schedule WHERE practitioner_id = %s FOR NO KEY UPDATE"
SHARE_HOURS = "SELECT 1 FROM appointments_schedule WHERE practitioner_id = %s FOR SHARE"
TAKE_SLOT = "SELECT 1 FROM appointments_slot WHERE id = %s FOR NO KEY UPDATE"
CHANGE_APPOINTMENT = "SELECT 1 FROM appointments_appointment WHERE id = %s FOR NO KEY UPDATE"


@pytest.fixture
def agent(agents: list[Caller]) -> Caller:
    return agents[0]


@pytest.fixture
def people(clinic: Clinic) -> list[Practitioner]:
    """Two with schedules, in the order in which those are locked; the other's slots are the clinic's from 8 on."""
    with practice_scope(clinic.practice.id):
        lee = Practitioner.objects.create(name="Dr Lee")
        both = sorted([clinic.practitioner, lee], key=lambda each: each.id)
        for each in both:
            Schedule.objects.create(practitioner=each, generated_until=date(2100, 1, 1))
    clinic.slots += make_slots(practitioner=lee, location=clinic.location, start=clinic.slots[0].starts_at, count=8)
    return both


def unhurried() -> AbstractContextManager[None]:
    """Whoever waits here does so for the test, however slow the machine is."""
    return connections_with(lock_timeout="60s", statement_timeout="90s")


def nobody_has(other: psycopg.Connection, slots: list[Slot]) -> None:
    """Raises LockNotAvailable where somebody has."""
    for slot in slots:
        other.execute(f"{TAKE_SLOT} NOWAIT", [slot.id])


def act(agent: Caller, appointment: str, what: str, body: Any = None, **headers: str) -> Any:
    return agent.post(f"/api/v2/appointments/{appointment}/{what}", body, **headers)


def hold(agent: Caller, clinic: Clinic, *slots: int) -> Any:
    wanted = [public("slot", clinic.slots[slot].id) for slot in slots]
    return agent.post("/api/v2/holds", {"slotIds": wanted, "type": clinic.exam.code})


def group(agent: Caller, clinic: Clinic, *slots: int) -> Any:
    items = [
        {
            "patientId": public("pat", clinic.patient.id),
            "slotId": public("slot", clinic.slots[slot].id),
            "type": clinic.exam.code,
        }
        for slot in slots
    ]
    return agent.post("/api/v2/appointment-groups", {"kind": "family", "items": items}, key=str(uuid4()))


class TestHolds:
    """Booked at slot 0, the time at slot 4 is let go."""

    @pytest.fixture(autouse=True)
    def held(self, agent: Caller, clinic: Clinic, people: list[Practitioner]) -> None:
        assert hold(agent, clinic, 0, 4).status_code == 201

    def statuses(self, clinic: Clinic) -> list[str]:
        with practice_scope(clinic.practice.id):
            return [Slot.objects.get(id=clinic.slots[number].id).status for number in (0, 4)]

    def is_over_for_all(self, clinic: Clinic) -> bool:
        with practice_scope(clinic.practice.id):
            return not Hold.objects.filter(expires_at__gt=datetime.now(UTC)).exists()

    def test_who_books_waits_for_nobody_who_changes_hours(self, agent: Caller, clinic: Clinic) -> None:
        with elsewhere() as other:
            other.execute(CHANGE_HOURS, [clinic.practitioner.id])
            assert agent.book(clinic, slot=0).status_code == 201
            assert self.is_over_for_all(clinic)
            assert self.statuses(clinic) == ["busy", "busy-tentative"]
        Expiring()(now=datetime.now(UTC))
        # Without hours, nothing is free.
        assert self.statuses(clinic) == ["busy", "busy-unavailable"]
        with practice_scope(clinic.practice.id):
            assert not Hold.objects.exists()

    @pytest.mark.parametrize("change", ["book", "hold", "release", "move"])
    def test_nor_for_who_has_its_other_times(self, agent: Caller, clinic: Clinic, change: str) -> None:
        held = agent.get("/api/v2/holds").json()["data"][0]["holdId"]
        booked = agent.book(clinic, slot=6).json()["appointmentId"] if change == "move" else ""
        with elsewhere() as other:
            other.execute(TAKE_SLOT, [clinic.slots[4].id])
            answer = {
                "book": partial(agent.book, clinic, slot=0),
                "hold": partial(hold, agent, clinic, 0),
                "release": partial(agent.delete, f"/api/v2/holds/{held}"),
                "move": partial(act, agent, booked, "move", {"slotId": public("slot", clinic.slots[0].id)}),
            }[change]()
            assert answer.status_code in (200, 201, 204), answer.content
            # What another has locked is not waited for.
            assert self.statuses(clinic)[1] == "busy-tentative"


@pytest.mark.parametrize("what", ["cancel_group", "undo_group", "swap", "hold", "family"])
def test_schedules_come_before_slots(agent: Caller, clinic: Clinic, people: list[Practitioner], what: str) -> None:
    """Who waits for whoever changes the hours of the later one keeps no slot from them."""
    numbers = [0, 10] if what in ("cancel_group", "undo_group", "swap") else []
    booked = group(agent, clinic, *numbers).json() if numbers else {}
    identifier = booked.get("id", "")
    first, second = [row["appointmentId"] for row in booked.get("appointments", [])] or ["", ""]
    acts = {
        "cancel_group": partial(agent.post, f"/api/v2/appointment-groups/{identifier}/cancel", {"reason": "other"}),
        "undo_group": partial(agent.post, f"/api/v2/appointment-groups/{identifier}/undo", None),
        # From whose path the other's schedule would come first.
        "swap": partial(act, agent, second, "swap", {"withAppointmentId": first}),
        "hold": partial(hold, agent, clinic, 4, 12),
        "family": partial(group, agent, clinic, 4, 14),
    }
    with elsewhere() as other:
        other.execute(CHANGE_HOURS, [people[1].id])
        with unhurried(), meanwhile(acts[what]) as answer:
            until_somebody_waits_for(other)
            nobody_has(other, clinic.slots)
            other.rollback()
            assert answer.result().status_code in (200, 201), answer.result().content


def test_both_schedules_are_shared_in_their_order(agent: Caller, clinic: Clinic, people: list[Practitioner]) -> None:
    """Waiting for the earlier one, a swap has not shared the later one, whichever it is asked from."""
    booked = [row["appointmentId"] for row in group(agent, clinic, 0, 10).json()["appointments"]]
    for one, another in (booked, reversed(booked)):
        with elsewhere() as other:
            other.execute(CHANGE_HOURS, [people[0].id])
            with unhurried(), meanwhile(partial(act, agent, one, "swap", {"withAppointmentId": another})) as answer:
                until_somebody_waits_for(other)
                other.execute(f"{CHANGE_HOURS} NOWAIT", [people[1].id])
                other.rollback()
                assert answer.result().status_code == 200, answer.result().content


@pytest.mark.parametrize("what", ["hours", "time off", "file"])
def test_who_changes_everybodys_hours_locks_no_slot_before_all_schedules(
    clinic: Clinic, people: list[Practitioner], what: str
) -> None:
    """Who moves an appointment from the later one to the earlier one shares the later one's schedule."""

    def change() -> None:
        now = datetime.now(UTC)
        with practice_scope(clinic.practice.id):
            if what == "hours":
                practice_hours_changed(practice=Practice.objects.get(), now=now)
            elif what == "file":
                lines = [f"{each.name},monday,09:00,12:00" for each in people]
                content = "\n".join(["practitioner,weekday,starts,ends", *lines])
                asked = Asked(by=clinic.principal, dates="iso", even_if_alike=False, now=now)
                outcome = IMPORTER.run(read_sheet(content, columns=COLUMNS, most=10).lines, asked)
                assert (outcome.created, outcome.errors) == (2, [])
            else:
                ends_at = clinic.slots[-1].ends_at
                absence: dict[str, Any] = {"practitioner": None, "location": None, "reason": "holiday"}
                add_time_off(**absence, starts_at=now, ends_at=ends_at, by=clinic.principal, now=now)

    with elsewhere() as other:
        other.execute(SHARE_HOURS, [people[1].id])
        with unhurried(), meanwhile(change) as answer:
            until_somebody_waits_for(other)
            nobody_has(other, clinic.slots)
            other.rollback()
            answer.result()


@pytest.mark.parametrize("what", ["swap", "undo"])
def test_who_saw_an_older_state_locks_both_in_their_order_too(agent: Caller, clinic: Clinic, what: str) -> None:
    """Asked from the later one, with the tag that a screen has seen."""
    booked = sorted(agent.book(clinic, slot=slot).json()["appointmentId"] for slot in (0, 4))
    earlier, later = booked
    if what == "undo":
        act(agent, later, "swap", {"withAppointmentId": earlier})
    tag = agent.get(f"/api/v2/appointments/{later}").headers["ETag"]
    body = {"withAppointmentId": earlier} if what == "swap" else None
    with elsewhere() as other:
        other.execute(CHANGE_APPOINTMENT, [internal_id("appt", earlier)])
        with unhurried(), meanwhile(partial(act, agent, later, what, body, **{"If-Match": tag})) as answer:
            until_somebody_waits_for(other)
            other.execute(f"{CHANGE_APPOINTMENT} NOWAIT", [internal_id("appt", later)])
            other.rollback()
            assert answer.result().status_code == 200, answer.result().content
