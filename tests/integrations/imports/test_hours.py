"""Managers bring working hours along: whom the file names works then, and slots follow."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any

import pytest

from appointments.models import Slot
from mybcat.models import Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Location, Practice, Practitioner, WorkingHours
from tests.api.refusals import assert_forbidden
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_hours, make_member
from tests.integrations.imports.files import hand_in, sheet, taken, wrong

HEAD = "practitioner,weekday,starts,ends"
TRIED = {"integrations_import": 1, "mybcat_auditentry": 1}
EXPORT = "/api/v2/exports/working-hours.csv"


@pytest.fixture(autouse=True)
def _a_week(clinic: Clinic) -> Iterator[None]:
    """As far as slots are made: more would only take longer. And a day, as of today's hours nothing may be left."""
    with practice_scope(clinic.practice.id):
        Practice.objects.update(horizon_days=8)
    yield


def hours(*lines: str, head: str = HEAD) -> str:
    return sheet(*lines, head=head)


def stored(clinic: Clinic) -> list[tuple[Any, ...]]:
    with practice_scope(clinic.practice.id):
        rows = WorkingHours.objects.order_by("weekday", "starts")
        return list(rows.values_list("practitioner_id", "location_id", "weekday", "starts", "ends"))


def test_whom_it_names_works_then_and_slots_follow(manager: Caller, clinic: Clinic) -> None:
    make_hours(clinic, weekday=6)
    who, where = clinic.practitioner.id, clinic.location.id
    told = taken(
        hand_in(
            manager,
            hours(
                f"{public('pract', who)},Monday,09:00,17:30", f"{clinic.practitioner.name.upper()},tue,1:00 PM,24:00"
            ),
            kind="hours",
        )
    )
    assert (told["created"], told["known"]) == (2, 0)
    assert stored(clinic) == [(who, where, 0, time(9), time(17, 30)), (who, where, 1, time(13), time())]
    with practice_scope(clinic.practice.id):
        free = Slot.objects.filter(status="free").order_by("starts_at")
        local = [slot.starts_at.astimezone(clinic.zone) for slot in free]
        # Desks read the practitioner's days again.
        assert list(Event.objects.values_list("type", "subject_id")) == [("schedule.updated", who)]
    assert {each.weekday() for each in local} == {0, 1}
    assert min(each.time() for each in local if each.weekday() == 0) >= time(9)


def test_a_dry_run_changes_no_hours_and_no_slots(manager: Caller, clinic: Clinic) -> None:
    with changes(**TRIED):
        told = taken(hand_in(manager, hours(f"{clinic.practitioner.name},mon,9:00,12:00"), kind="hours", dryRun=True))
    assert told["created"] == 1


def test_the_same_file_again_and_our_own_export_change_nothing(manager: Caller, clinic: Clinic) -> None:
    content = hours(f"{clinic.practitioner.name},mon,9:00,12:00", f"{clinic.practitioner.name},wed,9:00,12:00")
    taken(hand_in(manager, content, kind="hours"))
    for again in (content, manager.get(EXPORT).content.decode()):
        with changes(**TRIED):
            told = taken(hand_in(manager, again, kind="hours"))
        assert (told["created"], told["known"]) == (0, 2)


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("Dr Nobody,mon,9:00,12:00", "practitioner", "unknown_name"),
        ("pract_00000000000000000000000000,mon,9:00,12:00", "practitioner", "unknown_id"),
        (",mon,9:00,12:00", "practitioner", "missing"),
        ("{name},1,9:00,12:00", "weekday", "bad_weekday"),
        ("{name},mon,9,12:00", "starts", "bad_time"),
        ("{name},mon,9:00,13:00 PM", "ends", "bad_time"),
        ("{name},mon,9:60,12:00", "starts", "bad_time"),
        ("{name},mon,12:00,9:00", "ends", "ends_before_start"),
        ("{name},tue,11:00,13:00", "", "overlaps"),
    ],
)
def test_what_is_wrong_is_named_and_nobody_s_hours_change(
    manager: Caller, clinic: Clinic, line: str, column: str, code: str
) -> None:
    name = clinic.practitioner.name
    with changes(**TRIED):
        answer = hand_in(manager, hours(f"{name},tue,9:00,12:00", line.format(name=name)), kind="hours")
    assert (3, column, code) in wrong(answer)


def test_a_name_that_two_have_and_a_place_that_may_be_two_must_be_told(manager: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Practitioner.objects.create(name=clinic.practitioner.name)
        Location.objects.create(name="Uptown", time_zone="America/New_York")
    with changes(**TRIED):
        answer = hand_in(manager, hours(f"{clinic.practitioner.name},mon,9:00,12:00"), kind="hours")
    assert wrong(answer) == [(2, "location", "missing"), (2, "practitioner", "ambiguous_name")]


def test_validity_is_read_and_checked(manager: Caller, clinic: Clinic) -> None:
    head = f"{HEAD},validFrom,validUntil"
    line = f"{clinic.practitioner.name},mon,9:00,12:00"
    with changes(**TRIED):
        answer = hand_in(manager, hours(f"{line},2/1/2030,1/31/2030", head=head), kind="hours", dates="us")
    assert wrong(answer) == [(2, "validUntil", "ends_before_start")]
    taken(hand_in(manager, hours(f"{line},2/1/2030,3/1/2030", head=head), kind="hours", dates="us"))
    with practice_scope(clinic.practice.id):
        assert WorkingHours.objects.values_list("valid_from", "valid_until").get() == (
            date(2030, 2, 1),
            date(2030, 3, 1),
        )


def test_only_managers_take_hours_out(clinic: Clinic) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=Role.SCHEDULING_AGENT), clinic.practice)
    with changes(**REFUSED):
        assert_forbidden(caller.get(EXPORT))
