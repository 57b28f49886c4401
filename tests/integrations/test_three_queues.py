"""After a booking, patient, CRM and analytics are told by three queues, and each fails alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.analytics.models import DailyCount
from integrations.listeners import SUBSCRIPTIONS
from integrations.models import Message
from mybcat.models import Delivery
from mybcat.tenancy import platform_scope
from tests.callers import Caller
from tests.factories import Clinic, by_day, make_crm_connection
from tests.mybcat.processes import relay, valkey, wait_for, worker
from tests.standins.hubspot import HubSpot
from tests.standins.server import hang_up

THREE = ("notifications", "crm", "analytics")


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    vendor = HubSpot()
    with vendor.running():
        yield vendor


def deliveries(listener: str, **wanted: Any) -> int:
    with platform_scope(reason="test"):
        return int(Delivery.objects.filter(listener=listener, **wanted).count())


def texted_and_counted() -> tuple[int, int]:
    with platform_scope(reason="test"):
        return Message.objects.filter(status="sent").count(), sum(DailyCount.objects.values_list("count", flat=True))


def test_each_has_a_queue_of_its_own() -> None:
    queues = [listener.queue for listener in SUBSCRIPTIONS]
    assert set(THREE) <= set(queues)
    assert len(queues) == len(set(queues))


@pytest.mark.processes
def test_with_the_crm_dead_nobody_notices_and_it_catches_up(clinic: Clinic, hubspot: HubSpot) -> None:
    """Through the product's own relay and workers; HubSpot hangs up on everyone, and then comes back."""
    by_day(clinic)
    make_crm_connection(practice=clinic.practice)
    agent = Caller(clinic.agent, clinic.practice)
    hubspot.mood = hang_up
    appointments: list[str] = []
    with valkey() as broker:
        surroundings = {"REDIS_URL": broker.url, "HUBSPOT_API_URL": hubspot.url}
        with (
            relay(**surroundings),
            worker(queue="notifications", **surroundings),
            worker(queue="analytics", **surroundings),
            worker(queue="crm", **surroundings) as selling,
        ):
            for slot in (0, 2, 4):
                answer = agent.book(clinic, slot=slot)
                assert answer.status_code == 201
                appointments.append(answer.json()["appointmentId"])
            wait_for(lambda: texted_and_counted() == (3, 3), what="texts and figures")
            failed = {"status": "pending", "last_error": "hubspot_unreachable"}
            wait_for(lambda: deliveries("crm", **failed) == 3, what="an attempt for each booking")
            assert hubspot.meetings == []
            assert deliveries("crm", status="delivered") == 0

            hubspot.mood = None
            put_forward()
            wait_for(lambda: deliveries("crm", status="delivered") == 3, what="the CRM to catch up")
            assert [each["mybcat_appointment_id"] for each in hubspot.meetings] == appointments
            assert len(hubspot.contacts) == 1
            for secret in ("Ada", "Okafor", "ada@patients", clinic.patient.phone):
                assert secret not in selling.output


def put_forward() -> None:
    """As if the waits of the schedule were over, in the order in which they would be."""
    with platform_scope(reason="test"):
        now = datetime.now(UTC)
        owed = Delivery.objects.filter(listener="crm", status="pending").order_by("event__seq")
        for place, delivery in enumerate(owed):
            moment = now - timedelta(minutes=1) + timedelta(milliseconds=place)
            Delivery.objects.filter(id=delivery.id).update(next_attempt_at=moment)
