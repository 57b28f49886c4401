"""Reminders: each of the time that the appointment has, once, and never at night."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog
import time_machine
from celery.exceptions import SoftTimeLimitExceeded

from appointments.models import Appointment
from integrations.listeners import NOTIFICATIONS
from integrations.models import Message, ReminderSettings
from integrations.reminders import sweeping, tasks
from integrations.reminders.sweeping import LATE, SETTLED_AFTER, remind
from mybcat.celeryconfig import beat_schedule
from mybcat.ids import public_id
from mybcat.models import AuditEntry, Delivery, Event
from mybcat.principal import Role
from mybcat.relay import relay_events
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from practices.models import Practice
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, together
from tests.factories import Clinic, make_member, make_practice
from tests.integrations.booked import attempt, booked, cancelled, claimed
from tests.mybcat.engine import fresh

NEW_YORK = ZoneInfo("America/New_York")
SETTINGS = "/api/v2/reminder-settings"
MINUTE = timedelta(minutes=1)
# What a sweep that publishes one reminder writes.
REMINDED = {"integrations_remindersettings": 0, "mybcat_event": 1}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def swept(clinic: Clinic, until: str, *, offsets: Sequence[int] = (4320, 1440, 120)) -> None:
    """Everything up to then is published."""
    with practice_scope(clinic.practice.id):
        ReminderSettings.objects.update_or_create(
            defaults={"swept_until": local(until), "offsets_minutes": list(offsets)}
        )


def sweep(clinic: Clinic, at: str) -> int:
    """How many reminders are published by a sweep that looks up to then."""
    return remind(practice_id=clinic.practice.id, now=local(at) + SETTLED_AFTER)


def of(clinic: Clinic, starts: str, *, made: str = "2026-02-01T10:00", **fields: Any) -> Appointment:
    return booked(clinic, starts_at=local(starts), booked_at=local(made), **fields)[0]


def reminders() -> list[Event]:
    with platform_scope(reason="test"):
        return list(Event.objects.filter(type="appointment.reminder_due").order_by("id"))


def change(appointment: Appointment, **fields: Any) -> None:
    with practice_scope(appointment.practice_id):
        Appointment.objects.filter(id=appointment.id).update(**fields)


def deliver(event: Event, *, at: str) -> Delivery:
    delivery = claimed(event, NOTIFICATIONS)
    attempt(delivery=delivery, listener=NOTIFICATIONS, now=local(at))
    return fresh(delivery)


def texts(clinic: Clinic) -> list[Message]:
    with practice_scope(clinic.practice.id):
        return list(Message.objects.order_by("id"))


@pytest.mark.parametrize("minutes", [4320, 1440, 120])
def test_a_patient_is_reminded_at_each_offset(clinic: Clinic, minutes: int) -> None:
    appointment = of(clinic, "2026-03-05T15:00")
    due = local("2026-03-05T15:00") - timedelta(minutes=minutes)
    swept(clinic, "2026-03-01T10:00")
    with practice_scope(clinic.practice.id):
        ReminderSettings.objects.update(swept_until=due - MINUTE)
    assert remind(practice_id=clinic.practice.id, now=due - timedelta(seconds=1) + SETTLED_AFTER) == 0
    with changes(**REMINDED):
        assert remind(practice_id=clinic.practice.id, now=due + SETTLED_AFTER) == 1
    (event,) = reminders()
    assert (event.subject_id, event.principal_kind) == (appointment.id, "platform")
    assert event.data == {
        "appointmentId": public_id("appt", appointment.id),
        "patientId": public_id("pat", clinic.patient.id),
        "practitionerId": public_id("pract", clinic.practitioner.id),
        "locationId": public_id("loc", clinic.location.id),
        "slotId": public_id("slot", clinic.slots[0].id),
    }


def test_a_reminder_is_one_text_in_the_practices_words(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    sweep(clinic, "2026-03-04T15:00")
    (event,) = reminders()
    delivery = deliver(event, at="2026-03-04T15:01")
    assert delivery.status == "delivered"
    (text,) = texts(clinic)
    assert (text.kind, text.status, text.to) == ("reminder", "sent", clinic.patient.phone)
    assert "Thursday, March 5 at 3:00 PM EST, Downtown" in text.body
    assert "Reply C to confirm, X to cancel, STOP to opt out." in text.body
    # A worker that died before its mark: another one takes it up.
    with platform_scope(reason="test"):
        again = Delivery.objects.select_related("event").get(id=delivery.id)
    NOTIFICATIONS.handler(delivery=again, now=local("2026-03-04T15:02"))
    assert len(texts(clinic)) == 1


def test_the_relay_owes_it_to_texts_and_figures(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    sweep(clinic, "2026-03-04T15:00")
    relay_events(now=local("2026-03-04T15:01"))
    with platform_scope(reason="test"):
        owed = Delivery.objects.filter(event__type="appointment.reminder_due")
        assert sorted(each.listener for each in owed) == ["analytics", "notifications"]


def test_a_repeated_sweep_publishes_nothing_anew(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    assert sweep(clinic, "2026-03-04T15:00") == 1
    with changes():
        assert sweep(clinic, "2026-03-04T15:00") == 0
        assert sweep(clinic, "2026-03-04T14:30") == 0
    assert sweep(clinic, "2026-03-04T15:01") == 0
    assert len(reminders()) == 1


def test_sweeps_at_once_publish_once(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    assert sorted(together(4, lambda _: sweep(clinic, "2026-03-04T15:00"))) == [0, 0, 0, 1]
    assert len(reminders()) == 1


def test_without_the_lock_they_would_publish_twice(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: sweeps that read how far it is without locking the row."""
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    with practice_scope(clinic.practice.id):
        stale = ReminderSettings.objects.get()
    monkeypatch.setattr(sweeping, "_locked", lambda until: ReminderSettings(**_values(stale)))
    monkeypatch.setattr(ReminderSettings, "save", lambda self, **kwargs: None)
    assert [sweep(clinic, "2026-03-04T15:00") for _ in range(2)] == [1, 1]


def _values(row: ReminderSettings) -> dict[str, Any]:
    return {"swept_until": row.swept_until, "offsets_minutes": row.offsets_minutes}


def test_a_sweep_that_dies_leaves_its_reminders_to_the_next(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")

    class Killed(BaseException):
        pass

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(ReminderSettings, "save", die)
        with changes(), pytest.raises(Killed):
            sweep(clinic, "2026-03-04T15:00")
    assert sweep(clinic, "2026-03-04T15:01") == 1


def test_a_booking_inside_an_offset_skips_it(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00", made="2026-03-04T14:59:50")
    of(clinic, "2026-03-05T15:30", made="2026-03-04T15:29:40")
    swept(clinic, "2026-03-04T14:58")
    assert sweep(clinic, "2026-03-04T15:10") == 1
    # Not after the second was due, but before it was booked.
    change(Appointment(practice_id=clinic.practice.id, id=_latest(clinic)), booked_at=local("2026-03-04T15:30:10"))
    assert sweep(clinic, "2026-03-04T15:40") == 0
    assert sweep(clinic, "2026-03-05T13:30") == 2


def _latest(clinic: Clinic) -> Any:
    with practice_scope(clinic.practice.id):
        return Appointment.objects.order_by("-starts_at").values_list("id", flat=True)[0]


def test_a_night_time_booking_does_not_bring_the_reminder_that_it_missed(clinic: Clinic) -> None:
    """One day before is 22:30; who books at 23:00 needs none at eight."""
    swept(clinic, "2026-03-03T20:00", offsets=[2160])
    of(clinic, "2026-03-05T10:30", made="2026-03-03T23:00")
    assert sweep(clinic, "2026-03-04T08:30") == 0


@pytest.mark.parametrize("status", ["arrived", "fulfilled", "noshow", "entered-in-error"])
def test_only_what_is_booked_is_reminded_of(clinic: Clinic, status: str) -> None:
    change(of(clinic, "2026-03-05T15:00"), status=status)
    swept(clinic, "2026-03-04T14:59")
    assert sweep(clinic, "2026-03-04T15:00") == 0


def test_a_cancelled_appointment_is_not_reminded_of_not_even_when_it_was_due(clinic: Clinic) -> None:
    appointment = of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    sweep(clinic, "2026-03-04T15:00")
    cancelled(clinic, appointment)
    (event,) = reminders()
    assert deliver(event, at="2026-03-04T15:01").status == "delivered"
    (text,) = texts(clinic)
    assert (text.status, text.reason, text.body) == ("suppressed", "appointment_not_booked", "")
    assert sweep(clinic, "2026-03-05T14:00") == 0


def test_an_undone_cancellation_is_reminded_of_again(clinic: Clinic) -> None:
    appointment = of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    cancelled(clinic, appointment)
    assert remind(practice_id=clinic.practice.id, now=local("2026-03-04T15:00:05")) == 0
    change(appointment, status="booked", cancelled_at=None, cancelled_by=None, cancellation_reason="")
    assert sweep(clinic, "2026-03-04T15:00:10") == 1


def test_a_moved_appointment_is_reminded_of_its_new_time_only(clinic: Clinic) -> None:
    appointment = of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    sweep(clinic, "2026-03-04T15:00")
    moved = {"slot_id": clinic.slots[2].id, **_times("2026-03-06T11:00")}
    change(appointment, **moved)
    (stale,) = reminders()
    deliver(stale, at="2026-03-04T15:01")
    (text,) = texts(clinic)
    assert (text.status, text.reason, text.body) == ("suppressed", "appointment_moved", "")

    assert sweep(clinic, "2026-03-05T10:59") == 0
    assert sweep(clinic, "2026-03-05T11:00") == 1
    deliver(reminders()[-1], at="2026-03-05T11:01")
    assert "Friday, March 6 at 11:00 AM EST" in texts(clinic)[-1].body


def _times(starts: str) -> dict[str, datetime]:
    starts_at, ends_at = local(starts), local(starts) + timedelta(minutes=30)
    return {"starts_at": starts_at, "ends_at": ends_at, "occupied_from": starts_at, "occupied_until": ends_at}


@pytest.mark.parametrize(
    ("starts", "minutes", "due"),
    [
        # At night, and the morning is early enough.
        ("2026-03-05T09:30", 120, "2026-03-05T08:00"),
        ("2026-03-06T07:00", 1440, "2026-03-05T08:00"),
        # Not before it begins: the evening before.
        ("2026-03-05T08:00", 120, "2026-03-04T20:45"),
        ("2026-03-05T07:15", 60, "2026-03-04T20:45"),
        # The clocks go forward on 8 March, and back on 1 November: a day before is 24 hours.
        ("2026-03-08T15:00", 1440, "2026-03-07T14:00"),
        ("2026-03-08T09:30", 120, "2026-03-08T08:00"),
        ("2026-03-08T08:00", 360, "2026-03-07T20:45"),
        ("2026-11-01T15:00", 1440, "2026-10-31T16:00"),
        ("2026-11-01T09:30", 120, "2026-11-01T08:00"),
        ("2026-11-01T07:30", 360, "2026-10-31T20:45"),
    ],
)
def test_no_reminder_is_due_at_night(clinic: Clinic, starts: str, minutes: int, due: str) -> None:
    of(clinic, starts)
    swept(clinic, starts, offsets=[minutes])
    with practice_scope(clinic.practice.id):
        ReminderSettings.objects.update(swept_until=local(due) - timedelta(hours=6))
    assert remind(practice_id=clinic.practice.id, now=local(due) - timedelta(seconds=1) + SETTLED_AFTER) == 0
    assert sweep(clinic, due) == 1
    assert remind(practice_id=clinic.practice.id, now=local(starts) + timedelta(hours=1)) == 0


def test_two_reminders_that_are_due_at_once_are_one(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T08:00")
    swept(clinic, "2026-03-04T20:40", offsets=[240, 120])
    assert sweep(clinic, "2026-03-04T20:50") == 1
    assert sweep(clinic, "2026-03-05T07:59") == 0


def test_after_an_outage_each_patient_hears_once_of_what_is_still_to_come(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00")
    of(clinic, "2026-03-04T14:00")
    of(clinic, "2026-03-05T13:00", made="2026-03-05T12:00")
    swept(clinic, "2026-03-02T10:00")
    # Only the last twelve hours are made up for.
    assert sweep(clinic, "2026-03-04T23:00") == 1
    assert [event.subject_id for event in reminders()] == [_at(clinic, "2026-03-05T15:00")]
    assert timedelta(hours=12) == LATE


def _at(clinic: Clinic, starts: str) -> Any:
    with practice_scope(clinic.practice.id):
        return Appointment.objects.values_list("id", flat=True).get(starts_at=local(starts))


def test_a_reminder_that_waits_for_its_sending_is_not_sent_at_night(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    sweep(clinic, "2026-03-04T15:00")
    (event,) = reminders()
    delivery = deliver(event, at="2026-03-04T22:00")
    assert (delivery.status, delivery.last_error, delivery.attempts) == ("pending", "quiet_hours", 0)
    assert texts(clinic) == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sms_consent": False, "sms_consent_at": None, "email": ""}, "no_consent"),
        ({"phone": "", "email": ""}, "no_phone"),
        ({"declined_kinds": ["reminder"]}, "declined"),
        ({"preferred_channel": "email"}, "by_email"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_preferences_and_consent_are_heeded(clinic: Clinic, fields: dict[str, Any], reason: str) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(**fields)
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    sweep(clinic, "2026-03-04T15:00")
    delivery = deliver(reminders()[0], at="2026-03-04T15:01")
    assert delivery.status == "delivered"
    assert [(text.status, text.reason) for text in texts(clinic)] in ([("suppressed", reason)], [])


def test_a_practice_begins_with_its_first_sweep(clinic: Clinic) -> None:
    """What would have been due before there were reminders is not made up for."""
    of(clinic, "2026-03-05T15:00")
    with changes(integrations_remindersettings=1):
        assert sweep(clinic, "2026-03-04T15:00") == 0
    assert sweep(clinic, "2026-03-05T13:00") == 1


def test_no_offsets_are_no_reminders(clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T10:00", offsets=[])
    assert sweep(clinic, "2026-03-05T14:00") == 0


def test_practices_do_not_hear_of_each_other(clinic: Clinic, other_clinic: Clinic) -> None:
    of(clinic, "2026-03-05T15:00")
    for each in (clinic, other_clinic):
        swept(each, "2026-03-04T14:59")
    assert sweep(other_clinic, "2026-03-04T15:00") == 0
    assert sweep(clinic, "2026-03-04T15:00") == 1


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(local("2026-03-04T15:00:30"), tick=False):
        yield


def test_beat_knows_the_task_by_its_name() -> None:
    assert tasks.publish_reminders.name in {entry["task"] for entry in beat_schedule.values()}


def test_the_task_sweeps_every_practice_and_one_that_fails_stops_no_other(
    clinic: Clinic, other_clinic: Clinic, noon: None
) -> None:
    for each in (clinic, other_clinic):
        of(each, "2026-03-05T15:00")
        swept(each, "2026-03-04T14:59")
    with practice_scope(clinic.practice.id):
        Practice.objects.update(time_zone="Mars/Olympus_Mons")
    with structlog.testing.capture_logs() as lines:
        tasks.publish_reminders(later="some day")
    assert [event.practice_id for event in reminders()] == [other_clinic.practice.id]
    failed = [line for line in lines if line["log_level"] == "error"]
    assert [(line["event"], line["practiceId"]) for line in failed] == [
        ("Reminders not published", str(clinic.practice.id))
    ]


def test_out_of_time_it_stops_and_begins_with_who_waits_longest(
    clinic: Clinic, other_clinic: Clinic, noon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept(clinic, "2026-03-04T14:59")
    swept(other_clinic, "2026-03-04T14:58")
    new = make_practice(name="New")
    seen = []

    def out_of_time(*, practice_id: Any, now: datetime) -> int:
        seen.append(practice_id)
        if len(seen) == 3:
            raise SoftTimeLimitExceeded
        return 0

    monkeypatch.setattr(tasks, "remind", out_of_time)
    with pytest.raises(SoftTimeLimitExceeded):
        tasks.publish_reminders()
    assert seen == [new.id, other_clinic.practice.id, clinic.practice.id]


def test_managers_say_when(clinic: Clinic, manager: Caller) -> None:
    assert manager.get(SETTINGS).json() == {"offsetsMinutes": [4320, 1440, 120], "cutoffMinutes": 120}
    body = {"offsetsMinutes": [60, 1440, 60], "cutoffMinutes": 0}
    with changes(integrations_remindersettings=1, mybcat_auditentry=1):
        answer = _put(manager, body)
    assert answer.json() == {"offsetsMinutes": [1440, 60], "cutoffMinutes": 0} == manager.get(SETTINGS).json()
    with practice_scope(clinic.practice.id):
        assert AuditEntry.objects.get(action="reminder_settings.written").object_ids == [str(clinic.practice.id)]


def test_another_offset_makes_up_for_nothing_and_repeats_nothing(clinic: Clinic, manager: Caller) -> None:
    of(clinic, "2026-03-05T15:00")
    swept(clinic, "2026-03-04T14:59")
    assert sweep(clinic, "2026-03-04T15:00") == 1
    assert _put(manager, {"offsetsMinutes": [1500, 1380], "cutoffMinutes": 120}).status_code == 200
    assert sweep(clinic, "2026-03-04T15:59") == 0
    assert sweep(clinic, "2026-03-04T16:00") == 1


def _put(caller: Caller, body: Any) -> Any:
    return caller.http.put(SETTINGS, body, content_type="application/json", headers=caller.headers)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"offsetsMinutes": [14]}, "offsetsMinutes"),
        ({"offsetsMinutes": [20161]}, "offsetsMinutes"),
        ({"offsetsMinutes": [60, 120, 180, 240, 300, 360]}, "offsetsMinutes"),
        ({"offsetsMinutes": ["soon"]}, "offsetsMinutes"),
        ({"offsetsMinutes": None}, "offsetsMinutes"),
        ({"cutoffMinutes": -1}, "cutoffMinutes"),
        ({"cutoffMinutes": 10081}, "cutoffMinutes"),
        ({"cutoffMinutes": "x"}, "cutoffMinutes"),
        ({"surprise": 1}, "surprise"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(clinic: Clinic, manager: Caller, body: dict[str, Any], wrong: str) -> None:
    with changes():
        answer = _put(manager, {"offsetsMinutes": [60], "cutoffMinutes": 60, **body})
    assert answer.status_code == 400
    assert wrong in answer.content.decode()


def test_agents_may_not(clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    with changes(**REFUSED):
        assert _put(agent, {"offsetsMinutes": [60], "cutoffMinutes": 60}).status_code == 403
