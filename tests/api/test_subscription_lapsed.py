"""A practice that does not pay reads, and does not book."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mybcat import epochs
from mybcat.tenancy import platform_scope
from practices.models import Practice
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic

SENTENCE = "The practice's subscription is not active: appointments can be read, but not booked"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])


def entitle(clinic: Clinic, until: datetime | None) -> None:
    with platform_scope(reason="test"):
        Practice.objects.filter(id=clinic.practice.id).update(entitled_until=until)
    # As the relay does, four times a second.
    epochs.announce()


@both_versions
@pytest.mark.parametrize("until", [None, LONG_AGO])
def test_booking_is_402_and_changes_nothing(agent: Caller, clinic: Clinic, version: str, until: Any) -> None:
    entitle(clinic, until)
    with changes():
        answer = agent.book(clinic, version=version, key="a-key")
    assert_refused(answer, status=402, code="subscription_lapsed", sentence=SENTENCE)


@both_versions
def test_reading_and_cancelling_go_on(agent: Caller, clinic: Clinic, version: str) -> None:
    booked = agent.book(clinic).json()["appointmentId"]
    entitle(clinic, None)
    for path in ("appointments", f"appointments/{booked}", "slots", f"patients/{public('pat', clinic.patient.id)}"):
        assert agent.get(f"/api/{version}/{path}").status_code == 200
    cancelled = agent.post(f"/api/{version}/appointments/{booked}/cancel", {"reason": "patient_request"})
    assert cancelled.status_code == 200


def test_once_paid_the_same_key_books(agent: Caller, clinic: Clinic) -> None:
    """The refusal is not what a retry meets again."""
    entitle(clinic, None)
    assert agent.book(clinic, key="a-key").status_code == 402
    entitle(clinic, datetime.now(UTC) + timedelta(minutes=5))
    assert agent.book(clinic, key="a-key").status_code == 201


def test_a_new_practice_has_a_trial(clinic: Clinic) -> None:
    until = Practice(name="New", time_zone="America/New_York").entitled_until
    assert until is not None
    assert abs(until - datetime.now(UTC) - timedelta(days=14)) < timedelta(minutes=1)
