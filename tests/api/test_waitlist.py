"""The waitlist as agents keep it: who waits, for what, and until when."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine

from appointments.tasks import expire_waitlist
from appointments.waitlist.models import WaitlistEntry
from mybcat.ids import new_uuid, public_id
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import platform_scope, practice_scope
from patients.merging import merge_patients
from tests.api.refusals import assert_not_found
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient, make_type, make_waiting, make_waitlist_offer

WAITLIST = "/api/v2/waitlist"
# In New York.
MIDNIGHT = datetime(2026, 3, 2, 5, tzinfo=UTC)
ADDED = {"appointments_waitlistentry": 1, "mybcat_event": 1, "mybcat_auditentry": 1}


def wish(clinic: Clinic, **besides: Any) -> dict[str, Any]:
    return {"patientId": public("pat", clinic.patient.id), "type": clinic.exam.code, **besides}


def test_a_patient_waits_with_wishes(agent: Caller, clinic: Clinic) -> None:
    body = wish(
        clinic,
        practitionerIds=[public("pract", clinic.practitioner.id)],
        locationIds=[public("loc", clinic.location.id)],
        fromDate="2026-12-01",
        untilDate="2026-12-24",
        partOfDay="morning",
        weekdays=["fri", "mon"],
        urgency="urgent",
    )
    with changes(**ADDED):
        answer = agent.post(WAITLIST, body)
    shown = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"{WAITLIST}/{shown['waitlistEntryId']}")
    assert {name: shown[name] for name in body if name != "weekdays"} == {
        name: body[name] for name in body if name != "weekdays"
    }
    assert (shown["weekdays"], shown["status"], shown["appointmentId"]) == (["mon", "fri"], "waiting", None)
    assert agent.get(f"{WAITLIST}/{shown['waitlistEntryId']}").json() == {**shown, "offers": []}
    with platform_scope(reason="test"):
        event = Event.objects.get()
    assert (event.type, event.data) == (
        "waitlist.added",
        {"waitlistEntryId": shown["waitlistEntryId"], "patientId": body["patientId"]},
    )


def test_a_patient_with_an_appointment_waits_for_an_earlier_one(agent: Caller, clinic: Clinic) -> None:
    booked = agent.book(clinic).json()["appointmentId"]
    assert agent.post(WAITLIST, wish(clinic, appointmentId=booked)).json()["appointmentId"] == booked


@pytest.mark.parametrize("case", ["cancelled", "another patient's", "another type's"])
def test_only_a_booked_appointment_of_the_same_patient_and_type_can_be_earlier(
    agent: Caller, clinic: Clinic, case: str
) -> None:
    booked = agent.book(clinic).json()["appointmentId"]
    body = wish(clinic, appointmentId=booked)
    if case == "cancelled":
        agent.post(f"/api/v2/appointments/{booked}/cancel", {"reason": "other"})
    elif case == "another patient's":
        body["patientId"] = public("pat", make_patient(practice=clinic.practice).id)
    else:
        body["type"] = make_type(practice=clinic.practice).code
    with changes():
        answer = agent.post(WAITLIST, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "no_such_type"},
        {"partOfDay": "night"},
        {"weekdays": ["monday"]},
        {"urgency": "emergency"},
        {"fromDate": "2026-12-24", "untilDate": "2026-12-01"},
        {"fromDate": "24.12.2026"},
        {"note": "afraid of drops"},
    ],
)
def test_wishes_that_mean_nothing_are_refused(agent: Caller, clinic: Clinic, wrong: dict[str, Any]) -> None:
    with changes():
        assert agent.post(WAITLIST, wish(clinic, **wrong)).status_code == 400


@pytest.mark.parametrize(
    ("name", "prefix"), [("patientId", "pat"), ("appointmentId", "appt"), ("practitionerIds", "pract")]
)
def test_what_nobody_has_cannot_be_named(agent: Caller, clinic: Clinic, name: str, prefix: str) -> None:
    unknown: Any = public_id(prefix, new_uuid())
    with changes():
        assert_not_found(agent.post(WAITLIST, wish(clinic, **{name: [unknown] if name.endswith("s") else unknown})))


def test_the_list_shows_who_still_waits_in_turn_and_says_that_it_was_seen(agent: Caller, clinic: Clinic) -> None:
    first = make_waiting(clinic)
    gone = make_waiting(clinic, status="withdrawn", ended_at=first.created_at)
    other = make_patient(practice=clinic.practice)
    second = make_waiting(clinic, patient=other)

    def listed(**query: str) -> list[str]:
        return [row["waitlistEntryId"] for row in agent.get(WAITLIST, **query).json()["data"]]

    assert listed() == [public("wait", first.id), public("wait", second.id)]
    assert listed(status="withdrawn") == [public("wait", gone.id)]
    assert listed(patient=public("pat", other.id)) == [public("wait", second.id)]
    with platform_scope(reason="test"):
        seen = AuditEntry.objects.filter(action="waitlist.list").order_by("id").first()
    assert seen.object_ids == [str(clinic.patient.id), str(other.id)]


def test_the_list_comes_in_pages(agent: Caller, clinic: Clinic) -> None:
    made = [public("wait", make_waiting(clinic).id) for _ in range(3)]
    page = agent.get(WAITLIST, limit=2).json()
    assert [row["waitlistEntryId"] for row in page["data"]] == made[:2]
    page = agent.get(WAITLIST, limit=2, cursor=page["nextCursor"]).json()
    assert ([row["waitlistEntryId"] for row in page["data"]], page["nextCursor"]) == (made[2:], None)


def test_who_is_withdrawn_waits_no_more_and_has_nothing_on_offer(agent: Caller, clinic: Clinic) -> None:
    offer = make_waitlist_offer(clinic)
    path = f"{WAITLIST}/{public('wait', offer.entry_id)}/withdraw"
    with changes(appointments_waitlistentry=0, appointments_waitlistoffer=0, mybcat_event=1, mybcat_auditentry=1):
        answer = agent.post(path, {})
    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    shown = agent.get(f"{WAITLIST}/{public('wait', offer.entry_id)}").json()
    assert [each["status"] for each in shown["offers"]] == ["withdrawn"]
    with changes():
        again = agent.post(path, {})
    assert (again.status_code, again.json()["code"]) == (409, "not_waiting")


def test_who_was_asked_about_a_time_is_seen(agent: Caller, clinic: Clinic) -> None:
    offer = make_waitlist_offer(clinic)
    slot, opening = public("slot", clinic.slots[6].id), public("wopn", offer.opening_id)
    (shown,) = agent.get("/api/v2/waitlist-offers", slot=slot).json()["data"]
    assert (shown["slotId"], shown["openingId"], shown["openingStatus"]) == (slot, opening, "open")
    assert (shown["batch"], shown["status"], shown["answeredAt"]) == (1, "open", None)
    assert agent.get("/api/v2/waitlist-offers", slot=public("slot", clinic.slots[0].id)).json()["data"] == []
    assert agent.get("/api/v2/waitlist-offers", openingStatus="filled").json()["data"] == []
    assert agent.get("/api/v2/waitlist-offers", openingStatus="open").json()["data"] == [shown]


def test_who_is_merged_goes_on_waiting_as_the_other(agent: Caller, clinic: Clinic) -> None:
    doubled = make_patient(practice=clinic.practice)
    entry = make_waiting(clinic, patient=doubled)

    with practice_scope(clinic.practice.id):
        merge_patients(kept_id=clinic.patient.id, merged_id=doubled.id, by=clinic.principal, now=entry.created_at)
        assert WaitlistEntry.objects.get().patient_id == clinic.patient.id


def test_the_table_holds_nothing_half_ended(clinic: Clinic) -> None:
    for values in ({"status": "withdrawn"}, {"ended_at": "2026-01-01T00:00Z"}):
        with pytest.raises(Exception, match="violates check constraint"):
            make_waiting(clinic, **values)


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({}, "waiting"),
        ({"until_date": date(2099, 1, 1)}, "waiting"),
        ({"until_date": date(2026, 1, 1)}, "expired"),
        ({"until_date": date(2026, 1, 1), "status": "offered"}, "offered"),
    ],
)
def test_who_waited_for_days_that_are_over_waits_no_more(clinic: Clinic, wish: dict[str, Any], status: str) -> None:
    entry = make_waiting(clinic, **wish)
    expire_waitlist()
    with practice_scope(clinic.practice.id):
        found = WaitlistEntry.objects.get(id=entry.id)
    assert (found.status, found.ended_at is None) == (status, status != "expired")


def test_the_last_day_is_the_practices(clinic: Clinic) -> None:
    """In New York it is the day before until midnight there."""
    entry = make_waiting(clinic, until_date=date(2026, 3, 1))
    for instant, status in ((datetime(2026, 3, 2, 4, 59, tzinfo=UTC), "waiting"), (MIDNIGHT, "expired")):
        with time_machine.travel(instant, tick=False):
            expire_waitlist()
        with practice_scope(clinic.practice.id):
            assert WaitlistEntry.objects.get(id=entry.id).status == status


@pytest.mark.parametrize(("cancelled", "status"), [(False, "waiting"), (True, "expired")])
def test_who_waited_to_be_earlier_than_what_is_off_waits_no_more(
    agent: Caller, clinic: Clinic, cancelled: bool, status: str
) -> None:
    booked = agent.book(clinic).json()["appointmentId"]
    added = agent.post(WAITLIST, wish(clinic, appointmentId=booked)).json()["waitlistEntryId"]
    if cancelled:
        agent.post(f"/api/v2/appointments/{booked}/cancel", {"reason": "other"})
    expire_waitlist()
    assert agent.get(f"{WAITLIST}/{added}").json()["status"] == status
