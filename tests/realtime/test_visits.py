"""A visit's steps, its link, and how long it is remembered."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, Hold
from mybcat.models import Event
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Language
from practices.models import Membership, Practitioner
from realtime import tasks
from realtime.models import Visit, VisitLocation, VisitPolicy, VisitPosition
from realtime.tasks import forget_trails
from realtime.visits.arrival import Point, eta, metres_between, recent_speed
from realtime.visits.links import token_of
from realtime.visits.words import WORDS
from tests.callers import Caller, public
from tests.factories import Clinic, make_member, make_slots, make_user, make_visit

DESTINATION = {"lat": 40.7128, "lng": -74.006}


def planned(agent: Caller, clinic: Clinic) -> dict[str, Any]:
    appointment = agent.book(clinic).json()["appointmentId"]
    answer = agent.post("/api/v2/visits", {"appointmentId": appointment, "destination": DESTINATION})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def step(caller: Caller, visit: dict[str, Any], status: str) -> Any:
    return caller.post(f"/api/v2/visits/{visit['visitId']}/status", {"status": status})


def types(clinic: Clinic) -> list[str]:
    with practice_scope(clinic.practice.id):
        return list(Event.objects.filter(type__startswith="visit.").order_by("id").values_list("type", flat=True))


def test_a_visit_takes_its_steps_and_each_is_an_event(agent: Caller, driver: Caller, clinic: Clinic) -> None:
    visit = planned(agent, clinic)
    assert (visit["status"], visit["practitionerId"]) == ("planned", public("pract", clinic.practitioner.id))
    # Where the patient lives is told to nobody.
    assert "40.7" not in str(visit)

    for status in ("under_way", "arrived", "done"):
        assert step(driver, visit, status).json()["status"] == status

    assert types(clinic) == ["visit.planned", "visit.started", "visit.arrived", "visit.ended"]
    assert agent.get("/api/v2/visits").json()["data"] == []


@pytest.mark.parametrize("status", ["arrived", "done"])
def test_no_step_is_left_out(agent: Caller, driver: Caller, clinic: Clinic, status: str) -> None:
    visit = planned(agent, clinic)
    answer = step(driver, visit, status)

    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_order")
    assert agent.get(f"/api/v2/visits/{visit['visitId']}").json()["status"] == "planned"
    assert types(clinic) == ["visit.planned"]


def test_nobody_else_takes_its_steps(agent: Caller, driver: Caller, manager: Caller, clinic: Clinic) -> None:
    visit = planned(agent, clinic)
    colleague = Caller(make_member(practice=clinic.practice, role=Role.PRACTITIONER), clinic.practice)

    assert step(agent, visit, "under_way").status_code == 403
    assert step(colleague, visit, "under_way").status_code == 403
    assert types(clinic) == ["visit.planned"]
    # Managers put right what a clinician forgot.
    assert step(manager, visit, "under_way").status_code == 200


def test_who_an_appointment_was_moved_to_makes_the_visit(
    agent: Caller, driver: Caller, manager: Caller, clinic: Clinic
) -> None:
    with practice_scope(clinic.practice.id):
        user = make_user()
        Membership.objects.create(user=user, role=Role.PRACTITIONER)
        other = Practitioner.objects.create(name="Dr Marcus Grant", user=user)
    start = clinic.slots[0].starts_at
    slots = make_slots(practitioner=other, location=clinic.location, start=start, count=2)
    visit = planned(agent, clinic)
    moved = agent.post(f"/api/v2/appointments/{visit['appointmentId']}/move", {"slotId": public("slot", slots[0].id)})
    assert moved.status_code == 200, moved.content

    # Theirs in the list, too.
    (listed,) = agent.get("/api/v2/visits").json()["data"]
    assert listed["practitionerId"] == public("pract", other.id)
    assert agent.get(f"/api/v2/visits/{visit['visitId']}").json() == listed
    assert step(driver, visit, "under_way").status_code == 403
    answer = step(Caller(user, clinic.practice), visit, "under_way")

    assert (answer.status_code, answer.json()["practitionerId"]) == (200, public("pract", other.id))
    assert types(clinic) == ["visit.planned", "visit.started"]


def test_nobody_sets_out_for_an_appointment_that_was_cancelled(agent: Caller, driver: Caller, clinic: Clinic) -> None:
    visit = planned(agent, clinic)
    agent.post(f"/api/v2/appointments/{visit['appointmentId']}/cancel", {"reason": "patient_unwell"})

    answer = step(driver, visit, "under_way")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_visitable")
    assert types(clinic) == ["visit.planned"]


def listed_ids(caller: Caller) -> list[str]:
    return [each["visitId"] for each in caller.get("/api/v2/visits").json()["data"]]


def test_a_cancelled_appointments_visit_is_to_come_no_more_until_that_is_undone(agent: Caller, clinic: Clinic) -> None:
    visit = planned(agent, clinic)
    path = f"/api/v2/appointments/{visit['appointmentId']}"
    assert listed_ids(agent) == [visit["visitId"]]

    assert agent.post(f"{path}/cancel", {"reason": "patient_request"}).status_code == 200
    assert listed_ids(agent) == []
    with practice_scope(clinic.practice.id):
        # The ten seconds may be over before a busy machine comes to the end of this test.
        Hold.objects.filter(kind=Hold.Kind.UNDO).update(expires_at=timezone.now() + timedelta(hours=1))
    # It can still be looked up.
    assert agent.get(f"/api/v2/visits/{visit['visitId']}").json()["status"] == "planned"

    assert agent.post(f"{path}/undo", None).status_code == 200
    assert listed_ids(agent) == [visit["visitId"]]


@pytest.mark.parametrize("status", ["fulfilled", "noshow", "entered-in-error"])
def test_nor_is_one_to_which_nobody_can_set_out(agent: Caller, clinic: Clinic, status: str) -> None:
    visit = make_visit(clinic)
    with practice_scope(clinic.practice.id):
        Appointment.objects.filter(id=visit.appointment_id).update(status=status)
    assert listed_ids(agent) == []


@pytest.mark.parametrize("status", ["under_way", "arrived"])
def test_who_is_on_the_way_to_nobody_stays_in_the_list(agent: Caller, clinic: Clinic, status: str) -> None:
    visit = make_visit(clinic, status=status)
    path = f"/api/v2/appointments/{public('appt', visit.appointment_id)}"
    assert agent.post(f"{path}/cancel", {"reason": "patient_request"}).status_code == 200
    assert listed_ids(agent) == [public("visit", visit.id)]


def test_an_appointment_has_one_visit(agent: Caller, clinic: Clinic) -> None:
    visit = planned(agent, clinic)
    again = agent.post("/api/v2/visits", {"appointmentId": visit["appointmentId"]})

    assert (again.status_code, again.json()["code"]) == (409, "visit_exists")
    assert types(clinic) == ["visit.planned"]


def test_a_cancelled_appointment_has_none(agent: Caller, clinic: Clinic) -> None:
    appointment = agent.book(clinic).json()["appointmentId"]
    agent.post(f"/api/v2/appointments/{appointment}/cancel", {"reason": "other"})
    answer = agent.post("/api/v2/visits", {"appointmentId": appointment})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_visitable")
    assert types(clinic) == []


@pytest.mark.parametrize("place", [{"lat": 91, "lng": 0}, {"lat": 0, "lng": -181}, {"lat": 0}, "here", {"lat": "x"}])
def test_a_destination_is_on_earth(agent: Caller, clinic: Clinic, place: Any) -> None:
    appointment = agent.book(clinic).json()["appointmentId"]
    answer = agent.post("/api/v2/visits", {"appointmentId": appointment, "destination": place})

    assert answer.status_code == 400
    assert types(clinic) == []


def test_the_patients_page_needs_the_link_alone(agent: Caller, clinic: Clinic, client: Client) -> None:
    visit = planned(agent, clinic)
    url = agent.post(f"/api/v2/visits/{visit['visitId']}/link", None).json()["url"]
    path = url[url.index("/visit/") :]

    page, state = client.get(path), client.get(f"{path}/state")

    assert (page.status_code, state.status_code) == (200, 200)
    text = page.content.decode()
    assert clinic.patient.first_name not in text and clinic.patient.last_name not in text
    assert "http" not in text.replace("ws://", "").split("<script")[0]
    assert state.json() == {"status": "planned", "position": None, "destination": DESTINATION}
    assert page.headers["Cache-Control"] == state.headers["Cache-Control"] == "no-store"
    assert "connect-src 'self' ws://" in page.headers["Content-Security-Policy"]


def test_the_patients_page_speaks_their_language(clinic: Clinic, client: Client) -> None:
    visit = make_visit(clinic)
    token = token_of(visit, expires_at=timezone.now() + timedelta(hours=1))
    assert '<html lang="en">' in client.get(f"/visit/{token}").content.decode()
    with practice_scope(clinic.practice.id):
        clinic.patient.language = Language.SPANISH
        clinic.patient.save()

    text = client.get(f"/visit/{token}").content.decode()

    assert '<html lang="es">' in text and "Su visita" in text
    told = json.loads(text.split('type="application/json">')[1].split("</script>")[0])
    assert told["words"]["arrived"] == "Su profesional ha llegado."
    assert "Your" not in text and "clinician" not in text
    # Whose a link that is over was, nobody knows.
    over = client.get("/visit/x").content.decode()
    assert all(words["over"] in over for words in WORDS.values())


def test_each_language_has_all_words() -> None:
    english, spanish = WORDS[Language.ENGLISH], WORDS[Language.SPANISH]
    assert english.keys() == spanish.keys() and set(WORDS) == set(Language)
    for name, sentence in english.items():
        assert re.findall(r"{\w+}", sentence) == re.findall(r"{\w+}", spanish[name])


@pytest.mark.parametrize("change", [lambda token: token[:-1] + "x", lambda _: "x", lambda token: token.split(".")[0]])
def test_a_link_that_is_made_up_shows_nothing(clinic: Clinic, client: Client, change: Any) -> None:
    visit = make_visit(clinic)
    token = change(token_of(visit, expires_at=timezone.now() + timedelta(hours=1)))

    assert client.get(f"/visit/{token}").status_code == 404
    assert client.get(f"/visit/{token}/state").status_code == 404


def test_a_link_ends(clinic: Clinic, client: Client) -> None:
    token = token_of(make_visit(clinic), expires_at=timezone.now() - timedelta(seconds=1))

    assert client.get(f"/visit/{token}").status_code == 404
    assert client.get(f"/visit/{token}/state").status_code == 404


def test_a_trail_is_kept_as_long_as_the_practice_says(manager: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    now = timezone.now()
    assert manager.get("/api/v2/visit-policy").json() == {"trailDays": 30}
    assert manager.http.put(
        "/api/v2/visit-policy", {"trailDays": 7}, content_type="application/json", headers=manager.headers
    ).json() == {"trailDays": 7}
    for place in (clinic, other_clinic):
        visit = make_visit(place, status="done")
        with practice_scope(place.practice.id):
            VisitLocation.objects.create(visit=visit, latitude=1, longitude=1, at=now - timedelta(days=8))
            for days in (6, 8, 31):
                VisitPosition.objects.create(visit=visit, latitude=1, longitude=1, at=now - timedelta(days=days))

    forget_trails()

    assert [_left(clinic), _left(other_clinic)] == [(1, 0), (2, 1)]


def test_a_long_trail_is_forgotten_a_batch_at_a_time(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """One statement for all of it would run into its time limit, and then into it again each hour."""
    monkeypatch.setattr(tasks, "BATCH", 2)
    visit = make_visit(clinic, status="done")
    with practice_scope(clinic.practice.id):
        for days in (1, 31, 32, 33, 34, 35):
            at = timezone.now() - timedelta(days=days)
            VisitPosition.objects.create(visit=visit, latitude=1, longitude=1, at=at)

    forget_trails()

    assert _left(clinic) == (1, 0)


@pytest.mark.parametrize(("days", "left"), [(0.5, 1), (2, 0)])
def test_of_a_visit_that_nobody_ended_it_is_forgotten_too_where_its_clinician_was(
    clinic: Clinic, days: float, left: int
) -> None:
    visit = make_visit(clinic, status="under_way")
    with practice_scope(clinic.practice.id):
        VisitPolicy.objects.create(trail_days=0)
        at = timezone.now() - timedelta(days=days)
        VisitLocation.objects.create(visit=visit, latitude=1, longitude=1, at=at)

    forget_trails()

    assert _left(clinic) == (0, left)


def _left(clinic: Clinic) -> tuple[int, int]:
    with practice_scope(clinic.practice.id):
        assert Visit.objects.count() == 1
        return VisitPosition.objects.count(), VisitLocation.objects.count()


def test_distance_and_arrival_are_told_as_people_do() -> None:
    london, paris = Point(51.5074, -0.1278), Point(48.8566, 2.3522)
    assert metres_between(london, paris) == pytest.approx(343_600, rel=0.01)
    assert metres_between(london, london) == 0
    near = Point(51.5164, -0.1278)
    # A kilometre, in a town.
    assert eta(london, near, None) == "3 min"
    assert eta(london, near, 20.0) == "2 min"
    assert eta(london, london, 0.0) == "1 min"
    assert eta(london, paris, 20.0) == "6 h 13 min"
    assert eta(london, None, 20.0) is None


def test_a_jump_of_the_receiver_says_nothing_about_speed() -> None:
    assert recent_speed(10.0, metres=50_000, seconds=4) == 10.0
    assert recent_speed(10.0, metres=50_000, seconds=-4) == 10.0
    assert recent_speed(None, metres=50_000, seconds=4) is None


def after(before: float | None, *, speed: float, seconds: int, every: int) -> float:
    """As of late, where a device that drives so fast reports so often."""
    for _ in range(seconds // every):
        before = recent_speed(before, metres=speed * every, seconds=every)
    assert before is not None
    return before


@pytest.mark.parametrize("every", [1, 4, 45])
def test_a_red_light_is_no_jam_however_often_a_device_reports(every: int) -> None:
    assert 5 < after(10.0, speed=0.0, seconds=45, every=every) < 8
    assert after(10.0, speed=0.0, seconds=450, every=every) < 1
    assert after(10.0, speed=20.0, seconds=450, every=every) == pytest.approx(20.0, abs=0.5)


def test_who_waits_before_setting_out_is_not_slow_for_ever() -> None:
    here, there = Point(51.5074, -0.1278), Point(51.5974, -0.1278)
    standing = recent_speed(None, metres=0, seconds=4)
    assert eta(here, there, None) == "28 min"
    assert eta(here, there, standing) == "29 min"
