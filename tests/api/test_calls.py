"""A call from the first ring to its outcome: who it may be, what was done meanwhile, what is given back at its end."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from appointments.calls import services
from appointments.calls.models import Call, CallAct
from appointments.models import Hold, Slot
from mybcat.models import AuditEntry, SecurityEvent
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from tests.api.refusals import assert_not_found
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_call, make_member, make_patient, make_related_person

CALLS = "/api/v2/calls"


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def opened(agent: Caller, number: str = "") -> dict[str, Any]:
    answer = agent.post(CALLS, {"callerNumber": number} if number else {})
    assert answer.status_code == 201, answer.content
    shown: dict[str, Any] = answer.json()
    return shown


def during(call: dict[str, Any]) -> dict[str, str]:
    return {"X-Call-Id": call["callId"]}


def refused(answer: Any, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, code)


def acts(agent: Caller, call: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(act["act"], act["objectId"]) for act in agent.get(f"{CALLS}/{call['callId']}").json()["acts"]]


class TestWhoItMayBe:
    def test_patients_with_the_number_come_before_those_it_rings_for(
        self, agent: Caller, clinic: Clinic, other_clinic: Clinic
    ) -> None:
        number = "+12125550177"
        child = make_patient(practice=clinic.practice, first_name="Ada", last_name="Zeller", phone="")
        make_related_person(patient=child, phone=number, name="Grace Zeller")
        own = make_patient(practice=clinic.practice, first_name="Grace", last_name="Zeller", phone=number)
        make_related_person(patient=own, phone=number)
        make_patient(practice=other_clinic.practice, phone=number)

        call = opened(agent, "(212) 555-0177")

        assert call["callerNumber"] == number
        shown = [(each["patientId"], each["caller"] and each["caller"]["name"]) for each in call["candidates"]]
        assert shown == [(public("pat", own.id), None), (public("pat", child.id), "Grace Zeller")]
        with practice_scope(clinic.practice.id):
            (entry,) = AuditEntry.objects.filter(action="call.candidates")
            assert entry.object_ids == [str(own.id), str(child.id)]

    @pytest.mark.parametrize("number", ["", "+12125550199"])
    def test_a_withheld_or_unknown_number_is_nobody_s(self, agent: Caller, number: str) -> None:
        assert opened(agent, number)["candidates"] == []

    def test_a_record_that_was_merged_away_is_not_offered(self, agent: Caller, clinic: Clinic) -> None:
        kept = make_patient(practice=clinic.practice, phone="")
        merged = make_patient(practice=clinic.practice, phone="+12125550177")
        with practice_scope(clinic.practice.id):
            merged.merged_into = kept
            merged.save()
        assert opened(agent, "+12125550177")["candidates"] == []

    @pytest.mark.parametrize("body", [{"callerNumber": "12"}, {"callerNumber": 7}, {"number": "+12125550177"}, []])
    def test_what_is_no_number_is_said_and_opens_nothing(self, agent: Caller, body: Any) -> None:
        with changes():
            answer = agent.post(CALLS, body)
        assert answer.status_code == 400
        if body == {"callerNumber": "12"}:
            assert answer.json()["errors"][0]["pointer"] == "#/callerNumber"


class TestWhatIsDone:
    def test_all_that_names_the_call_hangs_off_it(self, agent: Caller, clinic: Clinic) -> None:
        call = opened(agent)
        headers = during(call)
        found = agent.http.get("/api/v2/patients?search=oka", headers={**agent.headers, **headers})
        assert found.status_code == 200
        wanted = {"slotIds": [public("slot", clinic.slots[2].id)], "type": clinic.exam.code}
        held = agent.post("/api/v2/holds", wanted, **headers).json()
        body = {"patientId": public("pat", clinic.patient.id), "slotId": wanted["slotIds"][0], "type": clinic.exam.code}
        booked = agent.post("/api/v2/appointments", body, key="once", **headers).json()
        again = agent.post("/api/v2/appointments", body, key="once", **headers)
        assert again.headers["Idempotent-Replayed"] == "true"
        path = f"/api/v2/appointments/{booked['appointmentId']}"
        assert agent.post(f"{path}/cancel", {"reason": "other"}, **headers).status_code == 200
        # Without the header it is no part of the call.
        agent.get("/api/v2/patients", search="oka")

        assert acts(agent, call) == [
            ("patients.searched", None),
            ("hold.placed", held["holdId"]),
            ("appointment.booked", booked["appointmentId"]),
            ("appointment.cancelled", booked["appointmentId"]),
        ]

    def test_what_was_refused_was_not_done(self, agent: Caller, clinic: Clinic) -> None:
        call = opened(agent)
        agent.book(clinic)
        body = {
            "patientId": public("pat", clinic.patient.id),
            "slotId": public("slot", clinic.slots[0].id),
            "type": clinic.exam.code,
        }
        assert agent.post("/api/v2/appointments", body, key="late", **during(call)).status_code == 409
        assert acts(agent, call) == []

    def test_a_booking_that_names_no_call_of_one_s_own_books_nothing(
        self, agent: Caller, manager: Caller, clinic: Clinic, other_clinic: Clinic
    ) -> None:
        body = {
            "patientId": public("pat", clinic.patient.id),
            "slotId": public("slot", clinic.slots[0].id),
            "type": clinic.exam.code,
        }
        cases = {
            "call_x": 404,
            public("call", clinic.patient.id): 404,
            public("call", make_call(other_clinic).id): 403,
            public("call", make_call(clinic, agent=make_member(practice=clinic.practice)).id): 409,
        }
        for number, (told, status) in enumerate(cases.items()):
            with platform_scope(reason="test"):
                before = Slot.objects.filter(status="busy").count(), CallAct.objects.count()
            answer = agent.post("/api/v2/appointments", body, key=f"key-{number}", **{"X-Call-Id": told})
            assert answer.status_code == status, told
            with platform_scope(reason="test"):
                assert (Slot.objects.filter(status="busy").count(), CallAct.objects.count()) == before
        with platform_scope(reason="test"):
            assert SecurityEvent.objects.filter(other_practice_id=other_clinic.practice.id).count() == 1

    def test_what_is_done_just_after_the_end_is_still_the_call_s(self, agent: Caller, clinic: Clinic) -> None:
        call = opened(agent)
        agent.post(f"{CALLS}/{call['callId']}/end", {"outcome": "information"})
        agent.http.get("/api/v2/patients?search=oka", headers={**agent.headers, **during(call)})
        assert acts(agent, call) == [("patients.searched", None)]
        # Nothing would release it.
        wanted = {"slotIds": [public("slot", clinic.slots[2].id)], "type": clinic.exam.code}
        refused(agent.post("/api/v2/holds", wanted, **during(call)), "call_ended")
        with practice_scope(clinic.practice.id):
            assert not Hold.objects.exists()


class TestItsEnd:
    def test_it_ends_once_and_gives_back_what_was_held_for_it(self, agent: Caller, clinic: Clinic) -> None:
        call = opened(agent)
        wanted = {"slotIds": [public("slot", clinic.slots[2].id)], "type": clinic.exam.code}
        agent.post("/api/v2/holds", wanted, **during(call))
        other = {"slotIds": [public("slot", clinic.slots[6].id)], "type": clinic.exam.code}
        kept = agent.post("/api/v2/holds", other).json()["holdId"]

        path = f"{CALLS}/{call['callId']}/end"
        ended = agent.post(path, {"outcome": "not_booked", "reason": "no_suitable_time"})

        assert ended.status_code == 200
        shown = ended.json()
        assert (shown["outcome"], shown["reason"]) == ("not_booked", "no_suitable_time")
        with practice_scope(clinic.practice.id):
            assert [public("hold", each) for each in Hold.objects.values_list("id", flat=True)] == [kept]
            assert Slot.objects.get(id=clinic.slots[2].id).status == "free"
        with changes():
            refused(agent.post(path, {"outcome": "booked"}), "call_ended")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"outcome": "fine"},
            {"outcome": "not_booked"},
            {"outcome": "booked", "reason": "price"},
            {"reason": "price"},
        ],
    )
    def test_an_outcome_that_says_nothing_is_refused(self, agent: Caller, body: dict[str, str]) -> None:
        path = f"{CALLS}/{opened(agent)['callId']}/end"
        with changes():
            assert agent.post(path, body).status_code == 400

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            ({"outcome": "not_booked"}, "Say why nothing was booked"),
            ({"outcome": "booked", "reason": "price"}, "A reason belongs to not_booked alone; leave it out"),
        ],
    )
    def test_what_is_missing_or_too_much_is_said_in_a_sentence(
        self, agent: Caller, body: dict[str, str], sentence: str
    ) -> None:
        answer = agent.post(f"{CALLS}/{opened(agent)['callId']}/end", body)
        assert [each["detail"] for each in answer.json()["errors"]] == [sentence]

    def test_a_manager_ends_what_an_agent_left_open_and_a_colleague_does_not(
        self, agent: Caller, manager: Caller, clinic: Clinic
    ) -> None:
        path = f"{CALLS}/{opened(agent)['callId']}/end"
        colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
        with changes():
            refused(colleague.post(path, {"outcome": "booked"}), "not_the_agent")
        assert manager.post(path, {"outcome": "abandoned"}).status_code == 200

    def test_the_table_holds_no_half_ended_call(self, clinic: Clinic) -> None:
        for values in ({"outcome": "booked"}, {"ended_at": timezone.now()}, {"reason": "price"}):
            with pytest.raises(Exception, match="violates check constraint"), practice_scope(clinic.practice.id):
                Call.objects.create(agent_id=clinic.agent.id, opened_at=timezone.now(), **values)


class TestWhoSees:
    def test_agents_see_their_own_and_managers_all(self, agent: Caller, manager: Caller, clinic: Clinic) -> None:
        mine = opened(agent)["callId"]
        theirs = public("call", make_call(clinic, agent=make_member(practice=clinic.practice)).id)
        assert [each["callId"] for each in agent.get(CALLS).json()["data"]] == [mine]
        assert {each["callId"] for each in manager.get(CALLS).json()["data"]} == {mine, theirs}
        assert_not_found(agent.get(f"{CALLS}/{theirs}"))
        assert manager.get(f"{CALLS}/{theirs}").status_code == 200

    def test_a_day_is_the_practice_s(self, agent: Caller, clinic: Clinic) -> None:
        call = opened(agent)
        late = timezone.now().astimezone(clinic.zone).replace(hour=23, minute=30) - timedelta(days=3)
        with practice_scope(clinic.practice.id):
            Call.objects.update(opened_at=late)
        day = late.date().isoformat()
        assert [each["callId"] for each in agent.get(CALLS, **{"from": day}).json()["data"]] == [call["callId"]]
        assert agent.get(CALLS).json()["data"] == []

    def test_managers_learn_how_calls_ended_and_why_nothing_was_booked(
        self, agent: Caller, manager: Caller, clinic: Clinic
    ) -> None:
        for end in ({"outcome": "booked"}, {"outcome": "booked"}, {"outcome": "not_booked", "reason": "price"}):
            agent.post(f"{CALLS}/{opened(agent)['callId']}/end", end)
        opened(agent)
        report = manager.get("/api/v2/reports/calls").json()
        name = clinic.agent.name or None
        assert [(row["agentName"], row["outcome"], row["reason"], row["count"]) for row in report["data"]] == [
            (name, None, None, 1),
            (name, "booked", None, 2),
            (name, "not_booked", "price", 1),
        ]
        assert agent.get("/api/v2/reports/calls").status_code == 403

    def test_numbers_are_forgotten_after_ninety_days_and_the_figures_stay(self, agent: Caller, clinic: Clinic) -> None:
        for days in (91, 89):
            call = opened(agent, "+12125550177")
            with practice_scope(clinic.practice.id):
                Call.objects.filter(caller_number__gt="", opened_at__gt=timezone.now() - timedelta(minutes=5)).update(
                    opened_at=timezone.now() - timedelta(days=days)
                )
        assert call
        assert services.forget_numbers(now=timezone.now()) == 1
        with practice_scope(clinic.practice.id):
            assert sorted(Call.objects.values_list("caller_number", flat=True)) == ["", "+12125550177"]
