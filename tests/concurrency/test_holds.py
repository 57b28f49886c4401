"""Holds race with bookings, other holds and their own end: one has the time, and slots tell the truth."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.conf import settings
from django.db.models import QuerySet

from appointments.expiring import Expiring
from appointments.models import Appointment, HeldTime, Hold, Slot
from mybcat.tenancy import practice_scope
from tests.callers import Caller, public
from tests.concurrency.racing import RACERS, Racers
from tests.concurrency.test_overlaps_refused import write
from tests.factories import Clinic, make_hold, make_member, make_slots, tomorrow_at

ROUNDS = 10


@pytest.fixture
def members(clinic: Clinic) -> list[Caller]:
    """Eight of them, each at a screen of their own."""
    start = tomorrow_at("08:00", time_zone=clinic.practice.time_zone, days=2)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=48)
    return [Caller(make_member(practice=clinic.practice), clinic.practice) for _ in range(RACERS)]


def hold(caller: Caller, clinic: Clinic, *slots: int, code: str) -> Any:
    wanted = [public("slot", clinic.slots[slot].id) for slot in slots]
    return caller.post("/api/v2/holds", {"slotIds": wanted, "type": code})


def lies(clinic: Clinic) -> int:
    """Slots that tell otherwise than holds and appointments."""
    with practice_scope(clinic.practice.id):
        appointments = list(Appointment.objects.occupying())
        times = list(HeldTime.objects.all())
        wrong = 0
        for slot in Slot.objects.filter(practitioner=clinic.practitioner):
            of = {a.id for a in appointments if a.occupied_from < slot.ends_at and slot.starts_at < a.occupied_until}
            by = {t.hold_id for t in times if t.occupied_from < slot.ends_at and slot.starts_at < t.occupied_until}
            told = {slot.appointment_id} - {None}, {slot.hold_id} - {None}
            wrong += told != (of, by) or len(of | by) > 1
        return wrong


def test_one_of_eight_holds_it(clinic: Clinic, members: list[Caller], racers: Racers, quarter: str) -> None:
    for round_ in range(ROUNDS):
        answers = racers.run([partial(hold, member, clinic, round_, code=quarter) for member in members])
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert lies(clinic) == 0


def test_holds_against_bookings(clinic: Clinic, members: list[Caller], racers: Racers, quarter: str) -> None:
    for round_ in range(ROUNDS):
        acts = [partial(hold, member, clinic, round_, 40 - round_, code=quarter) for member in members[:4]]
        acts += [partial(member.book, clinic, slot=round_, type=quarter) for member in members[4:]]
        answers = racers.run(acts)
        assert {answer.status_code for answer in answers} <= {201, 409}, [each.content for each in answers]
    assert lies(clinic) == 0


def test_what_has_run_out_is_taken_once_while_the_relay_frees_it(
    clinic: Clinic, members: list[Caller], racers: Racers, quarter: str
) -> None:
    for round_ in range(ROUNDS):
        make_hold(clinic.slots[round_], lasts=timedelta(seconds=-1))
        acts: list[Any] = [partial(member.book, clinic, slot=round_, type=quarter) for member in members[:6]]
        acts += [partial(_swept) for _ in range(2)]
        answers = racers.run(acts)[:6]
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    _swept()
    assert lies(clinic) == 0
    with practice_scope(clinic.practice.id):
        assert not Hold.objects.exists()


def _swept() -> None:
    try:
        Expiring()(now=datetime.now(UTC))
    except Exception as error:  # noqa: BLE001
        # A chore is repeated (chores.py).
        assert "deadlock" in str(error)


def test_without_locks_two_would_hold_it(clinic: Clinic, members: list[Caller], racers: Racers, quarter: str) -> None:
    """The control: only the constraint is left, and it answers with an error."""
    codes: list[int] = []
    with patch.object(QuerySet, "select_for_update", lambda rows, **_: rows.all()):
        for round_ in range(ROUNDS):
            answers = racers.run([partial(hold, member, clinic, round_, code=quarter) for member in members])
            codes += [answer.status_code for answer in answers]
    assert 500 in codes or codes.count(201) > ROUNDS


class TestWhoeverWrites:
    """Straight into the table, without a thought for slots."""

    @pytest.fixture
    def scope(self, clinic: Clinic) -> list[Any]:
        return ["SELECT set_config('app.practice_id', %s, true)", [str(clinic.practice.id)]]

    def test_an_appointment_on_held_time_is_refused(self, clinic: Clinic, scope: list[Any]) -> None:
        make_hold(clinic.slots[2])
        with psycopg.connect(settings.ENVIRONMENT.database_url) as writer:
            writer.execute(*scope)
            with pytest.raises(psycopg.errors.ExclusionViolation) as refused, writer.transaction():
                write(writer, clinic, at=clinic.slots[0].starts_at)
            assert refused.value.diag.constraint_name == "appointment_not_on_held_time"
            write(writer, clinic, at=clinic.slots[4].starts_at)
            writer.rollback()

    def test_what_has_run_out_is_no_obstacle(self, clinic: Clinic, scope: list[Any]) -> None:
        make_hold(clinic.slots[2], lasts=timedelta(seconds=-1))
        with psycopg.connect(settings.ENVIRONMENT.database_url) as writer:
            writer.execute(*scope)
            write(writer, clinic, at=clinic.slots[0].starts_at)
            writer.rollback()

    def test_a_hold_on_taken_time_is_refused(self, clinic: Clinic, scope: list[Any]) -> None:
        with psycopg.connect(settings.ENVIRONMENT.database_url) as writer:
            writer.execute(*scope)
            write(writer, clinic, at=clinic.slots[0].starts_at)
            writer.commit()
        with pytest.raises(Exception, match="This time is taken"):
            make_hold(clinic.slots[2])

    def test_two_who_do_not_see_each_other(self, clinic: Clinic, scope: list[Any]) -> None:
        """The hold is not yet committed: whoever writes the appointment waits for it, and sees it."""
        with psycopg.connect(settings.ENVIRONMENT.database_url) as writer, practice_scope(clinic.practice.id):
            slot = clinic.slots[2]
            now = datetime.now(UTC)
            held = Hold.objects.create(
                holder_kind="member", holder_id=clinic.agent.id, placed_at=now, expires_at=now + timedelta(minutes=5)
            )
            Slot.objects.filter(id=slot.id).update(status="busy-tentative", hold=held)
            writer.execute(*scope)
            writer.execute("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                write(writer, clinic, at=clinic.slots[0].starts_at)
            writer.rollback()
