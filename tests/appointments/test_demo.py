"""`manage.py demo`: what a first look at the product shows."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from uuid import UUID

import psycopg
import pytest
import time_machine
from django.core.management import CommandError, call_command

from appointments.booking import book_appointment
from appointments.management.commands import demo
from appointments.models import Appointment, Hold, Schedule, Slot
from appointments.samples.places import PASSWORD, PRACTICES
from appointments.samples.ticker import tick
from mybcat import audit, events
from mybcat.ids import public_id
from mybcat.models import AuditEntry
from mybcat.principal import Principal, Role
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from practices.models import FOREVER, AppointmentType, Location, Membership, Practice, Practitioner, TimeOff, User
from tests.appointments.soundness import assert_sound
from tests.factories import Clinic, make_hold

BRIGHT_EYES, LAKESIDE = PRACTICES
# A Monday, 10:10 in New York.
NOW = datetime(2027, 3, 8, 15, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _monday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def run_demo(*arguments: str) -> str:
    said = StringIO()
    call_command("demo", *arguments, stdout=said)
    return said.getvalue().strip()


def counts() -> dict[str, int]:
    models = (Practice, Location, Practitioner, AppointmentType, Membership, Patient, Slot, Appointment, TimeOff)
    with platform_scope(reason="test"):
        return {model.__name__: model.objects.count() for model in models} | {"User": User.objects.count()}


def calendar(practice_id: UUID) -> list[tuple[object, ...]]:
    """Appointments without the ids, which no two loads share."""
    with practice_scope(practice_id):
        rows = Appointment.objects.order_by("starts_at", "practitioner__name", "booked_at")
        return list(
            rows.values_list(
                "starts_at", "status", "booked_at", "practitioner__name", "patient__phone", "appointment_type__code"
            )
        )


def test_two_practices_as_one_would_find_them() -> None:
    assert run_demo() == "Loaded Bright Eyes Optometry and Lakeside Vision."

    found = counts()
    assert (found["Practice"], found["Location"], found["Practitioner"], found["Patient"]) == (2, 3, 8, 400)
    for sample in PRACTICES:
        assert_sound(sample.id)
        with practice_scope(sample.id):
            assert Practice.objects.get().time_zone == sample.time_zone
            assert AppointmentType.objects.filter(code="comprehensive_exam", duration_minutes=30).exists()
            assert AppointmentType.objects.count() == 12
            assert set(Schedule.objects.values_list("generated_until", flat=True)) == {NOW.date() + timedelta(days=90)}
            assert_as_on_any_monday()


def assert_as_on_any_monday() -> None:
    """Of the practice in scope: coming days three fifths full, past days done, nobody here twice a day."""
    coming = Counter(Slot.objects.filter(starts_at__gt=NOW).values_list("status", flat=True))
    assert coming["busy"] / coming.total() == pytest.approx(0.6, abs=0.03)
    past = Appointment.objects.filter(ends_at__lte=NOW)
    assert set(past.values_list("status", flat=True)) == {"fulfilled", "noshow", "cancelled"}
    assert past.earliest("starts_at").starts_at < NOW - timedelta(days=3)
    future = Appointment.objects.filter(starts_at__gt=NOW)
    assert set(future.values_list("status", flat=True)) == {"booked", "cancelled"}
    assert not Appointment.objects.filter(booked_at__gt=NOW).exists()
    days = Counter(future.values_list("patient_id", "starts_at__date"))
    assert set(days.values()) == {1}
    # Memorial Day.
    assert TimeOff.objects.filter(reason="holiday", starts_at__date="2027-05-31").exists()
    assert not Slot.objects.filter(status="free", starts_at__date="2027-05-31").exists()


def test_the_logins() -> None:
    run_demo()
    with platform_scope(reason="test"):
        members = set(Membership.objects.values_list("user__email", "practice_id", "role"))
    assert members == {
        ("sarah@mybcat.example", BRIGHT_EYES.id, Role.SCHEDULING_AGENT),
        ("sarah@mybcat.example", LAKESIDE.id, Role.SCHEDULING_AGENT),
        ("omar@mybcat.example", LAKESIDE.id, Role.SCHEDULING_AGENT),
        ("maria@mybcat.example", BRIGHT_EYES.id, Role.PRACTICE_MANAGER),
    }
    users = {user.email: user for user in User.objects.all()}
    assert all(user.check_password(PASSWORD) for user in users.values())
    operators = {email for email, user in users.items() if user.is_superuser and user.is_staff}
    assert operators == {"ops@mybcat.example"}
    assert {email for email, user in users.items() if user.is_superuser or user.is_staff} == operators


def test_a_second_run_does_nothing_and_says_so() -> None:
    run_demo()
    before = counts()
    assert run_demo() == "The demo practices are there already."
    assert counts() == before


def test_what_is_missing_is_made() -> None:
    run_demo()
    before = counts()
    with platform_scope(reason="test"):
        User.objects.filter(email="ops@mybcat.example").delete()
    run_demo()
    assert counts() == before


def test_a_demo_slot_can_be_booked() -> None:
    run_demo()
    sarah = User.objects.get(email="sarah@mybcat.example")
    principal = Principal.member(
        user_id=sarah.id,
        practice_id=LAKESIDE.id,
        role=Role.SCHEDULING_AGENT,
        plan="standard",
        entitled_until=FOREVER,
        time_zone=LAKESIDE.time_zone,
        session_id=None,
    )
    with practice_scope(LAKESIDE.id):
        slot = Slot.objects.free().filter(starts_at__gt=NOW).earliest("starts_at")
        booked = book_appointment(
            patient_id=Patient.objects.values_list("id", flat=True)[0],
            slot_id=slot.id,
            type_code="red_eye",
            by=principal,
            now=NOW,
        )
    assert booked.slot_id == slot.id


class TestReset:
    def test_the_same_again(self) -> None:
        run_demo()
        before, found = calendar(BRIGHT_EYES.id), counts()
        assert run_demo("--reset") == "Loaded Bright Eyes Optometry and Lakeside Vision."
        assert calendar(BRIGHT_EYES.id) == before
        assert counts() == found

    def test_what_was_done_is_gone_and_others_are_left_alone(self, clinic: Clinic, owner: psycopg.Connection) -> None:
        run_demo()
        record(Clinic(**{**vars(clinic), "practice": practice_of(BRIGHT_EYES.id)}))
        record(clinic)
        sarah = User.objects.get(email="sarah@mybcat.example")
        with practice_scope(clinic.practice.id):
            Membership.objects.create(user=sarah, role=Role.SCHEDULING_AGENT)
        before = counts()

        run_demo("--reset")

        assert counts() == {**before, "Membership": before["Membership"] - 1}
        assert not User.objects.filter(id=sarah.id).exists()
        with practice_scope(clinic.practice.id):
            assert Slot.objects.count() == 8
        with platform_scope(reason="test"):
            assert audited() == [clinic.practice.id]
        indexes = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'demo_removal%'"
        assert owner.execute(indexes).fetchone() == (0,)
        disabled = "SELECT count(*) FROM pg_trigger WHERE tgname = 'refuse_change' AND tgenabled = 'D'"
        assert owner.execute(disabled).fetchone() == (0,)

    def test_without_anything_there_it_loads(self) -> None:
        assert run_demo("--reset") == "Loaded Bright Eyes Optometry and Lakeside Vision."

    def test_it_needs_the_owner(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(demo, "connections", {})
        with pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
            run_demo("--reset")


def practice_of(practice_id: UUID) -> Practice:
    with practice_scope(practice_id):
        return Practice.objects.get()


def record(clinic: Clinic) -> None:
    """An event and an audit row, which no serving role can delete."""
    patient = {"patientId": public_id("pat", clinic.patient.id)}
    with practice_scope(clinic.practice.id):
        events.publish(type="patient.updated", subject_id=clinic.patient.id, data=patient, by=clinic.principal, now=NOW)
        audit.record(
            principal=clinic.principal,
            action="patient.read",
            object_kind="pat",
            object_ids=[clinic.patient.id],
            now=NOW,
        )


def audited() -> list[UUID | None]:
    return list(AuditEntry.objects.values_list("practice_id", flat=True))


def test_at_work_bookings_come_and_go_and_calendars_stay_sound() -> None:
    run_demo()
    chance, done = Random(7), Counter[str]()
    for minute in range(60):
        sample = PRACTICES[minute % 2]
        done[tick(sample, now=NOW + timedelta(minutes=minute), chance=chance)] += 1
    assert {"booked", "moved", "cancelled", "arrived"} <= set(done)
    for sample in PRACTICES:
        assert_sound(sample.id)


def test_an_act_that_cannot_be_done_does_nothing(clinic: Clinic) -> None:
    run_demo()
    with practice_scope(BRIGHT_EYES.id):
        Slot.objects.filter(status="free").update(status="busy-unavailable")
        Appointment.objects.filter(status__in=("booked", "arrived")).update(status="noshow")
        before = sorted(Appointment.objects.values_list("id", "status"))
    said = {tick(BRIGHT_EYES, now=NOW, chance=Random(seed)) for seed in range(8)}
    assert {each.split(":")[0] for each in said} == {"nothing"}
    with practice_scope(BRIGHT_EYES.id):
        assert sorted(Appointment.objects.values_list("id", "status")) == before


def test_what_is_held_is_removed_with_the_rest() -> None:
    run_demo()
    with practice_scope(BRIGHT_EYES.id):
        slot = Slot.objects.filter(status="free", starts_at__gt=NOW).order_by("starts_at").first()
    make_hold(slot)
    run_demo("--reset")
    with practice_scope(BRIGHT_EYES.id):
        assert not Hold.objects.exists()
        assert not Slot.objects.filter(status="busy-tentative").exists()
