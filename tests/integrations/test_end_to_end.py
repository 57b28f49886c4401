"""From a committed booking to a sent text, through the product's own processes, with what breaks between."""

import os
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from integrations.models import Message
from mybcat.models import Event
from mybcat.tenancy import platform_scope
from tests.factories import Clinic, by_day
from tests.integrations.booked import booked
from tests.mybcat.engine import all_events, patient_updated
from tests.mybcat.processes import Cable, Running, relay, valkey, wait_for, worker

pytestmark = pytest.mark.processes


def book(clinic: Clinic, *, hours: int = 24) -> Event:
    """A visit to come, by the clock that the processes go by."""
    by_day(clinic)
    return booked(clinic, starts_at=datetime.now(UTC) + timedelta(hours=hours))[1]


def texts() -> list[str]:
    with platform_scope(reason="test"):
        return list(Message.objects.values_list("status", flat=True))


def relayed() -> int:
    return sum(event.seq is not None for event in all_events())


def assert_names_no_one(clinic: Clinic, *processes: Running) -> None:
    for process in processes:
        for secret in ("Ada", "Okafor", "1984-03-09", clinic.patient.phone, "Reply STOP"):
            assert secret not in process.output


def test_a_booking_becomes_a_text_and_both_processes_end_when_told(clinic: Clinic, other_clinic: Clinic) -> None:
    with valkey() as broker, relay(REDIS_URL=broker.url) as relaying:
        with worker(queue="notifications", REDIS_URL=broker.url) as working:
            event = book(clinic)
            book(other_clinic)
            wait_for(lambda: texts() == ["sent", "sent"], what="two texts")
            assert event.correlation_id in working.output
            assert_names_no_one(clinic, relaying, working)
            assert working.stop() == 0
        assert relaying.stop() == 0


def test_a_hung_broker_stops_no_event_and_its_nudges_are_made_good(clinic: Clinic) -> None:
    with (
        valkey() as broker,
        relay(REDIS_URL=broker.url) as relaying,
        worker(queue="notifications", REDIS_URL=broker.url),
    ):
        book(clinic)
        wait_for(lambda: texts() == ["sent"], what="the first text")
        broker.hang()
        for hours in (30, 40):
            book(clinic, hours=hours)
        wait_for(lambda: relayed() == 3, what="all events")
        wait_for(lambda: "Broker is away" in relaying.output, what="the relay's complaint")
        broker.go_on()
        wait_for(lambda: texts() == ["sent"] * 3, what="the other texts")
        assert relaying.output.count("Broker is away") == 1


def test_a_relay_outlives_a_restart_of_postgresql(clinic: Clinic) -> None:
    parts = urlsplit(os.environ["DATABASE_URL"])
    cable = Cable(host=parts.hostname or "", port=parts.port or 5432)
    url = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{cable.port}")).geturl()
    with valkey() as broker, relay(REDIS_URL=broker.url, DATABASE_URL=url) as relaying:
        patient_updated(clinic)
        wait_for(lambda: relayed() == 1, what="the first event")
        cable.cut()
        wait_for(lambda: "cannot use PostgreSQL" in relaying.output, what="the relay's complaint")
        patient_updated(clinic)
        cable.plug_in()
        wait_for(lambda: relayed() == 2, what="the second event")
        assert relaying.output.count("cannot use PostgreSQL") == 1
        assert relaying.stop() == 0
    cable.close()


def test_two_relays_share_the_work(clinic: Clinic) -> None:
    with valkey() as broker, relay(REDIS_URL=broker.url) as one, relay(REDIS_URL=broker.url) as two:
        for _ in range(40):
            patient_updated(clinic)
        wait_for(lambda: relayed() == 40, what="all events")
        assert [event.seq for event in all_events()] == list(range(1, 41))
        assert [one.stop(), two.stop()] == [0, 0]
