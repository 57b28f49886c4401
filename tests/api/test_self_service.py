"""Programs book neither too soon nor too far ahead, where the practice says so; members whenever there is time."""

from datetime import datetime
from typing import Any

import pytest

from mybcat.tenancy import practice_scope
from practices.models import Practice
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.callers import Caller, Partner, public
from tests.factories import Clinic, make_api_client

pytestmark = pytest.mark.usefixtures("april")
SOON = {"self_service_lead_hours": 24}
NEAR = {"self_service_horizon_days": 1}
TOO_SOON = "The practice takes such bookings only further ahead: it has to be called for this time"
TOO_FAR = "The practice does not take such bookings so far ahead: it has to be called for this time"
REFUSALS = [(SOON, "too_soon", TOO_SOON), (NEAR, "too_far_ahead", TOO_FAR)]


@pytest.fixture
def partner(clinic: Clinic) -> Partner:
    """It is 10:00; tomorrow's slots begin at 9:00, so that the first four are less than a day ahead."""
    client, secret = make_api_client(practice=clinic.practice)
    return Partner(public("appc", client.id), str(secret))


def rule(clinic: Clinic, **fields: Any) -> None:
    with practice_scope(clinic.practice.id):
        Practice.objects.update(**fields)


def clocks(clinic: Clinic, caller: Caller, path: str = "/api/v2/slots/next", **query: Any) -> list[str]:
    answer = caller.get(path, type=clinic.exam.code, **query)
    assert answer.status_code == 200, answer.content
    return [f"{datetime.fromisoformat(row['start']).astimezone(clinic.zone):%H:%M}" for row in answer.json()["data"]]


@pytest.mark.parametrize("urgency", [{}, {"urgency": "routine"}])
def test_programs_are_offered_what_they_may_book(
    agent: Caller, partner: Partner, clinic: Clinic, urgency: dict[str, str]
) -> None:
    day = {"from": "2026-04-25", "to": "2026-04-25"}
    rule(clinic, **SOON)
    assert clocks(clinic, agent, **urgency)[0] == "09:00"
    assert clocks(clinic, partner, **urgency) == ["10:00", "10:15", "10:30"]
    assert clocks(clinic, partner, "/api/v2/slots", **day) == ["10:00", "10:15", "10:30"]
    rule(clinic, **{**NEAR, "self_service_lead_hours": None})
    assert clocks(clinic, partner, **urgency) == []
    assert clocks(clinic, partner, "/api/v2/slots", **day) == []
    rule(clinic, self_service_horizon_days=2)
    assert len(clocks(clinic, partner, **urgency)) == len(clocks(clinic, agent, **urgency)) == 5


@pytest.mark.parametrize(("fields", "code", "sentence"), REFUSALS)
def test_a_program_is_refused_and_nothing_is_left(
    agent: Caller, partner: Partner, clinic: Clinic, fields: dict[str, int], code: str, sentence: str
) -> None:
    rule(clinic, **fields)
    # Its key alone, so that the same request is refused the same way.
    with changes(mybcat_idempotencykey=1):
        refused = partner.book(clinic, version="v2")
    assert_refused(refused, status=409, code=code, sentence=sentence)
    # The clinic has slots without hours.
    assert [blocker["code"] for blocker in refused.json()["blockers"]] == [code, "not_in"]
    nearest = [row["start"] for row in refused.json()["nearest"]]
    assert [start[11:16] for start in nearest] == (["14:00", "14:15"] if code == "too_soon" else [])
    hold = {"slotIds": [public("slot", clinic.slots[0].id)], "type": clinic.exam.code}
    with changes():
        assert partner.post("/api/v2/holds", hold).json()["code"] in (code, "insufficient_scope")
    assert agent.book(clinic).status_code == 201


@pytest.mark.parametrize(("fields", "code", "sentence"), REFUSALS)
def test_nor_moves_it_there(
    agent: Caller, partner: Partner, clinic: Clinic, fields: dict[str, int], code: str, sentence: str
) -> None:
    booked = agent.book(clinic, slot=5).json()["appointmentId"]
    rule(clinic, **fields)
    there = {"slotId": public("slot", clinic.slots[0].id)}
    with changes():
        refused = partner.post(f"/api/v2/appointments/{booked}/move", there)
    assert_refused(refused, status=409, code=code, sentence=sentence)
    assert agent.post(f"/api/v2/appointments/{booked}/move", there).status_code == 200


def test_what_was_booked_before_the_rule_is_told_again(partner: Partner, clinic: Clinic) -> None:
    first = partner.book(clinic, key="one")
    assert first.status_code == 201
    rule(clinic, **SOON)
    assert partner.book(clinic, key="one").json() == first.json()


def test_to_the_minute(partner: Partner, clinic: Clinic) -> None:
    rule(clinic, **SOON)
    assert partner.book(clinic, slot=3).status_code == 409
    assert partner.book(clinic, slot=4).status_code == 201
