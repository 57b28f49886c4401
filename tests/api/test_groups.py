"""Appointments that are booked together: a visit in steps, a family, a series; all of them or none."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine

from appointments.groups.models import AppointmentGroup
from appointments.models import Appointment, Hold, Slot
from mybcat.models import Event
from mybcat.tenancy import practice_scope
from practices.models import Practitioner
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import changes
from tests.api.test_moving import settle, statuses
from tests.callers import Caller, public
from tests.factories import Clinic, make_clinic, make_hold, make_patient, make_slots, make_type

GROUPS = "/api/v2/appointment-groups"
REMEMBERED = {"mybcat_idempotencykey": 1}


@pytest.fixture
def pretest(clinic: Clinic) -> str:
    return make_type(practice=clinic.practice, code="pretest", duration_minutes=15).code


@pytest.fixture
def lee(clinic: Clinic) -> Practitioner:
    """A colleague, free from 09:00 as well: the clinic's slots from number 8 on."""
    with practice_scope(clinic.practice.id):
        lee = Practitioner.objects.create(name="Dr Lee")
    clinic.slots += make_slots(practitioner=lee, location=clinic.location, start=clinic.slots[0].starts_at, count=8)
    return lee


def item(clinic: Clinic, slot: int, *, type: str = "comprehensive_exam", patient: Any = None) -> dict[str, str]:  # noqa: A002
    return {
        "patientId": public("pat", (patient or clinic.patient).id),
        "slotId": public("slot", clinic.slots[slot].id),
        "type": type,
    }


def book(caller: Caller, *items: dict[str, str], kind: str = "chain", key: str | None = None) -> Any:
    return caller.post(GROUPS, {"kind": kind, "items": list(items)}, key=key or str(uuid4()))


def count(clinic: Clinic, **fields: Any) -> int:
    with practice_scope(clinic.practice.id):
        return Appointment.objects.filter(**fields).count()


class TestTogether:
    def test_steps_of_a_visit_are_booked_in_one_go(self, agent: Caller, clinic: Clinic, pretest: str) -> None:
        with changes(
            appointments_appointmentgroup=1,
            appointments_appointment=2,
            appointments_slot=0,
            mybcat_event=2,
            mybcat_auditentry=3,
            mybcat_idempotencykey=1,
        ):
            answer = book(agent, item(clinic, 0, type=pretest), item(clinic, 1))
        shown = answer.json()
        assert (answer.status_code, shown["kind"]) == (201, "chain")
        assert [row["type"] for row in shown["appointments"]] == ["pretest", "comprehensive_exam"]
        assert {row["groupId"] for row in shown["appointments"]} == {shown["id"]}
        assert statuses(clinic) == ["busy"] * 3 + ["free"] * 5
        assert agent.get(answer["Location"]).json() == shown
        with practice_scope(clinic.practice.id):
            assert [row.type for row in Event.objects.order_by("id")] == ["appointment.booked"] * 2

    def test_a_family_side_by_side(self, agent: Caller, clinic: Clinic, lee: Practitioner) -> None:
        child = make_patient(practice=clinic.practice, first_name="Obi")
        answer = book(agent, item(clinic, 0), item(clinic, 8, patient=child), kind="family")
        assert [row["patientId"] for row in answer.json()["appointments"]] == [
            public("pat", clinic.patient.id),
            public("pat", child.id),
        ]

    def test_once_for_one_key(self, agent: Caller, clinic: Clinic, pretest: str) -> None:
        wanted = [item(clinic, 0, type=pretest), item(clinic, 1)]
        first, second = book(agent, *wanted, key="k"), book(agent, *wanted, key="k")
        assert (first.json(), second.headers["Idempotent-Replayed"]) == (second.json(), "true")
        assert count(clinic) == 2

    def test_one_that_cannot_be_had_and_none_is(self, agent: Caller, clinic: Clinic, pretest: str) -> None:
        agent.book(clinic, slot=2)
        make_hold(clinic.slots[6])
        with changes(**REMEMBERED):
            answer = book(
                agent, item(clinic, 0, type=pretest), item(clinic, 1), item(clinic, 4), item(clinic, 6), key="k"
            )
        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, "group_refused")
        assert [(each["item"], each["code"]) for each in told["items"]] == [(1, "not_enough_time"), (3, "slot_taken")]
        assert [[blocker["code"] for blocker in each["blockers"]] for each in told["items"]] == [
            ["not_in", "taken"],
            ["not_in", "held"],
        ]
        assert all(each["nearest"] for each in told["items"])
        assert book(agent, item(clinic, 0, type=pretest), item(clinic, 1), key="k").status_code == 422

    def test_two_of_them_that_want_the_same_time(self, agent: Caller, clinic: Clinic) -> None:
        with changes(**REMEMBERED):
            told = book(agent, item(clinic, 0), item(clinic, 1)).json()
        assert [(each["item"], each["code"]) for each in told["items"]] == [(1, "collides")]

    def test_one_patient_is_not_seen_in_two_places_at_once(
        self, agent: Caller, clinic: Clinic, lee: Practitioner
    ) -> None:
        with changes(**REMEMBERED):
            told = book(agent, item(clinic, 0), item(clinic, 9)).json()
        assert [(each["item"], each["code"]) for each in told["items"]] == [(1, "collides")]
        assert told["items"][0]["sentence"].startswith("An appointment before it in this request needs the same time")
        # As the one ends, the other may begin.
        assert book(agent, item(clinic, 0), item(clinic, 10)).status_code == 201

    def test_what_the_caller_holds_is_theirs_to_book(self, agent: Caller, clinic: Clinic, pretest: str) -> None:
        held = agent.post(
            "/api/v2/holds",
            {"slotIds": [public("slot", clinic.slots[n].id) for n in (0, 2)], "type": clinic.exam.code},
        )
        assert held.status_code == 201
        assert book(agent, item(clinic, 0), item(clinic, 2)).status_code == 201
        with practice_scope(clinic.practice.id):
            assert not Hold.objects.exists()

    def test_bad_requests_change_nothing(self, agent: Caller, clinic: Clinic) -> None:
        with changes():
            assert_invalid(book(agent, item(clinic, 0)), items=["From 2 to 6 appointments"])
            assert book(agent, *[item(clinic, 0)] * 7).status_code == 400
            assert book(agent, item(clinic, 0), item(clinic, 2), kind="series").status_code == 400
            assert_invalid(
                book(agent, item(clinic, 0), item(clinic, 2, type="none")), type=["No such type of appointment"]
            )
            assert_not_found(book(agent, item(clinic, 0), {**item(clinic, 2), "slotId": public("slot", uuid4())}))

    def test_not_for_another_practices_patient(self, agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
        assert_forbidden(book(agent, item(clinic, 0), item(clinic, 2, patient=other_clinic.patient)))
        assert count(clinic) == 0
        with practice_scope(clinic.practice.id):
            assert not AppointmentGroup.objects.exists()

    def test_who_only_reads_books_nothing(self, clinician: Caller, clinic: Clinic) -> None:
        with changes(mybcat_auditentry=1):
            assert_forbidden(book(clinician, item(clinic, 0), item(clinic, 2)))


class TestAfterwards:
    @pytest.fixture
    def group(self, agent: Caller, clinic: Clinic) -> str:
        return str(book(agent, item(clinic, 0), item(clinic, 2)).json()["id"])

    def post(self, caller: Caller, group: str, what: str, body: Any = None) -> Any:
        return caller.post(f"{GROUPS}/{group}/{what}", body)

    def test_it_is_cancelled_and_stands_again_as_a_whole(self, agent: Caller, clinic: Clinic, group: str) -> None:
        before = agent.get(f"{GROUPS}/{group}").json()
        cancelled = self.post(agent, group, "cancel", {"reason": "patient_request"})
        assert [row["status"] for row in cancelled.json()["appointments"]] == ["cancelled"] * 2
        assert self.post(agent, group, "undo").json() == before
        assert statuses(clinic) == ["busy"] * 4 + ["free"] * 4

    def test_its_booking_is_undone_as_a_whole(self, agent: Caller, clinic: Clinic, group: str) -> None:
        undone = self.post(agent, group, "undo")
        assert [row["status"] for row in undone.json()["appointments"]] == ["cancelled"] * 2
        assert statuses(clinic) == ["free"] * 8

    def test_where_one_cannot_be_undone_none_is(self, agent: Caller, clinic: Clinic, group: str) -> None:
        first = agent.get(f"{GROUPS}/{group}").json()["appointments"][1]["appointmentId"]
        agent.post(f"/api/v2/appointments/{first}/move", {"slotId": public("slot", clinic.slots[5].id)})
        settle(clinic)
        with changes():
            assert self.post(agent, group, "undo").json()["code"] == "nothing_to_undo"

    def test_what_is_cancelled_already_stays_so(self, agent: Caller, clinic: Clinic, group: str) -> None:
        first = agent.get(f"{GROUPS}/{group}").json()["appointments"][0]["appointmentId"]
        agent.post(f"/api/v1/appointments/{first}/cancel", {"reason": "patient_unwell"})
        assert self.post(agent, group, "cancel", {"reason": "patient_request"}).status_code == 200
        assert count(clinic, cancellation_reason="patient_unwell") == 1
        with changes():
            assert self.post(agent, group, "cancel", {"reason": "other"}).json()["code"] == "not_cancellable"

    def test_what_was_cancelled_before_the_rest_stays_so_when_that_is_undone(
        self, agent: Caller, clinic: Clinic, group: str
    ) -> None:
        first = agent.get(f"{GROUPS}/{group}").json()["appointments"][0]["appointmentId"]
        agent.post(f"/api/v2/appointments/{first}/cancel", {"reason": "patient_unwell"})
        settle(clinic)
        self.post(agent, group, "cancel", {"reason": "patient_request"})
        undone = self.post(agent, group, "undo")
        assert undone.status_code == 200, undone.content
        assert [row["status"] for row in undone.json()["appointments"]] == ["cancelled", "booked"]

    def test_undone_right_after_one_was_cancelled_that_one_stands_again(
        self, agent: Caller, clinic: Clinic, group: str
    ) -> None:
        first = agent.get(f"{GROUPS}/{group}").json()["appointments"][0]["appointmentId"]
        agent.post(f"/api/v2/appointments/{first}/cancel", {"reason": "patient_unwell"})
        undone = self.post(agent, group, "undo")
        assert [row["status"] for row in undone.json()["appointments"]] == ["booked", "booked"]

    def test_where_one_was_moved_since_the_booking_is_not_undone(
        self, agent: Caller, clinic: Clinic, group: str
    ) -> None:
        first = agent.get(f"{GROUPS}/{group}").json()["appointments"][0]["appointmentId"]
        agent.post(f"/api/v2/appointments/{first}/move", {"slotId": public("slot", clinic.slots[5].id)})
        with changes():
            assert self.post(agent, group, "undo").json()["code"] == "nothing_to_undo"

    def test_another_practices_is_forbidden_and_an_unknown_one_not_found(
        self, agent: Caller, other_clinic: Clinic, group: str
    ) -> None:
        stranger = Caller(other_clinic.agent, other_clinic.practice)
        assert_forbidden(stranger.get(f"{GROUPS}/{group}"))
        assert_forbidden(self.post(stranger, group, "cancel", {"reason": "other"}))
        assert_forbidden(self.post(stranger, group, "undo"))
        assert_not_found(agent.get(f"{GROUPS}/{public('group', uuid4())}"))


class TestOffers:
    def search(self, caller: Caller, *types: str, kind: str = "chain", **body: Any) -> Any:
        items = [{"type": each} for each in types]
        return caller.post(f"{GROUPS}/offers", {"kind": kind, "items": items, **body})

    def starts(self, answer: Any) -> list[list[str]]:
        return [[each["slotId"] for each in offer["items"]] for offer in answer.json()["offers"]]

    def slots(self, clinic: Clinic, *numbers: int) -> list[str]:
        return [public("slot", clinic.slots[number].id) for number in numbers]

    def test_steps_follow_one_another(self, agent: Caller, clinic: Clinic, pretest: str) -> None:
        answer = self.search(agent, pretest, "comprehensive_exam", count=2)
        assert answer.status_code == 200
        assert self.starts(answer) == [self.slots(clinic, 0, 1), self.slots(clinic, 1, 2)]
        offer = answer.json()["offers"][0]
        assert (offer["start"], offer["end"]) == (offer["items"][0]["start"], offer["items"][1]["end"])

    def test_what_is_offered_can_be_booked(self, agent: Caller, clinic: Clinic, pretest: str) -> None:
        items = self.search(agent, pretest, "comprehensive_exam").json()["offers"][0]["items"]
        patient = public("pat", clinic.patient.id)
        wanted = [{"patientId": patient, "slotId": each["slotId"], "type": each["type"]} for each in items]
        assert book(agent, *wanted).status_code == 201

    def test_nobody_waits_longer_than_asked(self, agent: Caller, clinic: Clinic, pretest: str) -> None:
        """The exam is free from 09:30 on, the pre-test at 09:00 only or later than that."""
        quarter = make_type(practice=clinic.practice, duration_minutes=15)
        agent.book(clinic, slot=1, type=quarter.code)
        answer = self.search(agent, pretest, "comprehensive_exam", longestWaitMinutes=0, count=1)
        assert self.starts(answer) == [self.slots(clinic, 2, 3)]
        answer = self.search(agent, pretest, "comprehensive_exam", longestWaitMinutes=15, count=1)
        assert self.starts(answer) == [self.slots(clinic, 0, 2)]

    def test_a_family_is_seen_side_by_side_or_one_after_the_other(
        self, agent: Caller, clinic: Clinic, lee: Practitioner
    ) -> None:
        exam = clinic.exam.code
        answer = self.search(agent, exam, exam, exam, kind="family", count=1)
        [offer] = answer.json()["offers"]
        assert len({each["slotId"] for each in offer["items"]}) == 3
        start, end = (datetime.fromisoformat(offer[name]) for name in ("start", "end"))
        assert end - start == timedelta(minutes=60)

    def test_where_nothing_fits_nothing_is_offered(self, agent: Caller, clinic: Clinic) -> None:
        exam = clinic.exam.code
        assert self.starts(self.search(agent, *[exam] * 5, longestWaitMinutes=0)) == []

    def test_bad_searches(self, agent: Caller, clinic: Clinic) -> None:
        exam = clinic.exam.code
        with changes():
            assert self.search(agent, exam).status_code == 400
            assert_invalid(self.search(agent, exam, "none"), type=["No such type of appointment"])
            assert self.search(agent, exam, exam, until="2020-01-01T00:00:00Z").status_code == 400


class TestSeries:
    def clinic_with_mondays(self, time_zone: str, now: datetime, weeks: int) -> Clinic:
        """Slots from 09:00 to 10:00 by the clock on the wall, each week from the day after `now`."""
        clinic = make_clinic(name="Far away", time_zone=time_zone)
        zone = ZoneInfo(time_zone)
        first = now.astimezone(zone).date() + timedelta(days=1)
        for week in range(weeks):
            nine = datetime.combine(first + timedelta(weeks=week), time(9), zone).astimezone(UTC)
            with practice_scope(clinic.practice.id):
                Slot.objects.filter(starts_at__gte=nine, starts_at__lt=nine + timedelta(hours=2)).delete()
            made = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=nine, count=4)
            clinic.slots = made if week == 0 else clinic.slots + made
        return clinic

    def post(self, caller: Caller, clinic: Clinic, *, slot: int = 0, **body: Any) -> Any:
        wanted = {**item(clinic, slot), "everyWeeks": 1, "count": 3, **body}
        return caller.post("/api/v2/appointment-series", wanted, key=str(uuid4()))

    @pytest.mark.parametrize(
        ("time_zone", "now"),
        [
            ("America/New_York", "2026-03-02T12:00:00+00:00"),
            ("America/New_York", "2026-10-26T12:00:00+00:00"),
            ("America/Phoenix", "2026-03-02T12:00:00+00:00"),
            ("America/Phoenix", "2026-10-26T12:00:00+00:00"),
            ("Australia/Lord_Howe", "2026-03-30T12:00:00+00:00"),
            ("Australia/Lord_Howe", "2026-09-28T12:00:00+00:00"),
            ("Pacific/Apia", "2026-03-30T12:00:00+00:00"),
            ("Pacific/Apia", "2026-09-28T12:00:00+00:00"),
        ],
    )
    def test_nine_in_the_morning_stays_nine_when_clocks_change(self, time_zone: str, now: str) -> None:
        with time_machine.travel(datetime.fromisoformat(now), tick=False):
            clinic = self.clinic_with_mondays(time_zone, datetime.fromisoformat(now), 3)
            agent = Caller(clinic.agent, clinic.practice)
            answer = self.post(agent, clinic)
            assert answer.status_code == 201, answer.content
            begins = [datetime.fromisoformat(row["start"]) for row in answer.json()["appointments"]]
        clock = [each.astimezone(ZoneInfo(time_zone)) for each in begins]
        assert [each.time() for each in clock] == [time(9)] * 3
        assert [(each.date() - clock[0].date()).days for each in clock] == [0, 7, 14]
        shifts = {each.utcoffset() for each in clock}
        assert len(shifts) == (2 if time_zone in ("America/New_York", "Australia/Lord_Howe") else 1)

    def test_a_week_that_cannot_be_had_and_none_is(self, agent: Caller, clinic: Clinic) -> None:
        with changes(**REMEMBERED):
            told = self.post(agent, clinic).json()
        assert [(each["item"], each["code"]) for each in told["items"]] == [(1, "no_slot"), (2, "no_slot")]
        assert all(each["blockers"] for each in told["items"])

    def test_bad_series(self, agent: Caller, clinic: Clinic) -> None:
        with changes():
            for body in ({"count": 1}, {"count": 27}, {"everyWeeks": 0}, {"everyWeeks": 27}, {"type": "none"}):
                assert self.post(agent, clinic, **body).status_code == 400
            assert_not_found(self.post(agent, clinic, slotId=public("slot", uuid4())))
