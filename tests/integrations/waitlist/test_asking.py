"""Who is asked about a time that has become free, in which order, and when nobody is."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appointments.waitlist.models import WaitlistEntry, WaitlistOffer
from integrations.listeners import WAITLIST
from integrations.models import WaitlistSettings
from mybcat.models import AuditEntry, Delivery, Event
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from practices.models import Practice
from tests.api.rows import changes
from tests.callers import Caller, public, together
from tests.factories import Clinic, make_patient, make_type
from tests.integrations.waitlist.cascading import (
    MINUTE,
    SETTLED,
    asked,
    events,
    free,
    listen,
    of,
    offered,
    offers,
    openings,
    statuses,
    sweep,
    texts,
    undo_reserve_over,
    waiting,
    who_has,
    write,
)


def rules(clinic: Clinic, **values: Any) -> None:
    with practice_scope(clinic.practice.id):
        WaitlistSettings.objects.update_or_create(defaults=values)


def change(entry: WaitlistEntry, **values: Any) -> None:
    with practice_scope(entry.practice_id):
        WaitlistEntry.objects.filter(id=entry.id).update(**values)


def test_three_who_have_waited_longest_are_asked_by_text(agent: Caller, clinic: Clinic) -> None:
    entries = waiting(clinic, 4)
    now = offered(agent, clinic)
    assert asked(clinic) == [(entry.id, "open") for entry in entries[:3]]
    assert statuses(clinic, entries) == ["offered"] * 3 + ["waiting"]
    assert {(offer.batch, offer.offered_at, offer.expires_at) for offer in offers(clinic)} == {
        (1, now, now + 15 * MINUTE)
    }
    day = clinic.slots[0].starts_at.astimezone(clinic.zone)
    for entry in entries[:3]:
        (text,) = texts(clinic, entry.patient)
        assert f"{day:%A, %B} {day.day} at 9:00 AM {day:%Z}, Downtown, has become free. Reply YES to take it" in text
        for secret in ("Ada", "Okafor", clinic.exam.name, clinic.practitioner.name, entry.patient.phone):
            assert secret not in text
    assert texts(clinic, entries[3].patient) == []


def test_events_and_records_say_who_was_asked(agent: Caller, clinic: Clinic) -> None:
    (entry,) = waiting(clinic, 1)
    offered(agent, clinic)
    (offer,) = offers(clinic)
    with practice_scope(clinic.practice.id):
        event = Event.objects.get(type="waitlist.offered")
        record = AuditEntry.objects.get(action="waitlist.offered")
    assert (event.subject_id, event.principal_kind) == (offer.id, "platform")
    assert event.data == {
        "waitlistOfferId": public("wofr", offer.id),
        "waitlistEntryId": of(entry),
        "patientId": public("pat", entry.patient_id),
        "practitionerId": public("pract", clinic.practitioner.id),
        "locationId": public("loc", clinic.location.id),
        "slotId": public("slot", clinic.slots[0].id),
    }
    assert record.object_ids == [str(entry.patient_id)]


def test_the_urgent_come_first_whoever_has_waited_longer(agent: Caller, clinic: Clinic) -> None:
    entries = waiting(clinic, 3)
    change(entries[2], urgency="urgent")
    rules(clinic, batch_size=2)
    offered(agent, clinic)
    assert asked(clinic) == [(entries[2].id, "open"), (entries[0].id, "open")]


def test_who_does_not_answer_loses_the_turn_to_the_next_ones(agent: Caller, clinic: Clinic) -> None:
    entries = waiting(clinic, 5)
    now = offered(agent, clinic)
    with changes():
        sweep(now=now + 14 * MINUTE)
    sweep(now=now + 15 * MINUTE)
    assert asked(clinic) == [(entry.id, "expired") for entry in entries[:3]] + [
        (entry.id, "open") for entry in entries[3:]
    ]
    assert statuses(clinic, entries) == ["waiting"] * 3 + ["offered"] * 2
    assert [offer.batch for offer in offers(clinic)] == [1, 1, 1, 2, 2]


def test_when_nobody_is_left_the_cascade_is_over(agent: Caller, clinic: Clinic) -> None:
    entries = waiting(clinic, 2)
    now = offered(agent, clinic)
    sweep(now=now + 15 * MINUTE)
    (opening,) = openings(clinic)
    assert (opening.status, opening.ended_at, statuses(clinic, entries)) == (
        "lapsed", now + 15 * MINUTE, ["waiting"] * 2,
    )  # fmt: skip
    with changes():
        sweep(now=now + 60 * MINUTE)


WISHES: dict[str, dict[str, Any]] = {
    "another practitioner": {"practitioner_ids": ["00000000-0000-7000-8000-000000000001"]},
    "another place": {"location_ids": ["00000000-0000-7000-8000-000000000001"]},
    "another part of the day": {"part_of_day": "evening"},
    "from a later day": {"from_date": datetime.now(UTC).date() + timedelta(days=9)},
    "until an earlier day": {"until_date": datetime.now(UTC).date()},
}


@pytest.mark.parametrize("wish", WISHES)
def test_whom_the_time_does_not_suit_is_not_asked(agent: Caller, clinic: Clinic, wish: str) -> None:
    other, suited = waiting(clinic, 2)
    change(other, **WISHES[wish])
    offered(agent, clinic)
    assert asked(clinic) == [(suited.id, "open")]


def test_weekdays_are_the_locations(agent: Caller, clinic: Clinic) -> None:
    other, suited = waiting(clinic, 2)
    day = f"{clinic.slots[0].starts_at.astimezone(clinic.zone):%a}".lower()
    change(suited, weekdays=[day])
    change(other, weekdays=[each for each in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") if each != day])
    offered(agent, clinic)
    assert asked(clinic) == [(suited.id, "open")]


def test_all_wishes_that_fit_are_met_together(agent: Caller, clinic: Clinic) -> None:
    (suited,) = waiting(clinic, 1)
    day = clinic.slots[0].starts_at.astimezone(clinic.zone)
    change(
        suited, practitioner_ids=[clinic.practitioner.id], location_ids=[clinic.location.id], part_of_day="morning",
        from_date=day.date(), until_date=day.date(), weekdays=[f"{day:%a}".lower()],
    )  # fmt: skip
    offered(agent, clinic)
    assert asked(clinic) == [(suited.id, "open")]


def test_a_visit_that_is_too_long_with_its_buffers_does_not_fit(agent: Caller, clinic: Clinic) -> None:
    """After the freed half hour comes half an hour that is free, and then one that is not."""
    kinds = {
        minutes: make_type(practice=clinic.practice, duration_minutes=minutes, buffer_after_minutes=15)
        for minutes in (45, 60)
    }
    long = waiting(clinic, 1, appointment_type=kinds[60])
    fits = waiting(clinic, 1, appointment_type=kinds[45])
    agent.book(clinic, slot=4)
    offered(agent, clinic)
    assert asked(clinic) == [(fits[0].id, "open")]
    assert statuses(clinic, long) == ["waiting"]


def test_who_waits_to_be_earlier_is_asked_about_earlier_times_alone(agent: Caller, clinic: Clinic) -> None:
    def entry(slot: int) -> WaitlistEntry:
        patient = make_patient(practice=clinic.practice)
        booked = agent.book(clinic, slot=slot, patientId=public("pat", patient.id)).json()["appointmentId"]
        body = {"patientId": public("pat", patient.id), "type": clinic.exam.code, "appointmentId": booked}
        made = agent.post("/api/v2/waitlist", body).json()["waitlistEntryId"]
        with practice_scope(clinic.practice.id):
            return next(each for each in WaitlistEntry.objects.select_related("patient") if of(each) == made)

    entry(0)
    later = entry(6)
    offered(agent, clinic, slot=3)
    assert asked(clinic) == [(later.id, "open")]


@pytest.mark.parametrize(
    "patient",
    [
        {"sms_consent": False, "email": ""},
        {"phone": "", "email": ""},
        {"preferred_channel": "none"},
        {"declined_kinds": ["waitlist_offer"]},
    ],
)
def test_who_cannot_be_written_to_is_passed_over(agent: Caller, clinic: Clinic, patient: dict[str, Any]) -> None:
    other, suited = waiting(clinic, 2)
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=other.patient_id).update(**patient)
    rules(clinic, batch_size=1)
    offered(agent, clinic)
    assert asked(clinic) == [(suited.id, "open")]


def test_who_is_reached_by_mail_is_mailed(agent: Caller, clinic: Clinic) -> None:
    (entry,) = waiting(clinic, 1)
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=entry.patient_id).update(preferred_channel="email")
    offered(agent, clinic)
    (body,) = texts(clinic, entry.patient)
    assert "has become free. Call us to take it." in body


def test_a_family_with_one_number_is_asked_once(agent: Caller, clinic: Clinic) -> None:
    first, second, third = waiting(clinic, 3)
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=second.patient_id).update(phone=first.patient.phone)
    offered(agent, clinic)
    assert asked(clinic) == [(first.id, "open"), (third.id, "open")]


def test_nobody_has_two_times_on_offer(agent: Caller, clinic: Clinic) -> None:
    (entry,) = waiting(clinic, 1)
    now = offered(agent, clinic)
    free(agent, clinic, slot=4)
    undo_reserve_over(clinic)
    listen()
    sweep(now=now + MINUTE)
    assert [offer.opening.slot_id for offer in offers(clinic)] == [clinic.slots[0].id]
    # Once the first one has run out, the other is offered.
    sweep(now=now + 15 * MINUTE)
    sweep(now=now + 17 * MINUTE)
    assert [offer.opening.slot_id for offer in offers(clinic)] == [clinic.slots[0].id, clinic.slots[4].id]
    assert asked(clinic) == [(entry.id, "expired"), (entry.id, "open")]


def test_what_is_kept_for_an_undo_is_offered_to_nobody_yet(agent: Caller, clinic: Clinic) -> None:
    waiting(clinic, 1)
    free(agent, clinic)
    listen()
    with changes():
        sweep(now=datetime.now(UTC) + timedelta(seconds=11))
    sweep(now=datetime.now(UTC) + SETTLED)
    assert asked(clinic) == []
    undo_reserve_over(clinic)
    sweep(now=datetime.now(UTC) + SETTLED + timedelta(seconds=6))
    assert len(asked(clinic)) == 1


def test_a_cancellation_that_is_undone_frees_nothing(agent: Caller, clinic: Clinic) -> None:
    waiting(clinic, 1)
    appointment = free(agent, clinic)
    assert agent.post(f"/api/v2/appointments/{appointment}/undo", {}).status_code == 200
    listen()
    sweep(now=datetime.now(UTC) + SETTLED)
    write(now=datetime.now(UTC) + SETTLED)
    assert (asked(clinic), events(clinic), [each.status for each in openings(clinic)]) == ([], [], ["taken"])
    assert public("appt", who_has(clinic).id) == appointment  # type: ignore[union-attr]


def test_a_move_frees_what_it_leaves(agent: Caller, clinic: Clinic) -> None:
    (entry,) = waiting(clinic, 1)
    booked = agent.book(clinic, slot=0).json()["appointmentId"]
    agent.post(f"/api/v2/appointments/{booked}/move", {"slotId": public("slot", clinic.slots[4].id)})
    undo_reserve_over(clinic)
    listen()
    sweep(now=datetime.now(UTC) + SETTLED)
    (offer,) = offers(clinic)
    assert (offer.entry_id, offer.opening.slot_id) == (entry.id, clinic.slots[0].id)


def test_events_told_twice_begin_one_cascade(agent: Caller, clinic: Clinic) -> None:
    waiting(clinic, 4)
    free(agent, clinic)
    undo_reserve_over(clinic)
    listen()
    sweep(now=datetime.now(UTC) + SETTLED)
    with platform_scope(reason="test"):
        again = list(Delivery.objects.select_related("event").filter(listener="waitlist").order_by("id"))
    assert len(again) == 2
    for delivery in again:
        with changes():
            WAITLIST.handler(delivery=delivery, now=datetime.now(UTC))
    assert [each.batch for each in openings(clinic)] == [1]


def test_sweeps_at_once_ask_each_once(agent: Caller, clinic: Clinic) -> None:
    entries = waiting(clinic, 6)
    free(agent, clinic)
    undo_reserve_over(clinic)
    listen()
    now = datetime.now(UTC) + SETTLED
    together(4, lambda _: sweep(now=now))
    assert asked(clinic) == [(entry.id, "open") for entry in entries[:3]]
    assert events(clinic) == ["waitlist.offered"] * 3


def test_where_nobody_waits_nothing_is_written(agent: Caller, clinic: Clinic) -> None:
    free(agent, clinic)
    listen()
    assert openings(clinic) == []


def night_of(clinic: Clinic) -> datetime:
    """22:00 on the clock of the practice, whose noon is about now."""
    with practice_scope(clinic.practice.id):
        zone = ZoneInfo(Practice.objects.get().time_zone)
    return datetime.now(zone).replace(hour=22, minute=0, second=0, microsecond=0).astimezone(UTC)


def test_at_night_nobody_is_asked_and_the_morning_goes_on(agent: Caller, clinic: Clinic) -> None:
    entries = waiting(clinic, 4)
    free(agent, clinic)
    undo_reserve_over(clinic)
    listen()
    sweep(now=night_of(clinic))
    assert asked(clinic) == []
    with changes():
        sweep(now=night_of(clinic) + timedelta(hours=9, minutes=59))
    sweep(now=night_of(clinic) + timedelta(hours=10))
    assert asked(clinic) == [(entry.id, "open") for entry in entries[:3]]


def test_a_batch_that_runs_out_at_night_is_followed_by_none(agent: Caller, clinic: Clinic) -> None:
    entries = waiting(clinic, 4)
    free(agent, clinic)
    undo_reserve_over(clinic)
    listen()
    evening = night_of(clinic) - timedelta(minutes=70)
    sweep(now=evening)
    sweep(now=evening + timedelta(minutes=15))
    assert [offer.status for offer in offers(clinic)] == ["expired"] * 3
    assert openings(clinic)[0].next_at == night_of(clinic) + timedelta(hours=10)
    sweep(now=night_of(clinic) + timedelta(hours=10))
    assert asked(clinic)[3:] == [(entries[3].id, "open")]


@pytest.mark.parametrize(("minutes", "status"), [(121, "open"), (119, "lapsed")])
def test_what_is_too_near_is_offered_to_nobody(agent: Caller, clinic: Clinic, minutes: int, status: str) -> None:
    waiting(clinic, 1)
    free(agent, clinic)
    undo_reserve_over(clinic)
    listen()
    with practice_scope(clinic.practice.id):
        # Awake then, wherever this runs.
        Practice.objects.update(time_zone=daytime(clinic.slots[0].starts_at))
    sweep(now=clinic.slots[0].starts_at - minutes * MINUTE)
    assert [each.status for each in openings(clinic)] == [status]
    assert len(asked(clinic)) == (status == "open")


def daytime(instant: datetime) -> str:
    east = 12 - instant.hour
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


@pytest.mark.parametrize("case", ["off", "lapsed subscription"])
def test_a_practice_that_does_not_book_asks_nobody(agent: Caller, clinic: Clinic, case: str) -> None:
    waiting(clinic, 1)
    free(agent, clinic)
    if case == "off":
        rules(clinic, is_active=False)
    undo_reserve_over(clinic)
    listen()
    if case != "off":
        with practice_scope(clinic.practice.id):
            Practice.objects.update(entitled_until=None)
    sweep(now=datetime.now(UTC) + SETTLED)
    assert (asked(clinic), [each.status for each in openings(clinic)]) == ([], ["lapsed"])


def test_how_many_and_how_long_is_the_practices(agent: Caller, clinic: Clinic) -> None:
    waiting(clinic, 3)
    rules(clinic, batch_size=1, answer_minutes=40)
    now = offered(agent, clinic)
    (offer,) = offers(clinic)
    assert offer.expires_at == now + 40 * MINUTE


def test_an_opening_that_cannot_be_looked_at_keeps_none_waiting(
    agent: Caller, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(clinic, 2)
    for slot in (0, 4):
        free(agent, clinic, slot=slot)
    undo_reserve_over(clinic)
    listen()
    monkeypatch.setattr(WaitlistOffer, "save", broken_for(openings(clinic)[0].id, WaitlistOffer.save))
    now = datetime.now(UTC) + SETTLED
    sweep(now=now)
    first, second = openings(clinic)
    assert (first.batch, first.next_at) == (0, now + MINUTE)
    assert {offer.opening_id for offer in offers(clinic)} == {second.id}


def broken_for(opening_id: Any, save: Any) -> Any:
    def broken(offer: WaitlistOffer, *args: Any, **kwargs: Any) -> None:
        if offer.opening_id == opening_id:
            raise RuntimeError("on purpose")
        save(offer, *args, **kwargs)

    return broken
