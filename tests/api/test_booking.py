"""An agent books: contracts.md, section 10."""

import re
from typing import Any

import pytest

from appointments.models import Appointment, Slot
from mybcat.models import AuditEntry, Event, IdempotencyKey
from mybcat.tenancy import practice_scope
from tests.callers import Caller, public
from tests.factories import Clinic, make_patient, make_slots, make_type, tomorrow_at


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice)


def left_behind(clinic: Clinic) -> dict[str, int]:
    """What a booking writes, counted."""
    with practice_scope(clinic.practice.id):
        return {
            "appointments": Appointment.objects.count(),
            "busy": Slot.objects.filter(status="busy").count(),
            "events": Event.objects.count(),
            "booking audit rows": AuditEntry.objects.filter(action="appointment.booked").count(),
        }


NOTHING = {"appointments": 0, "busy": 0, "events": 0, "booking audit rows": 0}
ONE = {"appointments": 1, "busy": 2, "events": 1, "booking audit rows": 1}


def test_v1_answers_the_article_member_for_member(agent: Caller, clinic: Clinic) -> None:
    answer = agent.book(clinic)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert re.fullmatch(r"appt_[0-9a-z]{26}", body.pop("appointmentId"))
    day = clinic.slots[0].starts_at.astimezone(clinic.zone).date().isoformat()
    assert body == {"status": "confirmed", "date": day, "time": "09:00", "type": "comprehensive_exam"}
    assert left_behind(clinic) == ONE
