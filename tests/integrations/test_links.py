"""The patient's link: shows, confirms, moves and cancels without signing in, and is over with the appointment."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.signing import Signer
from django.test import Client
from icalendar import Calendar

from appointments.models import Appointment, Slot
from integrations.listeners import NOTIFICATIONS
from integrations.models import Message, ReminderSettings
from integrations.self_service import links
from integrations.self_service.links import BadLink, link_to, read_link, token_of
from mybcat.gateway import limits
from mybcat.ids import new_uuid, public_id
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Location, Practice, Practitioner
from tests.api.rows import changes
from tests.factories import Clinic, make_slots
from tests.integrations.booked import attempt, booked, claimed

# 10:00 in New York; the clinic's slots begin at 13:00 UTC on the 25th.
NOW = datetime(2026, 4, 24, 14, tzinfo=UTC)
CONFIRMED = {"appointments_appointment": 0, "mybcat_event": 1, "mybcat_auditentry": 1}
CANCELLED = {**CONFIRMED, "appointments_slot": 0}


@pytest.fixture(autouse=True)
def _april(settings: Any) -> Iterator[None]:
    settings.PUBLIC_URL = "https://clinic.example"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def appointment(clinic: Clinic) -> Appointment:
    """At the clinic's first two slots: 9:00."""
    with practice_scope(clinic.practice.id):
        Practice.objects.update(phone="+12125550100")
    made = booked(clinic, starts_at=clinic.slots[0].starts_at)[0]
    with practice_scope(clinic.practice.id):
        Slot.objects.filter(id__in=[slot.id for slot in clinic.slots[:2]]).update(status="busy", appointment=made)
    return made


def path(appointment: Appointment) -> str:
    return f"/a/{token_of(practice_id=appointment.practice_id, appointment_id=appointment.id)}"


def now(appointment: Appointment) -> Appointment:
    with practice_scope(appointment.practice_id):
        found: Appointment = Appointment.objects.get(id=appointment.id)
        return found


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", " ", answer.content.decode(), flags=re.S))


def move_to(client: Client, appointment: Appointment, slot: Slot) -> Any:
    return client.post(path(appointment), {"wish": "move", "slot": public_id("slot", slot.id)})


def test_it_shows_when_and_where_and_nothing_of_person_or_visit(
    client: Client, clinic: Clinic, appointment: Appointment
) -> None:
    with changes():
        answer = client.get(path(appointment))
        assert client.head(path(appointment)).status_code == 200
    assert answer.status_code == 200
    said = text(answer)
    assert "Bright Eyes Optometry Saturday, April 25 9:00 AM EDT Downtown 1 Main Street" in said
    assert "(212) 555-0100" in said
    person, visit = clinic.patient, clinic.exam
    ids = [public_id("appt", appointment.id), public_id("pat", person.id)]
    for secret in (person.first_name, person.last_name, person.phone, visit.name, visit.code, "Alice Lee", *ids):
        assert secret not in answer.content.decode()


@pytest.mark.parametrize(("number", "said"), [("+13125550177", "(312) 555-0177"), ("+9991234567", "+9991234567")])
def test_patients_of_a_place_ring_its_own_number(
    client: Client, clinic: Clinic, appointment: Appointment, number: str, said: str
) -> None:
    """Also where somebody has mistyped it."""
    with practice_scope(clinic.practice.id):
        Location.objects.update(phone=number)
    page = client.get(path(appointment))
    assert page.status_code == 200
    assert f'<a href="tel:{number}">{said}</a>' in page.content.decode()
    assert said in client.get(f"{path(appointment)}/appointment.ics").content.decode().replace("\r\n ", "")


def test_nobody_keeps_it_and_it_goes_to_no_other_site(client: Client, appointment: Appointment) -> None:
    headers = client.get(path(appointment)).headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"], headers["X-Robots-Tag"]) == (
        "no-store",
        "no-referrer",
        "noindex",
    )
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers


def test_the_page_needs_no_script(client: Client, appointment: Appointment) -> None:
    for query in ("", "?times=1", "?cancel=1"):
        page = client.get(path(appointment) + query).content.decode()
        assert "<script" not in page
        assert " on" not in re.sub(r">[^<]*<", "><", page).replace(" one", "")


def test_confirming(client: Client, clinic: Clinic, appointment: Appointment) -> None:
    with changes(**CONFIRMED):
        answer = client.post(path(appointment), {"wish": "confirm"})
    assert (answer.status_code, answer.headers["Location"]) == (303, path(appointment))
    assert now(appointment).confirmed_at == NOW
    shown = client.get(path(appointment))
    assert "You have confirmed that you will come." in text(shown)
    assert "I will come" not in text(shown)
    with practice_scope(clinic.practice.id):
        event = Event.objects.get(type="appointment.confirmed")
        entry = AuditEntry.objects.get(action="appointment.confirmed")
    assert (event.principal_kind, event.principal_id) == ("link", clinic.patient.id)
    assert (entry.principal_kind, entry.principal_id) == ("link", clinic.patient.id)
    with changes():
        assert client.post(path(appointment), {"wish": "confirm"}).status_code == 303


def test_cancelling_is_told_by_text_as_well(client: Client, clinic: Clinic, appointment: Appointment) -> None:
    with changes(**CANCELLED):
        assert client.post(path(appointment), {"wish": "cancel"}).status_code == 303
    row = now(appointment)
    assert (row.status, row.cancellation_reason, row.cancelled_by) == (
        "cancelled",
        "patient_request",
        clinic.patient.id,
    )
    shown = client.get(path(appointment))
    assert "This appointment is cancelled." in text(shown)
    assert "<form" not in shown.content.decode()
    with practice_scope(clinic.practice.id):
        event = Event.objects.get(type="appointment.cancelled")
    attempt(delivery=claimed(event, NOTIFICATIONS), listener=NOTIFICATIONS, now=NOW)
    with practice_scope(clinic.practice.id):
        assert Message.objects.get().status == "sent"
    with changes():
        assert client.post(path(appointment), {"wish": "cancel"}).status_code == 409


def test_moving_to_an_offered_time(client: Client, clinic: Clinic, appointment: Appointment) -> None:
    with changes():
        offered = client.get(path(appointment) + "?times=1").content.decode()
    found = re.findall(r'value="(slot_\w+)"', offered)
    assert public_id("slot", clinic.slots[4].id) in found
    assert public_id("slot", clinic.slots[0].id) not in found
    answer = move_to(client, appointment, clinic.slots[4])
    assert answer.status_code == 303
    row = now(appointment)
    assert (row.slot_id, row.starts_at) == (clinic.slots[4].id, clinic.slots[4].starts_at)
    assert "Saturday, April 25 10:00 AM EDT" in text(client.get(path(appointment)))
    with practice_scope(clinic.practice.id):
        assert Event.objects.get(type="appointment.moved").principal_kind == "link"


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [({}, [2, 3, 4, 5, 6]), ({"self_service_lead_hours": 24}, [4, 5, 6]), ({"self_service_horizon_days": 1}, [])],
)
def test_no_time_is_offered_that_the_practice_does_not_give_away_by_itself(
    client: Client, clinic: Clinic, appointment: Appointment, rule: dict[str, int], numbers: list[int]
) -> None:
    """It is ten in the morning of the day before the slots, which begin at nine."""
    with practice_scope(clinic.practice.id):
        Practice.objects.update(**rule)
    offered = re.findall(r'value="(slot_\w+)"', client.get(path(appointment) + "?times=1").content.decode())
    assert offered == [public_id("slot", clinic.slots[number].id) for number in numbers]
    if 2 not in numbers:
        with changes():
            assert move_to(client, appointment, clinic.slots[2]).status_code == 409


def test_a_time_that_is_gone_changes_nothing(client: Client, clinic: Clinic, appointment: Appointment) -> None:
    with practice_scope(clinic.practice.id):
        Slot.objects.filter(id=clinic.slots[4].id).update(status="busy-unavailable")
    with changes():
        answer = move_to(client, appointment, clinic.slots[4])
    assert answer.status_code == 409
    assert "Nothing was changed now." in text(answer)


def test_only_what_is_offered_can_be_had(
    client: Client, clinic: Clinic, other_clinic: Clinic, appointment: Appointment
) -> None:
    with practice_scope(clinic.practice.id):
        colleague = Practitioner.objects.create(name="Dr Bob Ray")
    start = clinic.slots[-1].ends_at
    theirs = make_slots(practitioner=colleague, location=clinic.location, start=start, count=2)
    soon = make_slots(
        practitioner=clinic.practitioner, location=clinic.location, start=NOW + timedelta(minutes=60), count=2
    )
    for slot in (theirs[0], soon[0], other_clinic.slots[4]):
        with changes():
            assert move_to(client, appointment, slot).status_code == 409
    for body in ({"wish": "move"}, {"wish": "move", "slot": "x"}, {"wish": "explode"}, {},
                 {"wish": "move", "slot": public_id("pat", clinic.patient.id)}):  # fmt: skip
        with changes():
            assert client.post(path(appointment), body).status_code == 400


@pytest.mark.parametrize("wish", ["cancel", "move"])
def test_behind_the_cutoff_patients_call(client: Client, clinic: Clinic, appointment: Appointment, wish: str) -> None:
    with practice_scope(clinic.practice.id):
        ReminderSettings.objects.create(cutoff_minutes=24 * 60, swept_until=NOW)
    for query in ("?times=1", "?cancel=1"):
        shown = client.get(path(appointment) + query).content.decode()
        assert 'value="cancel"' not in shown
        assert "slot_" not in shown
        assert 'value="confirm"' in shown
    with changes():
        answer = client.post(path(appointment), {"wish": wish, "slot": public_id("slot", clinic.slots[4].id)})
    assert answer.status_code == 409
    assert "Please call the practice." in text(answer)
    assert client.post(path(appointment), {"wish": "confirm"}).status_code == 303


def test_who_may_not_book_may_not_move(client: Client, clinic: Clinic, appointment: Appointment) -> None:
    with practice_scope(clinic.practice.id):
        Practice.objects.update(entitled_until=NOW)
    with changes():
        assert move_to(client, appointment, clinic.slots[4]).status_code == 409
    assert client.post(path(appointment), {"wish": "cancel"}).status_code == 303


def test_it_is_over_with_the_appointment_and_follows_a_move(client: Client, appointment: Appointment) -> None:
    with time_machine.travel(appointment.ends_at - timedelta(seconds=1), tick=False):
        running = client.get(path(appointment))
        assert running.status_code == 200
        assert "<form" not in running.content.decode()
        with changes():
            assert client.post(path(appointment), {"wish": "confirm"}).status_code == 409
    with time_machine.travel(appointment.ends_at, tick=False):
        with changes():
            assert [client.get(path(appointment)).status_code for _ in range(2)] == [404, 404]
            assert client.post(path(appointment), {"wish": "cancel"}).status_code == 404
        later = appointment.ends_at + timedelta(days=1)
        with practice_scope(appointment.practice_id):
            Appointment.objects.filter(id=appointment.id).update(
                starts_at=later, ends_at=later + timedelta(minutes=30), occupied_from=later,
                occupied_until=later + timedelta(minutes=30),
            )  # fmt: skip
        assert client.get(path(appointment)).status_code == 200


def test_what_never_was_has_no_page(client: Client, appointment: Appointment) -> None:
    with practice_scope(appointment.practice_id):
        Appointment.objects.update(status="entered-in-error")
    assert client.get(path(appointment)).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: ("A" if token[0] != "A" else "B") + token[1:],
        lambda token: token.split(".")[0],
        lambda token: "x",
        lambda token: "." + token,
    ],
    ids=["signature", "ids", "unsigned", "nothing", "dot"],
)
def test_a_link_that_is_not_ours_opens_nothing(client: Client, appointment: Appointment, change: Any) -> None:
    with changes():
        answer = client.get("/a/" + change(path(appointment).removeprefix("/a/")))
    assert answer.status_code == 404
    assert "Este enlace ya no es válido." in text(answer)


def test_another_practices_appointment_is_not_reached(
    client: Client, other_clinic: Clinic, appointment: Appointment
) -> None:
    mixed = token_of(practice_id=other_clinic.practice.id, appointment_id=appointment.id)
    assert client.get(f"/a/{mixed}").status_code == 404


def test_a_link_for_another_purpose_is_none(appointment: Appointment, monkeypatch: pytest.MonkeyPatch) -> None:
    token = path(appointment).removeprefix("/a/")
    assert read_link(token).appointment_id == appointment.id
    monkeypatch.setattr(links, "_signer", lambda: Signer(salt="visit", sep="."))
    with pytest.raises(BadLink):
        read_link(token)


def test_the_patients_language(client: Client, clinic: Clinic, appointment: Appointment) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(language="es")
    page = client.get(path(appointment))
    assert '<html lang="es">' in page.content.decode()
    assert "sábado 25 de abril 9:00 AM EDT" in text(page)
    assert "Acudiré" in text(page)


def test_too_many_requests_of_one_address_wait(
    client: Client, appointment: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_ADDRESS", 0)
    with changes():
        assert client.post(path(appointment), {"wish": "cancel"}).status_code == 429


def test_links_are_short_and_hold_no_id_in_the_clear(appointment: Appointment) -> None:
    link = link_to(practice_id=appointment.practice_id, appointment_id=appointment.id)
    assert re.fullmatch(r"https://clinic\.example/a/[A-Za-z0-9_.-]{87}", link)
    assert str(appointment.id) not in link
    assert read_link(link.rsplit("/", 1)[1]).practice_id == appointment.practice_id
    assert token_of(practice_id=new_uuid(), appointment_id=appointment.id) not in link


class TestTheCalendarFile:
    def test_it_tells_when_and_where_and_nothing_of_person_or_visit(
        self, client: Client, clinic: Clinic, appointment: Appointment
    ) -> None:
        assert (
            f'href="{path(appointment).removeprefix("/a/")}/appointment.ics"'
            in client.get(path(appointment)).content.decode()
        )
        with changes():
            answer = client.get(f"{path(appointment)}/appointment.ics")
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        assert answer["Cache-Control"] == "no-store"
        (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
        assert event.decoded("dtstart") == clinic.slots[0].starts_at
        assert event.decoded("dtend") == appointment.ends_at
        assert event["status"] == "CONFIRMED"
        assert event["summary"] == "Your appointment: Bright Eyes Optometry"
        assert event["location"] == "Downtown, 1 Main Street"
        assert event["url"] == f"https://clinic.example{path(appointment)}"
        person, visit = clinic.patient, clinic.exam
        for private in (person.first_name, person.last_name, person.phone, visit.name, clinic.practitioner.name):
            assert private not in answer.content.decode()

    def test_saved_again_after_a_move_it_takes_the_place_of_the_first(
        self, client: Client, clinic: Clinic, appointment: Appointment
    ) -> None:
        first = event_of(client, appointment)
        with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
            assert move_to(client, appointment, clinic.slots[4]).status_code == 303
            moved = event_of(client, appointment)
        assert moved["uid"] == first["uid"]
        assert moved["sequence"] > first["sequence"]
        assert moved.decoded("dtstart") == clinic.slots[4].starts_at

    def test_a_cancelled_one_is_struck_out(self, client: Client, appointment: Appointment) -> None:
        assert client.post(path(appointment), {"wish": "cancel"}).status_code == 303
        assert event_of(client, appointment)["status"] == "CANCELLED"
        # Not offered any more.
        assert "appointment.ics" not in client.get(path(appointment)).content.decode()

    @pytest.mark.parametrize("token", ["x", "made.up"])
    def test_a_link_that_is_none_is_not_found(self, client: Client, token: str) -> None:
        assert client.get(f"/a/{token}/appointment.ics").status_code == 404

    def test_it_is_over_with_the_appointment(self, client: Client, appointment: Appointment) -> None:
        with time_machine.travel(appointment.ends_at + timedelta(seconds=1), tick=False):
            assert client.get(f"{path(appointment)}/appointment.ics").status_code == 404


def event_of(client: Client, appointment: Appointment) -> Any:
    (event,) = Calendar.from_ical(client.get(f"{path(appointment)}/appointment.ics").content).walk("VEVENT")
    return event
