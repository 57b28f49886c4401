"""Managers bring appointments along: each is booked with all guarantees, or none of the file is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.unavailable import Unavailable
from integrations.imports import working
from integrations.imports.models import Import
from integrations.imports.reasons import REASONS
from integrations.messaging.delivering import text_patient
from integrations.models import Message
from mybcat.ids import new_uuid
from mybcat.models import Delivery, Event
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, Location, Practice
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.callers import Caller, public, together
from tests.factories import Clinic, make_patient
from tests.integrations.imports.files import PATH, hand_in, sheet, taken, wrong

HEAD = "externalId,patientId,practitioner,start,type"
TRIED = {"integrations_import": 1, "mybcat_auditentry": 1}
# What one booking of two slots leaves, beside the import.
TAKEN = {
    "integrations_import": 1,
    "integrations_importedrecord": 1,
    "appointments_appointment": 1,
    "appointments_slot": 0,
    "mybcat_event": 1,
    "mybcat_auditentry": 2,
}


def line(clinic: Clinic, *, slot: int = 0, own: str = "A-1", start: str = "", kind: str = "", patient: str = "") -> str:
    at = start or f"{clinic.slots[slot].starts_at.astimezone(clinic.zone):%Y-%m-%d %H:%M}"
    who = patient or public("pat", clinic.patient.id)
    return f"{own},{who},{clinic.practitioner.name},{at},{kind or clinic.exam.code}"


def appointments(*lines: str, head: str = HEAD) -> str:
    return sheet(*lines, head=head)


def test_a_line_becomes_a_booking_like_any_other(manager: Caller, clinic: Clinic) -> None:
    with changes(**TAKEN):
        told = taken(hand_in(manager, appointments(line(clinic)), kind="appointments"))
    assert (told["created"], told["known"]) == (1, 0)
    with practice_scope(clinic.practice.id):
        booked = Appointment.objects.get()
    assert (booked.patient_id, booked.slot_id, booked.status) == (clinic.patient.id, clinic.slots[0].id, "booked")


def test_a_dry_run_finds_what_overlaps_inside_the_file_and_keeps_nothing(manager: Caller, clinic: Clinic) -> None:
    other = make_patient(practice=clinic.practice, last_name="Ibe")
    clash = appointments(line(clinic), line(clinic, slot=1, own="A-2", patient=public("pat", other.id)))
    with changes(**TRIED):
        answer = hand_in(manager, clash, kind="appointments", dryRun=True)
    assert [each[::2] for each in wrong(answer)] == [(3, "slot_taken")]
    good = appointments(line(clinic), line(clinic, slot=4, own="A-2"))
    with changes(**TRIED):
        assert taken(hand_in(manager, good, kind="appointments", dryRun=True))["created"] == 2


def test_one_bad_line_takes_all_bookings_back(manager: Caller, clinic: Clinic) -> None:
    manager.book(clinic, slot=4)
    with changes(**TRIED):
        answer = hand_in(
            manager,
            appointments(line(clinic), line(clinic, slot=5, own="A-2"), line(clinic, own="A-3", kind="nonsense")),
            kind="appointments",
        )
    assert wrong(answer) == [(3, "", "slot_taken"), (4, "type", "unknown_type")]


def test_the_same_file_again_books_nothing_twice(manager: Caller, clinic: Clinic) -> None:
    content = appointments(line(clinic))
    taken(hand_in(manager, content, kind="appointments"))
    without = appointments(line(clinic, own=""))
    for again in (content, without):
        with changes(**TRIED):
            told = taken(hand_in(manager, again, kind="appointments"))
        assert (told["created"], told["known"]) == (0, 1)


def test_patients_are_named_by_the_id_that_they_had_there(manager: Caller, clinic: Clinic) -> None:
    head = "externalId,firstName,lastName,dateOfBirth"
    taken(hand_in(manager, sheet("P-7,Ines,Moreau,1990-05-17", head=head)))
    head = HEAD.replace("patientId", "patientExternalId")
    with changes(**TRIED):
        unknown = hand_in(manager, appointments(line(clinic, patient="P-8"), head=head), kind="appointments")
    assert wrong(unknown) == [(2, "patientExternalId", "unknown_id")]
    with changes(**TAKEN):
        taken(hand_in(manager, appointments(line(clinic, patient="P-7"), head=head), kind="appointments"))


@pytest.mark.parametrize(
    ("given", "column", "code"),
    [
        ({"start": "tomorrow"}, "start", "bad_start"),
        ({"start": "2027-03-14 02:30"}, "start", "skipped_time"),
        ({"start": "2027-11-07 01:30"}, "start", "ambiguous_time"),
        ({"start": "2037-11-01T01:30:00-05:00"}, "start", "no_slot"),
        ({"start": "2020-01-06 09:00"}, "start", "slot_in_past"),
        ({"start": "2020-01-06T09:00:00Z"}, "start", "slot_in_past"),
        ({"kind": "nonsense"}, "type", "unknown_type"),
        ({"patient": "pat_00000000000000000000000000"}, "patientId", "unknown_id"),
        ({"patient": "17"}, "patientId", "unknown_id"),
        ({"patient": " "}, "patientId", "no_patient"),
        ({"own": "x" * 101}, "externalId", "too_long"),
        ({"slot": 7}, "", "not_enough_time"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_booked(
    manager: Caller, clinic: Clinic, given: dict[str, str], column: str, code: str
) -> None:
    with changes(**TRIED):
        answer = hand_in(manager, appointments(line(clinic, **given)), kind="appointments")  # type: ignore[arg-type]
    assert wrong(answer) == [(2, column, code)]


def test_a_start_is_on_the_clock_of_the_place_that_is_named(manager: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Location.objects.create(name="West", time_zone="America/Los_Angeles")
    there = f"{clinic.slots[0].starts_at.astimezone(clinic.zone):%m/%d/%Y %I:%M %p}"
    content = appointments(f"{line(clinic, start=there)},{clinic.location.name}", head=f"{HEAD},location")
    taken(hand_in(manager, content, kind="appointments", dates="us"))
    content = appointments(f"{line(clinic, own='A-2', slot=4)},West", head=f"{HEAD},location")
    with changes(**TRIED):
        assert wrong(hand_in(manager, content, kind="appointments"))[0][1:] == ("start", "no_slot")


def test_two_files_and_an_agent_cannot_have_the_same_time(manager: Caller, clinic: Clinic) -> None:
    other = make_patient(practice=clinic.practice, last_name="Ibe")
    files = [
        appointments(line(clinic)),
        appointments(line(clinic, own="A-2", patient=public("pat", other.id))),
    ]
    answers = together(2, lambda number: hand_in(manager, files[number], kind="appointments"))
    assert sorted(answer.json()["status"] for answer in answers) == ["completed", "failed"]
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.count() == 1
    assert manager.book(clinic).status_code == 409


def test_who_does_not_pay_does_not_book(manager: Caller, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    with practice_scope(clinic.practice.id):
        Practice.objects.update(entitled_until=timezone.now() - timedelta(days=1))
    with changes():
        answer = hand_in(manager, appointments(line(clinic)), kind="appointments")
    assert (answer.status_code, answer.json()["code"]) == (402, "subscription_lapsed")
    with practice_scope(clinic.practice.id):
        job = Import.objects.create(
            kind="appointments", dry_run=False, dates="iso", even_if_alike=False, lines=1, status="queued",
            content=appointments(line(clinic)), principal_kind="member", created_at=timezone.now(),
            principal_id=manager_id(clinic),
        )  # fmt: skip
    with changes(integrations_import=0):
        assert working.work_off(clock=timezone.now)
    told = manager.get(f"{PATH}/{public('imp', job.id)}").json()
    assert (told["status"], told["code"]) == ("failed", "subscription_lapsed")


def manager_id(clinic: Clinic) -> object:
    from practices.models import Membership

    return Membership.objects.values_list("user_id", flat=True).get(role="practice_manager")


def test_nobody_is_texted_that_an_old_appointment_is_booked(manager: Caller, clinic: Clinic) -> None:
    taken(hand_in(manager, appointments(line(clinic, own="")), kind="appointments"))
    now = timezone.now()
    with practice_scope(clinic.practice.id):
        event = Event.objects.get(type="appointment.booked")
        delivery = Delivery.objects.create(
            event=event, listener="notifications", subject_id=event.subject_id, seq=1, next_attempt_at=now,
            created_at=now, id=new_uuid(),
        )  # fmt: skip
    text_patient(delivery=delivery, now=now)
    with practice_scope(clinic.practice.id):
        assert Message.objects.values_list("status", "reason").get() == ("suppressed", "appointment_imported")


def test_a_range_beyond_a_quarter_is_refused(manager: Caller) -> None:
    with changes():
        answer = manager.get("/api/v2/exports/appointments.csv", **{"from": "2026-01-01", "to": "2026-04-03"})
    assert_refused(
        answer,
        status=400,
        code="invalid",
        sentence="The request is not valid.",
        fields={"to": ["At most 92 days, and not before `from`"]},
    )


def test_a_line_for_which_no_room_is_free_is_named(manager: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        AppointmentType.objects.filter(id=clinic.exam.id).update(resource_categories=["lane"])
    with changes(**TRIED):
        answer = hand_in(manager, appointments(line(clinic)), kind="appointments")
    assert wrong(answer) == [(2, "", "no_resource")]


def test_whatever_a_booking_may_be_refused_for_has_its_words() -> None:
    """A code without a sentence would fail when it is told, not when it is kept."""
    # What holds alone are refused, and whole groups, is no line's.
    elsewhere = {"swap_collides", "practitioner_not_in", "collides", "too_soon", "too_far_ahead"}
    assert {each.code for each in Unavailable.__subclasses__()} - elsewhere <= set(REASONS)
