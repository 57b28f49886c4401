"""YES takes the time: booked or moved as at the desk, once, and everybody else who was asked is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from appointments.models import Appointment
from appointments.waitlist.models import WaitlistEntry
from integrations.models import InboundMessage
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import AppointmentType, Practice
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient, make_type
from tests.integrations.replying import say, told
from tests.integrations.waitlist.cascading import (
    MINUTE,
    SETTLED,
    asked,
    cancel,
    events,
    inner,
    listen,
    offered,
    offers,
    openings,
    statuses,
    sweep,
    texts,
    told_kinds,
    undo_reserve_over,
    waiting,
    who_has,
    write,
)

# A text that people will read: kept, and told.
READ = {"integrations_inboundmessage": 1, "mybcat_event": 1}


def yes(client: Client, entry: WaitlistEntry, *, at: datetime, text: str = "YES", **besides: Any) -> str | None:
    with time_machine.travel(at, tick=False):
        return told(say(client, text, phone=entry.patient.phone, **besides))


def latest(clinic: Clinic) -> InboundMessage:
    with practice_scope(clinic.practice.id):
        found: InboundMessage = InboundMessage.objects.order_by("-id")[0]
        return found


@pytest.mark.parametrize("text", ["YES", "yes!", " Yes, please. ", "Sí", "SI", "Y"])
def test_yes_books_for_whoever_says_it(agent: Caller, clinic: Clinic, client: Client, text: str) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic) + MINUTE
    answer = yes(client, entry, at=now, text=text)
    booked = who_has(clinic)
    assert booked is not None
    assert (booked.patient_id, booked.appointment_type_id, booked.booked_at) == (
        entry.patient_id, clinic.exam.id, now,
    )  # fmt: skip
    day = clinic.slots[0].starts_at.astimezone(clinic.zone)
    assert answer == (
        "Bright Eyes Optometry: thank you, it is yours."
        f" Your appointment is on {day:%A, %B} {day.day} at 9:00 AM {day:%Z}, Downtown."
    )
    assert (latest(clinic).meaning, latest(clinic).status) == ("waitlist_yes", "handled")
    shown = agent.get(f"/api/v2/waitlist/{public('wait', entry.id)}").json()
    assert (shown["status"], shown["appointmentId"]) == ("booked", public("appt", booked.id))
    assert [(each["status"], each["openingStatus"]) for each in shown["offers"]] == [("accepted", "filled")]


def test_who_did_it_is_on_record(agent: Caller, clinic: Clinic, client: Client) -> None:
    (entry,) = waiting(clinic, 1)
    yes(client, entry, at=offered(agent, clinic) + MINUTE)
    booked = who_has(clinic)
    assert booked is not None
    with practice_scope(clinic.practice.id):
        found = Event.objects.get(type="appointment.booked", subject_id=booked.id)
        filled = Event.objects.get(type="waitlist.filled")
        records = AuditEntry.objects.filter(principal_kind="waitlist").order_by("id")
        actions = {record.action: record.object_ids for record in records}
    assert (found.principal_kind, found.principal_id) == ("waitlist", entry.patient_id)
    assert filled.data["appointmentId"] == public("appt", booked.id)
    assert actions == {
        "appointment.booked": [str(entry.patient_id)],
        "waitlist.filled": [str(entry.patient_id)],
    }


def test_the_others_are_told_and_wait_on(agent: Caller, clinic: Clinic, client: Client) -> None:
    entries = waiting(clinic, 3)
    now = offered(agent, clinic) + MINUTE
    yes(client, entries[1], at=now)
    write(now=now)
    assert statuses(clinic, entries) == ["waiting", "booked", "waiting"]
    assert [status for _, status in asked(clinic)] == ["taken", "accepted", "taken"]
    for entry in (entries[0], entries[2]):
        assert told_kinds(clinic, entry.patient) == [("waitlist_offer", "sent", ""), ("waitlist_taken", "sent", "")]
        assert "is taken. You stay on our list." in texts(clinic, entry.patient)[1]
    # Who said yes has had the answer, and gets no second text.
    assert told_kinds(clinic, entries[1].patient) == [
        ("waitlist_offer", "sent", ""),
        ("booked", "suppressed", "answered"),
    ]
    assert sorted(events(clinic)) == ["waitlist.filled"] + ["waitlist.offered"] * 3 + ["waitlist.taken"] * 2


def test_at_night_the_others_are_told_in_the_morning(agent: Caller, clinic: Clinic, client: Client) -> None:
    entries = waiting(clinic, 2)
    now = offered(agent, clinic)
    yes(client, entries[0], at=now + MINUTE)
    write(now=now.replace(minute=0) + timedelta(hours=10))
    assert [kind for kind, _, _ in told_kinds(clinic, entries[1].patient)] == ["waitlist_offer"]
    assert statuses(clinic, entries) == ["booked", "waiting"]


def test_a_yes_that_comes_too_late_is_told_so_kindly_and_only_once(
    agent: Caller, clinic: Clinic, client: Client
) -> None:
    entries = waiting(clinic, 2)
    now = offered(agent, clinic) + MINUTE
    yes(client, entries[0], at=now)
    answer = yes(client, entries[1], at=now + MINUTE)
    day = clinic.slots[0].starts_at.astimezone(clinic.zone)
    assert answer == (
        f"Bright Eyes Optometry: sorry, {day:%A, %B} {day.day} at 9:00 AM {day:%Z} is no longer free."
        " You stay on our list, and we will text you again."
    )
    write(now=now + MINUTE)
    assert told_kinds(clinic, entries[1].patient) == [
        ("waitlist_offer", "sent", ""),
        ("waitlist_taken", "suppressed", "answered"),
    ]
    assert statuses(clinic, entries) == ["booked", "waiting"]
    assert who_has(clinic).patient_id == entries[0].patient_id  # type: ignore[union-attr]


def test_yes_again_changes_nothing(agent: Caller, clinic: Clinic, client: Client) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic) + MINUTE
    first = yes(client, entry, at=now, sid="SM" + "7" * 32)
    with changes():
        assert yes(client, entry, at=now + MINUTE, sid="SM" + "7" * 32) == first
    with changes(**READ):
        assert yes(client, entry, at=now + MINUTE) == first


def test_who_did_not_answer_in_time_has_it_while_it_is_free(agent: Caller, clinic: Clinic, client: Client) -> None:
    entries = waiting(clinic, 4)
    now = offered(agent, clinic) + 15 * MINUTE
    sweep(now=now)
    write(now=now)
    assert [status for _, status in asked(clinic)] == ["expired"] * 3 + ["open"]
    assert "it is yours" in (yes(client, entries[0], at=now + MINUTE) or "")
    write(now=now + MINUTE)
    assert statuses(clinic, entries) == ["booked", "waiting", "waiting", "waiting"]
    assert [status for _, status in asked(clinic)] == ["accepted", "taken", "taken", "taken"]
    for entry in entries[1:]:
        assert "is taken" in texts(clinic, entry.patient)[-1]


def test_when_nobody_is_asked_any_more_a_late_yes_is_still_one(agent: Caller, clinic: Clinic, client: Client) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic) + 20 * MINUTE
    sweep(now=now)
    assert openings(clinic)[0].status == "lapsed"
    assert "it is yours" in (yes(client, entry, at=now + MINUTE) or "")
    assert openings(clinic)[0].status == "filled"


def test_who_waits_to_be_earlier_is_moved(agent: Caller, clinic: Clinic, client: Client) -> None:
    patient = make_patient(practice=clinic.practice)
    held = agent.book(clinic, slot=6, patientId=public("pat", patient.id)).json()["appointmentId"]
    (entry,) = waiting(clinic, 1, patient=patient, appointment_id=inner("appt", held))
    now = offered(agent, clinic) + MINUTE
    assert "it is yours" in (yes(client, entry, at=now) or "")
    write(now=now)
    assert public("appt", who_has(clinic).id) == held  # type: ignore[union-attr]
    with practice_scope(clinic.practice.id):
        assert Appointment.objects.filter(patient=patient).count() == 1
        moved = Event.objects.get(type="appointment.moved")
    assert (moved.principal_kind, statuses(clinic, [entry])) == ("waitlist", ["booked"])
    assert told_kinds(clinic, patient)[1:] == [("waitlist_offer", "sent", ""), ("moved", "suppressed", "answered")]


def test_what_a_move_leaves_is_offered_in_turn(agent: Caller, clinic: Clinic, client: Client) -> None:
    patient = make_patient(practice=clinic.practice)
    held = agent.book(clinic, slot=6, patientId=public("pat", patient.id)).json()["appointmentId"]
    first, second = waiting(clinic, 1, patient=patient, appointment_id=inner("appt", held)) + waiting(
        clinic, 1, part_of_day="morning", created_at=datetime.now(UTC)
    )
    now = offered(agent, clinic) + MINUTE
    yes(client, first, at=now)
    undo_reserve_over(clinic)
    listen()
    sweep(now=now + SETTLED)
    assert [(offer.entry_id, offer.opening.slot_id) for offer in offers(clinic) if offer.status == "open"] == [
        (second.id, clinic.slots[6].id)
    ]


def test_what_is_left_of_a_long_time_is_offered_on(agent: Caller, clinic: Clinic, client: Client) -> None:
    quarter = make_type(practice=clinic.practice, duration_minutes=15)
    first, second = waiting(clinic, 2, appointment_type=quarter)
    with practice_scope(clinic.practice.id):
        WaitlistEntry.objects.filter(id=second.id).update(until_date=datetime.now(UTC).date())
    now = offered(agent, clinic) + MINUTE
    yes(client, first, at=now)
    with practice_scope(clinic.practice.id):
        WaitlistEntry.objects.filter(id=second.id).update(until_date=None)
    sweep(now=now + SETTLED)
    assert [(offer.entry_id, offer.opening.slot_id) for offer in offers(clinic) if offer.status == "open"] == [
        (second.id, clinic.slots[1].id)
    ]


def test_when_the_desk_books_first_all_who_were_asked_are_told(agent: Caller, clinic: Clinic, client: Client) -> None:
    entries = waiting(clinic, 3)
    now = offered(agent, clinic)
    assert agent.book(clinic, slot=0).status_code == 201
    listen()
    sweep(now=now + SETTLED)
    write(now=now + SETTLED)
    assert [each.status for each in openings(clinic)] == ["taken"]
    assert statuses(clinic, entries) == ["waiting"] * 3
    for entry in entries:
        assert "is taken. You stay on our list." in texts(clinic, entry.patient)[-1]
    assert "no longer free" in (yes(client, entries[0], at=now + MINUTE) or "")
    assert who_has(clinic).patient_id == clinic.patient.id  # type: ignore[union-attr]


def test_a_yes_right_after_the_desk_tells_everybody(agent: Caller, clinic: Clinic, client: Client) -> None:
    entries = waiting(clinic, 2)
    now = offered(agent, clinic) + MINUTE
    agent.book(clinic, slot=0)
    assert "no longer free" in (yes(client, entries[0], at=now) or "")
    write(now=now)
    assert [each.status for each in openings(clinic)] == ["taken"]
    assert "is taken" in texts(clinic, entries[1].patient)[-1]
    assert len(texts(clinic, entries[0].patient)) == 1


def test_the_desk_may_book_it_for_one_who_was_asked(agent: Caller, clinic: Clinic) -> None:
    entries = waiting(clinic, 2)
    now = offered(agent, clinic)
    agent.book(clinic, slot=0, patientId=public("pat", entries[1].patient_id))
    listen()
    sweep(now=now + SETTLED)
    assert (openings(clinic)[0].status, statuses(clinic, entries)) == ("filled", ["waiting", "booked"])
    assert sorted(events(clinic))[0] == "waitlist.filled"


def hold(agent: Caller, clinic: Clinic) -> str:
    body = {"slotIds": [public("slot", clinic.slots[0].id)], "type": clinic.exam.code}
    answer = agent.post("/api/v2/holds", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["holdId"])


def test_a_yes_while_the_desk_talks_about_it_has_it_once_that_is_over(
    agent: Caller, clinic: Clinic, client: Client
) -> None:
    entries = waiting(clinic, 2)
    now = offered(agent, clinic) + MINUTE
    held = hold(agent, clinic)
    assert "within minutes we will text you" in (yes(client, entries[1], at=now) or "")
    assert statuses(clinic, entries) == ["offered"] * 2
    sweep(now=now + 15 * MINUTE)
    assert agent.delete(f"/api/v2/holds/{held}").status_code == 204
    sweep(now=now + 16 * MINUTE)
    write(now=now + 16 * MINUTE)
    assert statuses(clinic, entries) == ["waiting", "booked"]
    assert "your appointment is booked for" in texts(clinic, entries[1].patient)[-1]


def test_a_yes_while_the_desk_talks_about_it_is_told_when_it_is_booked(
    agent: Caller, clinic: Clinic, client: Client
) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic) + MINUTE
    hold(agent, clinic)
    yes(client, entry, at=now)
    agent.book(clinic, slot=0)
    listen()
    sweep(now=now + MINUTE)
    write(now=now + MINUTE)
    assert "is taken. You stay on our list." in texts(clinic, entry.patient)[-1]
    assert statuses(clinic, [entry]) == ["waiting"]


def test_who_is_withdrawn_is_told_that_nothing_has_changed(agent: Caller, clinic: Clinic, client: Client) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic) + MINUTE
    agent.post(f"/api/v2/waitlist/{public('wait', entry.id)}/withdraw", {})
    assert yes(client, entry, at=now) == (
        "Bright Eyes Optometry: you are not on our list any more, so nothing has changed."
        " Questions? Call (212) 555-0100."
    )
    assert (who_has(clinic), statuses(clinic, [entry])) == (None, ["withdrawn"])


def test_whose_own_appointment_is_off_has_nothing_to_move(agent: Caller, clinic: Clinic, client: Client) -> None:
    patient = make_patient(practice=clinic.practice)
    held = agent.book(clinic, slot=6, patientId=public("pat", patient.id)).json()["appointmentId"]
    (entry,) = waiting(clinic, 1, patient=patient, appointment_id=inner("appt", held))
    now = offered(agent, clinic) + MINUTE
    cancel(agent, held)
    assert "you are not on our list any more" in (yes(client, entry, at=now) or "")
    assert who_has(clinic) is None


def test_a_time_that_has_become_too_short_for_one_stays_the_others(
    agent: Caller, clinic: Clinic, client: Client
) -> None:
    first, second = waiting(clinic, 2)
    quarter = make_type(practice=clinic.practice, duration_minutes=15)
    with practice_scope(clinic.practice.id):
        WaitlistEntry.objects.filter(id=second.id).update(appointment_type=quarter)
    now = offered(agent, clinic) + MINUTE
    agent.book(clinic, slot=1, type=quarter.code)
    assert "no longer free" in (yes(client, first, at=now) or "")
    assert (openings(clinic)[0].status, statuses(clinic, [first, second])) == ("open", ["waiting", "offered"])
    assert "it is yours" in (yes(client, second, at=now + MINUTE) or "")


def test_stop_ends_it_and_yes_is_then_consent_again(agent: Caller, clinic: Clinic, client: Client) -> None:
    first, second = waiting(clinic, 2)
    with practice_scope(clinic.practice.id):
        Patient.objects.update(email="")
    now = offered(agent, clinic) + MINUTE
    yes(client, first, at=now, text="STOP")
    yes(client, second, at=now)
    write(now=now)
    assert told_kinds(clinic, first.patient)[-1] == ("waitlist_taken", "suppressed", "no_consent")
    yes(client, first, at=now + MINUTE)
    assert latest(clinic).meaning == "start"
    assert who_has(clinic).patient_id == second.patient_id  # type: ignore[union-attr]


def test_the_answer_is_in_the_patients_language(agent: Caller, clinic: Clinic, client: Client) -> None:
    entries = waiting(clinic, 2)
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id__in=[entry.patient_id for entry in entries]).update(language="es")
    now = offered(agent, clinic) + MINUTE
    assert "Responda SI para tomarlo" in texts(clinic, entries[0].patient)[0]
    assert "gracias, es suya. Su cita es el " in (yes(client, entries[0], at=now, text="Sí") or "")
    assert "ya no queda libre" in (yes(client, entries[1], at=now, text="si") or "")


def test_without_an_offer_people_read_it(clinic: Clinic, client: Client) -> None:
    (entry,) = waiting(clinic, 1)
    with changes(**READ):
        yes(client, entry, at=datetime.now(UTC))
    assert (latest(clinic).meaning, latest(clinic).status) == ("", "open")


def test_who_was_written_to_since_may_mean_something_else(agent: Caller, clinic: Clinic, client: Client) -> None:
    entries = waiting(clinic, 2)
    now = offered(agent, clinic) + MINUTE
    yes(client, entries[0], at=now)
    booked = agent.book(clinic, slot=4, patientId=public("pat", entries[1].patient_id))
    assert booked.status_code == 201
    write(now=now)
    with changes(**READ):
        yes(client, entries[1], at=now + MINUTE)
    assert latest(clinic).status == "open"


def test_a_practice_that_may_not_book_loses_no_text(agent: Caller, clinic: Clinic, client: Client) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic) + MINUTE
    with practice_scope(clinic.practice.id):
        Practice.objects.update(entitled_until=None)
    with changes(**READ):
        yes(client, entry, at=now)
    assert (latest(clinic).status, who_has(clinic)) == ("open", None)


def test_a_type_that_is_no_longer_booked_loses_no_text(agent: Caller, clinic: Clinic, client: Client) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic) + MINUTE
    with practice_scope(clinic.practice.id):
        AppointmentType.objects.update(is_active=False)
    with changes(**READ):
        yes(client, entry, at=now)
    assert (latest(clinic).status, statuses(clinic, [entry])) == ("open", ["offered"])


def test_lead_hours_bind_programs_and_not_the_waitlist(agent: Caller, clinic: Clinic, client: Client) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic) + MINUTE
    with practice_scope(clinic.practice.id):
        Practice.objects.update(self_service_lead_hours=24 * 7)
    assert "it is yours" in (yes(client, entry, at=now) or "")


def test_nothing_of_person_or_visit_is_in_an_answer(agent: Caller, clinic: Clinic, client: Client) -> None:
    entries = waiting(clinic, 2)
    now = offered(agent, clinic) + MINUTE
    for entry in entries:
        answer = yes(client, entry, at=now) or ""
        for secret in ("Ada", "Okafor", clinic.exam.name, clinic.practitioner.name, entry.patient.phone):
            assert secret not in answer
