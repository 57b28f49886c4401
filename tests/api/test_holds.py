"""A time is kept while a caller thinks: nobody else's to book, and its holder's own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appointments.expiring import Expiring
from appointments.models import Appointment, HeldTime, Hold, Slot
from appointments.schedules import extend_horizon, replace_hours
from mybcat.ids import new_uuid
from mybcat.models import Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden, assert_not_found, assert_refused
from tests.api.rows import REMEMBERED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_hold, make_member, make_slots

HELD = {"appointments_hold": 1, "appointments_heldtime": 1, "appointments_slot": 0, "mybcat_event": 1}


@pytest.fixture
def colleague(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice), clinic.practice)


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def hold(caller: Caller, clinic: Clinic, *slots: int, key: str | None = None, **body: Any) -> Any:
    wanted = {"slotIds": [public("slot", clinic.slots[n].id) for n in slots], "type": clinic.exam.code, **body}
    return caller.post("/api/v2/holds", wanted, key=key)


def statuses(clinic: Clinic) -> str:
    """A letter for each slot: free, busy, tentative, unavailable."""
    with practice_scope(clinic.practice.id):
        rows = Slot.objects.filter(practitioner=clinic.practitioner).order_by("starts_at")
        words = {"free": "f", "busy": "b", "busy-tentative": "t", "busy-unavailable": "u"}
        return "".join(words[status] for status in rows.values_list("status", flat=True))


def events(clinic: Clinic) -> list[str]:
    with practice_scope(clinic.practice.id):
        return list(Event.objects.order_by("id").values_list("type", flat=True))


def run_out(clinic: Clinic) -> None:
    """Nobody has noticed yet."""
    with practice_scope(clinic.practice.id):
        Hold.objects.update(expires_at=datetime.now(UTC) - timedelta(milliseconds=1))


def test_one_time_is_held_for_five_minutes(agent: Caller, clinic: Clinic) -> None:
    with changes(**HELD):
        answer = hold(agent, clinic, 0)
    body = answer.json()
    assert answer.status_code == 201, answer.content
    lasts = datetime.fromisoformat(body["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=4, seconds=50) < lasts <= timedelta(minutes=5)
    assert body["refused"] == []
    assert body["times"] == [
        {
            "holdId": body["holdId"],
            "kind": "agent",
            "mine": True,
            "holder": {"kind": "member", "name": clinic.agent.name},
            "expiresAt": body["expiresAt"],
            "slotId": public("slot", clinic.slots[0].id),
            "practitionerId": public("pract", clinic.practitioner.id),
            "locationId": public("loc", clinic.location.id),
            "start": clinic.slots[0].starts_at.isoformat(),
            "end": (clinic.slots[0].starts_at + timedelta(minutes=30)).isoformat(),
        }
    ]
    assert statuses(clinic) == "ttffffff"
    assert events(clinic) == ["hold.placed"]


def test_colleagues_see_who_holds_what_and_cannot_have_it(agent: Caller, colleague: Caller, clinic: Clinic) -> None:
    placed = hold(agent, clinic, 0).json()
    shown = colleague.get("/api/v2/holds", practitioner=public("pract", clinic.practitioner.id)).json()["data"]
    assert shown == [{**placed["times"][0], "mine": False}]
    with changes(**REMEMBERED):
        refused = colleague.book(clinic, slot=0, version="v2")
    assert_refused(refused, status=409, code="slot_taken", sentence="Slot is no longer available")
    held = [each["sentence"] for each in refused.json()["blockers"] if each["code"] == "held"]
    assert [sentence.split(" by ")[1] for sentence in held] == [clinic.agent.name]
    with changes(**REMEMBERED):
        assert colleague.book(clinic, slot=1).status_code == 409


def test_its_holder_books_it_and_the_other_times_on_offer_are_free_again(agent: Caller, clinic: Clinic) -> None:
    assert hold(agent, clinic, 0, 3, 6).status_code == 201
    assert statuses(clinic) == "ttfttftt"
    answer = agent.book(clinic, slot=3)
    assert answer.status_code == 201
    assert statuses(clinic) == "fffbbfff"
    with practice_scope(clinic.practice.id):
        assert not HeldTime.objects.exists() and not Hold.objects.exists()
    assert events(clinic) == ["hold.placed"] * 3 + ["appointment.booked"] + ["hold.released"] * 3


def test_a_booking_that_is_told_again_ends_no_hold(agent: Caller, clinic: Clinic) -> None:
    hold(agent, clinic, 0)
    first = agent.book(clinic, slot=0, key="once")
    assert hold(agent, clinic, 4).status_code == 201
    again = agent.book(clinic, slot=0, key="once")
    assert (again.status_code, again.json()) == (201, first.json())
    assert statuses(clinic) == "bbffttff"


def test_times_of_one_hold_may_overlap(agent: Caller, clinic: Clinic) -> None:
    answer = hold(agent, clinic, 0, 1)
    assert [time["slotId"] for time in answer.json()["times"]] == [public("slot", s.id) for s in clinic.slots[:2]]
    assert statuses(clinic) == "tttfffff"
    assert agent.book(clinic, slot=1).status_code == 201
    assert statuses(clinic) == "fbbfffff"


def test_what_cannot_be_had_is_told_and_the_rest_is_held(agent: Caller, colleague: Caller, clinic: Clinic) -> None:
    assert colleague.book(clinic, slot=0).status_code == 201
    body = hold(agent, clinic, 0, 4).json()
    assert [time["slotId"] for time in body["times"]] == [public("slot", clinic.slots[4].id)]
    assert [(each["slotId"], each["code"]) for each in body["refused"]] == [
        (public("slot", clinic.slots[0].id), "slot_taken")
    ]
    assert "taken" in [each["code"] for each in body["refused"][0]["blockers"]]


def test_where_none_can_be_had_nothing_is_held(agent: Caller, colleague: Caller, clinic: Clinic) -> None:
    assert colleague.book(clinic, slot=0).status_code == 201
    with changes():
        answer = hold(agent, clinic, 0)
    assert_refused(answer, status=409, code="slot_taken", sentence="Slot is no longer available")
    assert "taken" in [each["code"] for each in answer.json()["blockers"]]
    with changes():
        assert hold(agent, clinic, 7).json()["code"] == "not_enough_time"


def test_held_anew_it_passes_to_the_new_hold(agent: Caller, clinic: Clinic) -> None:
    first = hold(agent, clinic, 0, 4).json()
    second = hold(agent, clinic, 1).json()
    shown = {time["slotId"]: time["holdId"] for time in agent.get("/api/v2/holds").json()["data"]}
    assert shown == {
        public("slot", clinic.slots[1].id): second["holdId"],
        public("slot", clinic.slots[4].id): first["holdId"],
    }
    assert statuses(clinic) == "fttfttff"


def test_nobody_holds_more_than_six(agent: Caller, colleague: Caller, clinic: Clinic) -> None:
    later = make_slots(
        practitioner=clinic.practitioner,
        location=clinic.location,
        start=clinic.slots[0].starts_at + timedelta(days=1),
        count=4,
    )
    assert hold(agent, clinic, 0, 1, 2, 3, 4, 5).status_code == 201
    wanted = {"slotIds": [public("slot", later[0].id)]}
    with changes():
        answer = hold(agent, clinic, **wanted)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_held")
    assert hold(colleague, clinic, **wanted).status_code == 201


@pytest.mark.parametrize("body", [{"slotIds": []}, {"slotIds": ["x"] * 7}, {"type": "none"}, {"slotIds": None}])
def test_bad_input(agent: Caller, clinic: Clinic, body: dict[str, Any]) -> None:
    with changes():
        assert hold(agent, clinic, 0, **body).status_code in (400, 404, 422)


def test_it_is_released(agent: Caller, colleague: Caller, manager: Caller, clinic: Clinic) -> None:
    path = f"/api/v2/holds/{hold(agent, clinic, 0, 4).json()['holdId']}"
    with changes():
        refused = colleague.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_the_holder")
    assert agent.delete(path).status_code == 204
    assert statuses(clinic) == "f" * 8
    assert events(clinic)[2:] == ["hold.released"] * 2
    assert_not_found(agent.delete(path))
    path = f"/api/v2/holds/{hold(agent, clinic, 0).json()['holdId']}"
    assert manager.delete(path).status_code == 204


def test_who_may_only_read_holds_nothing(clinician: Caller, clinic: Clinic) -> None:
    assert_forbidden(hold(clinician, clinic, 0))
    assert statuses(clinic) == "f" * 8
    assert clinician.get("/api/v2/holds").status_code == 200


def test_another_practices_slot_and_hold(agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    theirs = make_hold(other_clinic.slots[0])
    assert hold(agent, clinic, slotIds=[public("slot", other_clinic.slots[1].id)]).status_code == 403
    answer = agent.delete(f"/api/v2/holds/{public('hold', theirs.id)}")
    assert answer.status_code == 403
    assert agent.get("/api/v2/holds").json()["data"] == []
    assert statuses(other_clinic) == "tfffffff"


class TestRunOut:
    def test_it_counts_as_free_before_anybody_has_noticed(
        self, agent: Caller, colleague: Caller, clinic: Clinic
    ) -> None:
        hold(agent, clinic, 0, 4)
        run_out(clinic)
        assert colleague.get("/api/v2/holds").json()["data"] == []
        assert colleague.book(clinic, slot=1).status_code == 201
        assert statuses(clinic) == "fbbfffff"

    def test_it_can_be_held_by_another(self, agent: Caller, colleague: Caller, clinic: Clinic) -> None:
        hold(agent, clinic, 0, 4)
        run_out(clinic)
        assert hold(colleague, clinic, 0).status_code == 201
        assert agent.book(clinic, slot=0).status_code == 409
        Expiring()(now=datetime.now(UTC))
        assert statuses(clinic) == "ttffffff"

    def test_the_relay_frees_it_and_tells(self, agent: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
        hold(agent, clinic, 0)
        make_hold(other_clinic.slots[0], lasts=timedelta(seconds=-1))
        still = make_hold(other_clinic.slots[4])
        run_out(clinic)
        Expiring()(now=datetime.now(UTC))
        assert (statuses(clinic), statuses(other_clinic)) == ("f" * 8, "fffftfff")
        assert events(clinic) == ["hold.placed", "hold.released"]
        with practice_scope(other_clinic.practice.id):
            assert [row.id for row in Hold.objects.all()] == [still.id]

    def test_what_hours_want_no_more_is_closed(self, agent: Caller, clinic: Clinic) -> None:
        with practice_scope(clinic.practice.id):
            extend_horizon(practitioner=clinic.practitioner, now=datetime.now(UTC))
        hold(agent, clinic, 0)
        with practice_scope(clinic.practice.id):
            replace_hours(practitioner=clinic.practitioner, hours=[], by=clinic.principal, now=datetime.now(UTC))
        run_out(clinic)
        Expiring()(now=datetime.now(UTC))
        assert statuses(clinic) == "u" * 8


def test_a_move_takes_what_its_caller_holds(agent: Caller, clinic: Clinic) -> None:
    identifier = agent.book(clinic, slot=0, version="v2").json()["appointmentId"]
    hold(agent, clinic, 4, 6)
    wanted = {"slotId": public("slot", clinic.slots[4].id)}
    assert agent.post(f"/api/v2/appointments/{identifier}/move", wanted).status_code == 200
    assert statuses(clinic) == "ttffbbff"
    with practice_scope(clinic.practice.id):
        assert [row.kind for row in Hold.objects.all()] == ["undo"]
        assert Appointment.objects.get().slot_id == clinic.slots[4].id


def test_an_unknown_hold(agent: Caller) -> None:
    assert_not_found(agent.delete(f"/api/v2/holds/{public('hold', new_uuid())}"))
