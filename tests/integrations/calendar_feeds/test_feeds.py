"""A practitioner's calendar program shows their appointments, as they are, to whoever has its address."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import icalendar
import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment
from mybcat.gateway import rate_limits
from mybcat.gateway.limits import Limit
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden, assert_not_found
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_feed, make_member

PATH = "/api/v2/calendar-feeds"


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def subscribe(manager: Caller, clinic: Clinic) -> Callable[..., dict[str, Any]]:
    """What the manager is told of a new feed."""

    def make(**wish: Any) -> dict[str, Any]:
        answer = manager.post(PATH, {"practitionerId": public("pract", clinic.practitioner.id), **wish})
        assert answer.status_code == 201, answer.content
        told: dict[str, Any] = answer.json()
        return told

    return make


def fetch(client: Client, url: str, **headers: str) -> Any:
    return client.get(urlsplit(url).path, headers=headers)


def events(answer: Any) -> list[Any]:
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def test_it_shows_the_practitioner_s_appointments_and_no_patient(
    client: Client, manager: Caller, clinic: Clinic, other_clinic: Clinic, subscribe: Callable[..., dict[str, Any]]
) -> None:
    booked = manager.book(clinic).json()["appointmentId"]
    Caller(other_clinic.agent, other_clinic.practice).book(other_clinic)
    with changes(integrations_calendarfeed=1, mybcat_auditentry=1):
        feed = subscribe()
    with changes():
        answer = fetch(client, feed["url"])
    (event,) = events(answer)
    first = clinic.slots[0]
    assert str(event["uid"]) == f"{booked}@mybcat"
    assert event["dtstart"].dt == first.starts_at
    assert event["dtstart"].to_ical() == first.starts_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").encode()
    assert event["dtend"].dt == first.starts_at + timedelta(minutes=30)
    assert (str(event["status"]), str(event["summary"])) == ("CONFIRMED", clinic.exam.name)
    assert str(event["location"]) == "Downtown, 1 Main Street"
    text = answer.content.decode()
    assert not [word for word in (clinic.patient.last_name, clinic.patient.phone, "pat_") if word in text]


def test_what_moves_keeps_its_id_and_what_is_cancelled_is_struck_out(
    client: Client, manager: Caller, clinic: Clinic, subscribe: Callable[..., dict[str, Any]]
) -> None:
    url, booked = subscribe()["url"], manager.book(clinic).json()["appointmentId"]
    (first,) = events(fetch(client, url))
    moved = manager.post(f"/api/v2/appointments/{booked}/move", {"slotId": public("slot", clinic.slots[4].id)})
    assert moved.status_code == 200, moved.content
    (second,) = events(fetch(client, url))
    manager.post(f"/api/v2/appointments/{booked}/cancel", {"reason": "patient_request"})
    (third,) = events(fetch(client, url))
    assert first["uid"] == second["uid"] == third["uid"]
    assert second["dtstart"].dt == clinic.slots[4].starts_at
    assert [str(each["status"]) for each in (first, second, third)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert first["sequence"] < second["sequence"] < third["sequence"]


def test_patients_are_named_where_the_practice_says_so_and_each_showing_is_on_record(
    client: Client, manager: Caller, clinic: Clinic, subscribe: Callable[..., dict[str, Any]]
) -> None:
    manager.book(clinic)
    feed = subscribe(showPatients=True)
    with changes(mybcat_auditentry=1):
        (event,) = events(fetch(client, feed["url"]))
    patient = clinic.patient
    assert str(event["summary"]) == f"{clinic.exam.name}: {patient.first_name} {patient.last_name}"
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(action="calendar_feed.read")
    assert (entry.principal_kind, entry.object_ids) == ("platform", [str(patient.id)])


def test_nothing_new_is_304(
    client: Client, manager: Caller, clinic: Clinic, subscribe: Callable[..., dict[str, Any]]
) -> None:
    url = subscribe()["url"]
    answer = fetch(client, url)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = fetch(client, url, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    manager.book(clinic)
    assert fetch(client, url, **{"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_a_month_back_and_half_a_year_ahead(
    client: Client, manager: Caller, clinic: Clinic, subscribe: Callable[..., dict[str, Any]]
) -> None:
    url, now = subscribe()["url"], timezone.now()
    manager.book(clinic)
    for days, shown in ((-31, 0), (-29, 1), (179, 1), (181, 0)):
        at: datetime = now + timedelta(days=days)
        times = {"starts_at": at, "ends_at": at + timedelta(minutes=30)}
        with practice_scope(clinic.practice.id):
            occupied = {"occupied_from": times["starts_at"], "occupied_until": times["ends_at"]}
            Appointment.objects.update(**times, **occupied)
        assert len(events(fetch(client, url))) == shown, days


def test_an_address_that_was_replaced_or_taken_back_shows_nothing(
    client: Client, manager: Caller, subscribe: Callable[..., dict[str, Any]]
) -> None:
    feed = subscribe()
    with changes(integrations_calendarfeed=0, mybcat_auditentry=1):
        newer = manager.post(f"{PATH}/{feed['calendarFeedId']}/rotate", {}).json()
    assert newer["url"] != feed["url"]
    assert_not_found(fetch(client, feed["url"]))
    assert fetch(client, newer["url"]).status_code == 200
    with changes(integrations_calendarfeed=0, mybcat_auditentry=1):
        assert manager.delete(f"{PATH}/{feed['calendarFeedId']}").status_code == 204
    assert_not_found(fetch(client, newer["url"]))
    assert_not_found(manager.delete(f"{PATH}/{feed['calendarFeedId']}"))
    assert manager.get(PATH).json()["data"] == []


@pytest.mark.parametrize("forged", ["x", "a.b.c", ""])
def test_no_address_can_be_made_up(client: Client, subscribe: Callable[..., dict[str, Any]], forged: str) -> None:
    url = subscribe()["url"].removesuffix(".ics")
    with changes():
        assert_not_found(client.get(f"{urlsplit(url).path[:-1]}{forged}.ics"))


def test_addresses_are_told_once_and_never_listed(manager: Caller, subscribe: Callable[..., dict[str, Any]]) -> None:
    feed = subscribe()
    url = feed.pop("url")
    answer = manager.get(PATH)
    assert answer.json()["data"] == [feed]
    assert url not in answer.content.decode()


def test_another_practice_s_practitioner_has_no_feed_here(manager: Caller, other_clinic: Clinic) -> None:
    answer = manager.post(PATH, {"practitionerId": public("pract", other_clinic.practitioner.id)})
    assert answer.status_code == 403


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_only_managers_make_feeds(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    feed = public("feed", make_feed(clinic).id)
    asks = (
        lambda: caller.get(PATH),
        lambda: caller.post(PATH, {"practitionerId": public("pract", clinic.practitioner.id)}),
        lambda: caller.post(f"{PATH}/{feed}/rotate", {}),
        lambda: caller.delete(f"{PATH}/{feed}"),
    )
    for ask in asks:
        with changes(**REFUSED):
            assert_forbidden(ask())


def test_who_asks_too_often_waits(
    client: Client, monkeypatch: pytest.MonkeyPatch, subscribe: Callable[..., dict[str, Any]]
) -> None:
    url = subscribe()["url"]
    one = Limit(name="address", key="a-test-of-feeds", quota=1, seconds=60)
    monkeypatch.setattr(rate_limits, "limits_of_address", lambda _: [one])
    assert fetch(client, url).status_code == 200
    refused = fetch(client, url)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) <= 60
