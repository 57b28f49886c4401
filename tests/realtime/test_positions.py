"""Where a clinician is: who may say it, who hears it, and what is refused on the socket."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mybcat.ids import new_uuid
from mybcat.models import SecurityEvent
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from realtime.broadcasting import Broadcasting
from realtime.models import Visit, VisitLocation, VisitPosition
from realtime.visits.links import token_of
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_visit
from tests.realtime.watcher import Watcher, relay


@pytest.fixture
def visit(clinic: Clinic) -> Visit:
    """Under way to a place ten minutes off."""
    return make_visit(clinic, status="under_way", destination_latitude=40.75, destination_longitude=-74.0)


def says(watcher: Watcher, visit: Visit, *, lat: Any = 40.72, lng: Any = -74.0) -> None:
    watcher.say(type="location_update", visitId=public("visit", visit.id), lat=lat, lng=lng)


def guest(port: int, visit: Visit, **options: Any) -> Watcher:
    token = token_of(visit, expires_at=timezone.now() + timedelta(hours=1))
    return Watcher(port, guest=token, **options)


def stored(clinic: Clinic) -> tuple[int, int]:
    with practice_scope(clinic.practice.id):
        return VisitLocation.objects.count(), VisitPosition.objects.count()


def test_who_watches_is_told_where_the_clinician_is(
    port: int, driver: Caller, agent: Caller, clinic: Clinic, visit: Visit
) -> None:
    with Watcher(port, driver) as device, Watcher(port, agent) as desk, guest(port, visit) as patient:
        assert [each.hears()["type"] for each in (device, desk)] == ["hello", "hello"]
        assert patient.hears()["status"] == "under_way"
        desk.say(type="watch", visitId=public("visit", visit.id))
        assert desk.hears()["status"] == "under_way"

        says(device, visit)
        told = [desk.hears(), patient.hears()]

        assert told[0] == told[1]
        assert {**told[0], "at": ""} == {
            "type": "practitioner_location",
            "visitId": public("visit", visit.id),
            "lat": 40.72,
            "lng": -74.0,
            "eta": "10 min",
            "at": "",
        }
        assert re.fullmatch(r"\d+ min", told[0]["eta"])
        assert device.hears_nothing()
    assert stored(clinic) == (1, 1)


def test_who_comes_later_is_told_the_newest_at_once(port: int, agent: Caller, clinic: Clinic, visit: Visit) -> None:
    with practice_scope(clinic.practice.id):
        VisitLocation.objects.create(visit=visit, latitude=40.7, longitude=-74, at=timezone.now())
    with guest(port, visit) as patient, Watcher(port, agent) as desk:
        assert [patient.hears()["type"] for _ in range(2)] == ["visit_status", "practitioner_location"]
        desk.hears()
        desk.say(type="watch", visitId=public("visit", visit.id))
        assert [desk.hears()["type"] for _ in range(2)] == ["visit_status", "practitioner_location"]


@pytest.mark.parametrize(
    ("lat", "lng"),
    [(91, 0), (-90.1, 0), (0, 181), ("51", 0), (None, 0), (True, 0), ([], 0), (10**400, 0)],
)
def test_what_is_not_on_earth(port: int, driver: Caller, clinic: Clinic, visit: Visit, lat: Any, lng: Any) -> None:
    with Watcher(port, driver) as device, guest(port, visit) as patient:
        device.hears()
        patient.hears()
        says(device, visit, lat=lat, lng=lng)
        assert device.hears()["code"] in ("invalid_position", "invalid")
        assert patient.hears_nothing()
    assert stored(clinic) == (0, 0)


def test_numbers_that_are_none(port: int, driver: Caller, clinic: Clinic, visit: Visit) -> None:
    with Watcher(port, driver) as device:
        device.hears()
        for word in ("NaN", "Infinity"):
            text = f'{{"type":"location_update","visitId":"{public("visit", visit.id)}","lat":{word},"lng":0}}'
            device.socket.send(text)
            assert device.hears()["code"] == "invalid"
    assert stored(clinic) == (0, 0)


def test_nobody_speaks_for_another(
    port: int, driver: Caller, agent: Caller, manager: Caller, clinic: Clinic, visit: Visit
) -> None:
    colleague = Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)
    for caller in (agent, manager, colleague):
        with Watcher(port, caller) as device:
            device.hears()
            says(device, visit)
            assert device.hears()["code"] == "forbidden"
    with guest(port, visit) as patient:
        patient.hears()
        says(patient, visit)
        assert patient.hears()["type"] == "error"
        patient.say(type="watch", visitId=public("visit", visit.id))
        assert patient.hears()["type"] == "error"
        patient.say(type="ping")
        assert patient.hears() == {"type": "pong"}
    assert stored(clinic) == (0, 0)


def test_another_practice_neither_speaks_nor_watches(
    port: int, clinic: Clinic, other_clinic: Clinic, visit: Visit
) -> None:
    there = Caller(other_clinic.agent, other_clinic.practice)
    with Watcher(port, there) as watcher:
        watcher.hears()
        says(watcher, visit)
        assert watcher.hears()["code"] == "forbidden"
        watcher.say(type="watch", visitId=public("visit", visit.id))
        assert watcher.hears()["code"] == "forbidden"
        watcher.say(type="watch", visitId=public("visit", new_uuid()))
        assert watcher.hears()["code"] == "not_found"
    assert stored(clinic) == (0, 0)
    # On record, as over HTTP.
    with platform_scope(reason="test"):
        attempts = SecurityEvent.objects.values_list("kind", "practice_id", "other_practice_id", "object_id")
        assert list(attempts) == [("cross_practice_access", other_clinic.practice.id, clinic.practice.id, visit.id)] * 2


@pytest.mark.parametrize("status", ["planned", "done"])
def test_only_while_the_visit_is_open(port: int, driver: Caller, clinic: Clinic, status: str) -> None:
    visit = make_visit(clinic, status=status)
    with Watcher(port, driver) as device:
        device.hears()
        says(device, visit)
        assert device.hears()["code"] == "visit_not_open"
    assert stored(clinic) == (0, 0)


def test_once_a_second(port: int, driver: Caller, clinic: Clinic, visit: Visit) -> None:
    with Watcher(port, driver) as device, guest(port, visit) as patient:
        device.hears()
        patient.hears()
        # One right behind the other: whoever hears of the first may do so more than a second later.
        says(device, visit)
        says(device, visit, lat=40.73)
        assert device.hears()["code"] == "too_often"
        assert patient.hears()["lat"] == 40.72
        assert patient.hears_nothing()
    assert stored(clinic) == (1, 1)


def test_a_position_of_before_changes_nothing(port: int, driver: Caller, clinic: Clinic, visit: Visit) -> None:
    """Another process whose clock is ahead has been told meanwhile."""
    with practice_scope(clinic.practice.id):
        VisitLocation.objects.create(visit=visit, latitude=1, longitude=1, at=timezone.now() + timedelta(seconds=30))
    with Watcher(port, driver) as device:
        device.hears()
        says(device, visit)
        assert device.hears()["code"] == "too_often"
    with practice_scope(clinic.practice.id):
        assert VisitLocation.objects.get().latitude == 1


def test_a_watcher_that_vanished_is_nobodys_trouble(port: int, driver: Caller, clinic: Clinic, visit: Visit) -> None:
    with Watcher(port, driver) as device, guest(port, visit) as stays:
        device.hears()
        stays.hears()
        gone = guest(port, visit)
        gone.hears()
        # As a killed tab: no goodbye.
        gone.socket.socket.close()
        says(device, visit)
        assert stays.hears()["lat"] == 40.72
        assert device.hears_nothing()


def test_the_patient_hears_of_each_step_and_the_end_is_the_end(
    port: int, driver: Caller, clinic: Clinic, visit: Visit, broadcaster: Broadcasting
) -> None:
    with guest(port, visit) as patient:
        assert patient.hears()["status"] == "under_way"
        for status in ("arrived", "done"):
            answer = driver.post(f"/api/v2/visits/{public('visit', visit.id)}/status", {"status": status})
            assert answer.status_code == 200
            relay(broadcaster)
            assert patient.hears()["status"] == status
        assert patient.closed_with() == 1000
    with practice_scope(clinic.practice.id):
        ended = Visit.objects.get()
    with guest(port, ended) as patient:
        assert patient.closed_with() == 4403


def test_who_called_the_appointment_off_is_shown_nothing_more(
    port: int, agent: Caller, driver: Caller, clinic: Clinic, visit: Visit, broadcaster: Broadcasting, client: Client
) -> None:
    path = f"/visit/{token_of(visit, expires_at=timezone.now() + timedelta(hours=1))}"
    assert client.get(f"{path}/state").json()["status"] == "under_way"
    with guest(port, visit) as patient, Watcher(port, driver) as device:
        assert patient.hears()["status"] == "under_way"
        device.hears()
        cancelled = agent.post(
            f"/api/v2/appointments/{public('appt', visit.appointment_id)}/cancel", {"reason": "patient_request"}
        )
        assert cancelled.status_code == 200, cancelled.content
        relay(broadcaster)
        assert patient.closed_with() == 1000
        with guest(port, visit) as again:
            assert again.closed_with() == 4403
    assert [client.get(path).status_code, client.get(f"{path}/state").status_code] == [404, 404]


def test_the_patient_hears_of_nothing_else(
    port: int, clinic: Clinic, agent: Caller, visit: Visit, broadcaster: Broadcasting
) -> None:
    with guest(port, visit) as patient:
        patient.hears()
        agent.book(clinic)
        relay(broadcaster)
        assert patient.hears_nothing(seconds=1)


@pytest.mark.parametrize("origin", ["https://evil.example", None])
def test_a_link_opens_sockets_of_our_own_page_alone(port: int, visit: Visit, origin: str | None) -> None:
    with guest(port, visit, origin=origin) as patient:
        assert patient.closed_with() == 4403


def test_a_link_that_is_made_up(port: int, visit: Visit) -> None:
    token = token_of(visit, expires_at=timezone.now() + timedelta(hours=1))
    for other in (f"{token}x", "x", token_of(visit, expires_at=timezone.now())):
        with Watcher(port, guest=other) as patient:
            assert patient.closed_with() == 4401


def test_a_link_has_so_many_holders(port: int, visit: Visit) -> None:
    watchers = [guest(port, visit) for _ in range(20)]
    try:
        with guest(port, visit) as one_more:
            assert one_more.closed_with() == 4429
    finally:
        for each in watchers:
            each.close()
