"""`manage.py load`: many practices by COPY, as sound as those that people make."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command

from appointments.models import Appointment, Slot
from appointments.regeneration import Change
from appointments.samples.volume import PASSWORD
from appointments.schedules import due_practitioners, hours_changed
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from practices.models import Membership, Practice, Practitioner, User
from tests.appointments.soundness import assert_sound


def load(**options: object) -> list[str]:
    said = StringIO()
    call_command("load", practices=3, patients=60, practitioners=2, **options, stdout=said)
    return said.getvalue().splitlines()


def loaded() -> list[Practice]:
    with platform_scope(reason="test"):
        return list(Practice.objects.order_by("name"))


def test_practices_of_the_size_asked_for() -> None:
    load(slots_per_practice=200)
    assert [practice.name for practice in loaded()] == ["Load 0001", "Load 0002", "Load 0003"]
    for practice in loaded():
        assert_sound(practice.id)
        with practice_scope(practice.id):
            assert Slot.objects.count() == 200
            assert Patient.objects.count() == 20
            assert Practitioner.objects.count() == 2
            assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}
            assert Patient.objects.matching(Patient.objects.all()[0].last_name).exists()


def test_slots_begin_tomorrow_and_agree_with_the_hours() -> None:
    now = datetime.now(UTC)
    load(days=7)
    for practice in loaded():
        with practice_scope(practice.id):
            # Five days of 3 and 4 hours.
            assert Slot.objects.count() == 2 * 5 * 28
            assert Slot.objects.earliest("starts_at").starts_at > now
            assert due_practitioners(now=now) == []
            people = list(Practitioner.objects.select_related("practice"))
            assert [hours_changed(practitioner=each, now=now) for each in people] == [Change(), Change()]


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.0), (0.6, 0.6)])
def test_as_many_are_taken_as_asked_for(share: float, expected: float) -> None:
    load(slots_per_practice=2000, appointments_share=share)
    with platform_scope(reason="test"):
        assert Slot.objects.filter(status="busy").count() / 6000 == pytest.approx(expected, abs=0.03)


def test_each_practice_has_an_agent_who_can_sign_in() -> None:
    load(days=1)
    with platform_scope(reason="test"):
        members = list(Membership.objects.order_by("practice__name").values_list("user__email", "role"))
    assert members == [(f"agent-000{number}@load.example", Role.SCHEDULING_AGENT) for number in (1, 2, 3)]
    assert User.objects.get(email="agent-0002@load.example").check_password(PASSWORD)


def test_a_second_load_adds_to_the_first() -> None:
    load(days=7, jobs=1)
    load(days=7, jobs=3)
    assert [practice.name for practice in loaded()] == [f"Load 000{number}" for number in range(1, 7)]


def test_it_tells_its_rate_and_every_row() -> None:
    told = load(days=7)
    assert [line.split(":")[0] for line in told] == ["3 practices", "Loaded and analyzed"]
    with platform_scope(reason="test"):
        counted = sum(model.objects.count() for model in (Slot, Appointment, Patient))
    # Of each practice: itself, location, agent, membership; 12 types; 2 people, 2 schedules, 20 hours.
    assert f"{counted + 3 * (4 + 12 + 4 + 20):,} rows" in told[-1]
    assert told[-1].endswith("rows/s")
