"""What a dashboard is told of changes: each once, in order, without a patient's data, and nobody else's."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.expiring import Expiring
from appointments.models import Hold
from mybcat.models import EventSequence
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Practitioner
from realtime.broadcasting import Broadcasting
from tests.callers import Caller, public
from tests.factories import Clinic, make_change, make_slots
from tests.mybcat.processes import Valkey, live, valkey
from tests.realtime.watcher import ORIGIN, Watcher, relay


def change(clinic: Clinic, count: int = 1) -> None:
    for _ in range(count):
        make_change(clinic)


def test_a_booking_is_told_within_a_second_and_without_the_patient(
    port: int, agent: Caller, manager: Caller, clinic: Clinic, broadcaster: Broadcasting
) -> None:
    with Watcher(port, manager) as watcher:
        watcher.hears()
        booked = agent.book(clinic).json()
        relay(broadcaster)
        frame = watcher.hears()

    assert frame == {
        "stream": "calendar",
        "seq": 1,
        "type": "appointment.booked",
        "id": booked["appointmentId"],
        # New York's day, of slots that begin at 09:00 there.
        "date": booked["date"],
        "practitionerId": public("pract", clinic.practitioner.id),
    }
    text = json.dumps(frame)
    assert all(told not in text for told in (clinic.patient.first_name, clinic.patient.last_name, clinic.patient.phone))


def test_other_hours_are_told_as_the_practitioner_s_whole_calendar(
    port: int, agent: Caller, manager: Caller, clinic: Clinic, broadcaster: Broadcasting
) -> None:
    who = public("pract", clinic.practitioner.id)
    with Watcher(port, agent) as watcher:
        watcher.hears()
        hours = {"practitionerId": who, "locationId": public("loc", clinic.location.id), "weekday": "monday"}
        answer = manager.post("/api/v2/working-hours", {**hours, "starts": "09:00", "ends": "10:00"})
        assert answer.status_code == 201, answer.content
        relay(broadcaster)
        frame = watcher.hears()
    assert {**frame, "seq": 0} == {
        "stream": "calendar",
        "seq": 0,
        "type": "schedule.updated",
        "id": who,
        "date": None,
        "practitionerId": who,
    }
    assert agent.get("/api/v2/changes", after=0).json()["data"] == [frame]


def test_colleagues_hear_of_holds_and_of_their_end(
    port: int, agent: Caller, manager: Caller, clinic: Clinic, broadcaster: Broadcasting
) -> None:
    with Watcher(port, manager) as watcher:
        watcher.hears()
        wanted = {"slotIds": [public("slot", clinic.slots[0].id)], "type": clinic.exam.code}
        held = agent.post("/api/v2/holds", wanted).json()
        relay(broadcaster)
        placed = watcher.hears()
        shown = manager.get("/api/v2/holds", practitioner=placed["practitionerId"]).json()["data"]
        with practice_scope(clinic.practice.id):
            Hold.objects.update(expires_at=timezone.now())
        Expiring()(now=timezone.now())
        relay(broadcaster)
        released = watcher.hears()

    assert (placed["type"], placed["id"]) == ("hold.placed", held["holdId"])
    assert placed["date"] == clinic.slots[0].starts_at.astimezone(clinic.zone).date().isoformat()
    assert [(each["holder"]["name"], each["expiresAt"]) for each in shown] == [(clinic.agent.name, held["expiresAt"])]
    assert {**placed, "type": "hold.released", "seq": 2} == released


def test_practices_hear_nothing_of_each_other(
    port: int, agent: Caller, other_clinic: Clinic, clinic: Clinic, broadcaster: Broadcasting
) -> None:
    with Watcher(port, agent) as ours, Watcher(port, Caller(other_clinic.agent, other_clinic.practice)) as theirs:
        assert (ours.hears()["seq"], theirs.hears()["seq"]) == (0, 0)
        change(other_clinic)
        relay(broadcaster)
        assert theirs.hears()["seq"] == 1
        assert ours.hears_nothing(seconds=1)


def test_subscribing_to_another_practice_is_refused(
    port: int, agent: Caller, other_clinic: Clinic, broadcaster: Broadcasting
) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        watcher.say(type="subscribe", stream="calendar", practice=public("prac", other_clinic.practice.id))
        assert watcher.hears()["type"] == "error"
        change(other_clinic)
        relay(broadcaster)
        assert watcher.hears_nothing(seconds=1)


def test_what_the_layer_loses_is_read_from_postgresql(port: int, agent: Caller, clinic: Clinic) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        change(clinic, 3)
        relay()
        assert [watcher.hears()["seq"] for _ in range(3)] == [1, 2, 3]


def test_what_was_lost_before_is_told_before(
    port: int, agent: Caller, clinic: Clinic, broadcaster: Broadcasting
) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        change(clinic)
        relay()
        change(clinic)
        relay(broadcaster)
        assert [watcher.hears()["seq"] for _ in range(2)] == [1, 2]
        # Neither of them twice.
        assert watcher.hears_nothing(seconds=1)


def test_after_very_many_changes_everything_is_fetched_again(port: int, agent: Caller, clinic: Clinic) -> None:
    with Watcher(port, agent) as watcher:
        watcher.hears()
        with platform_scope(reason="test"):
            EventSequence.objects.create(practice_id=clinic.practice.id, last=5000)
        assert watcher.hears() == {"stream": "calendar", "type": "resync", "seq": 5000}


def test_missed_changes_are_asked_for(agent: Caller, clinic: Clinic) -> None:
    booked = agent.book(clinic).json()
    change(clinic, 2)
    relay()

    everything = agent.get("/api/v2/changes", after=0).json()
    rest = agent.get("/api/v2/changes", after=2).json()

    assert [each["seq"] for each in everything["data"]] == [1, 2, 3]
    assert everything["data"][0]["id"] == booked["appointmentId"]
    assert (everything["seq"], everything["hasMore"], everything["resync"]) == (3, False, False)
    assert [each["seq"] for each in rest["data"]] == [3]
    assert agent.get("/api/v2/changes", after=3).json() == {"data": [], "seq": 3, "hasMore": False, "resync": False}


def test_a_move_names_the_day_and_the_practitioner_left_behind(agent: Caller, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        other = Practitioner.objects.create(name="Dr Marcus Grant")
    start = clinic.slots[0].starts_at + timedelta(days=3)
    there = make_slots(practitioner=other, location=clinic.location, start=start, count=2)
    booked = agent.book(clinic).json()
    address = f"/api/v2/appointments/{booked['appointmentId']}/move"
    assert agent.post(address, {"slotId": public("slot", there[0].id)}).status_code == 200
    relay()

    first, moved = agent.get("/api/v2/changes", after=0).json()["data"]

    day = clinic.slots[0].starts_at.astimezone(clinic.zone).date()
    assert "previousDate" not in first
    assert (moved["type"], moved["id"], moved["practitionerId"], moved["date"]) == (
        "appointment.moved",
        booked["appointmentId"],
        public("pract", other.id),
        (day + timedelta(days=3)).isoformat(),
    )
    assert (moved["previousDate"], moved["previousPractitionerId"]) == (
        day.isoformat(),
        public("pract", clinic.practitioner.id),
    )


@pytest.mark.parametrize("after", ["", "-1", "x", str(2**63)])
def test_only_a_number_can_be_behind(agent: Caller, after: str) -> None:
    assert agent.get("/api/v2/changes", after=after).status_code == 400


def test_a_number_of_the_future_means_to_fetch_everything(agent: Caller) -> None:
    assert agent.get("/api/v2/changes", after=7).json() == {"data": [], "seq": 0, "hasMore": False, "resync": True}


@pytest.fixture
def broker() -> Iterator[Valkey]:
    with valkey() as found:
        yield found


def test_the_layer_goes_and_comes_back(agent: Caller, clinic: Clinic, broker: Valkey) -> None:
    """Changes arrive all the while; nobody has to connect again."""
    with live(TRUSTED_ORIGINS=ORIGIN, LIVE_REDIS_URLS=broker.url) as running, Watcher(running.port, agent) as watcher:
        watcher.hears()
        broker.process.kill()
        broker.process.wait()
        change(clinic)
        relay()
        assert watcher.hears()["seq"] == 1


def test_the_end_of_the_process_is_told(agent: Caller) -> None:
    with live(TRUSTED_ORIGINS=ORIGIN) as running, Watcher(running.port, agent) as watcher:
        watcher.hears()
        running.process.terminate()
        assert watcher.closed_with() == 1012


def test_a_process_that_was_killed_takes_nothing_with_it(agent: Caller, clinic: Clinic) -> None:
    with live(TRUSTED_ORIGINS=ORIGIN) as first, Watcher(first.port, agent) as watcher:
        seen = watcher.hears()["seq"]
        first.process.kill()
    change(clinic, 2)
    relay()
    with live(TRUSTED_ORIGINS=ORIGIN) as second, Watcher(second.port, agent) as watcher:
        assert watcher.hears()["seq"] == 2
    assert [each["seq"] for each in agent.get("/api/v2/changes", after=seen).json()["data"]] == [1, 2]


def test_what_is_gone_for_good_means_to_fetch_everything(port: int, agent: Caller, clinic: Clinic) -> None:
    with platform_scope(reason="test"):
        # As if the first three had been thrown away, and the fourth came while nobody listened.
        EventSequence.objects.create(practice_id=clinic.practice.id, last=3)
    with Watcher(port, agent) as watcher:
        assert watcher.hears()["seq"] == 3
        change(clinic)
        with platform_scope(reason="test"):
            EventSequence.objects.update(last=4)
        relay()
        assert watcher.hears() == {"stream": "calendar", "type": "resync", "seq": 5}
    answer = agent.get("/api/v2/changes", after=2).json()
    assert (answer["data"], answer["seq"], answer["resync"]) == ([], 5, True)
