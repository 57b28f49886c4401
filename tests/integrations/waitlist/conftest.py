"""A practice by day, with a morning of free times in three days."""

from typing import Any

import pytest

from mybcat.tenancy import practice_scope
from practices.models import Practice
from tests.callers import Caller
from tests.factories import Clinic, by_day, make_slots, tomorrow_at
from tests.standins.twilio import TOKEN


@pytest.fixture(autouse=True)
def _answering(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_URL = TOKEN, "https://clinic.example"


@pytest.fixture(autouse=True)
def _by_day(clinic: Clinic) -> None:
    by_day(clinic)
    with practice_scope(clinic.practice.id):
        Practice.objects.update(phone="+12125550100")
    start = tomorrow_at("09:00", time_zone="America/New_York", days=3)
    clinic.slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=8)


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice)
