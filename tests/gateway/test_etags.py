"""ETags: 304 for what the caller has, for what has changed a new answer, and never another practice's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Slot
from mybcat.gateway import conditional
from mybcat.models import AuditEntry
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import AppointmentType, Location, Practitioner
from tests.callers import Caller, public
from tests.factories import Clinic, make_slots, make_type

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])
DAY = timedelta(days=1)


def day(clinic: Clinic, *, later: int = 0) -> str:
    return str((clinic.slots[0].starts_at.astimezone(clinic.zone) + later * DAY).date())


def calendar(clinic: Clinic, what: str = "slots", *, later: int = 0, version: str = "v2") -> str:
    return f"/api/{version}/{what}?from={day(clinic, later=later)}"


def tag(agent: Caller, path: str) -> str:
    answer = agent.get(path)
    assert answer.status_code == 200, answer.content
    return answer.headers["ETag"]


def again(agent: Caller, path: str, *tags: str) -> Any:
    headers = {**agent.headers, "If-None-Match": ", ".join(tags)}
    return agent.http.get(path, headers=headers)


@pytest.fixture
def booked(agent: Caller, clinic: Clinic) -> str:
    """An appointment's public id."""
    return str(agent.book(clinic).json()["appointmentId"])


@pytest.fixture
def addresses(clinic: Clinic, booked: str) -> list[str]:
    """Every answer that has a tag."""
    paths = ["practitioners", "locations", "appointment-types", "slots", "appointments"]
    paths += [f"slots?from={day(clinic)}&limit=2", f"appointments?from={day(clinic)}", f"appointments/{booked}"]
    return [f"/api/v2/{path}" for path in [*paths, f"patients/{public('pat', clinic.patient.id)}"]]


def test_what_has_not_changed_is_not_sent_again(agent: Caller, addresses: list[str]) -> None:
    for path in addresses:
        first = agent.get(path)
        answer = again(agent, path, first.headers["ETag"])
        assert (answer.status_code, answer.content) == (304, b""), path
        for name in ("ETag", "Cache-Control"):
            assert answer.headers[name] == first.headers[name]
        assert {"Content-Type", "Content-Length"} & set(answer.headers) == set()


def test_every_address_has_a_tag_of_its_own(agent: Caller, addresses: list[str]) -> None:
    both = [*addresses, *(path.replace("/v2/", "/v1/").replace("limit", "pageSize") for path in addresses)]
    tags = [tag(agent, path) for path in both]
    assert len(set(tags)) == len(both)
    assert all(len(each) == 34 and each[0] == each[-1] == '"' for each in tags)


def test_what_is_no_patient_s_may_be_kept_and_the_rest_not(agent: Caller, addresses: list[str]) -> None:
    for path in addresses:
        kept = "private, no-cache" if "patients" not in path and "appointments" not in path else "no-store"
        assert agent.get(path).headers["Cache-Control"] == kept, path


def test_another_practice_s_tag_never_fits(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, addresses: list[str]
) -> None:
    other = Caller(other_clinic.agent, other_clinic.practice)
    for path in addresses:
        mine = tag(agent, path)
        answer = again(other, path, mine)
        assert answer.status_code in (200, 403), path
        if answer.status_code == 200:
            assert answer.headers["ETag"] != mine


def test_any_tag_fits_no_other_practice_s_appointment(agent: Caller, other_clinic: Clinic) -> None:
    theirs = Caller(other_clinic.agent, other_clinic.practice).book(other_clinic).json()["appointmentId"]
    path = f"/api/v2/appointments/{theirs}"
    assert again(agent, path, "*").status_code == 403
    assert (
        again(agent, f"/api/v2/slots?practitioner={public('pract', other_clinic.practitioner.id)}", "*").status_code
        == 403
    )


def test_without_a_token_or_permission_there_is_no_304(agent: Caller, clinic: Clinic, booked: str) -> None:
    path = f"/api/v2/appointments/{booked}"
    known = tag(agent, path)
    assert agent.http.get(path, headers={"If-None-Match": known}).status_code == 401


@both_versions
def test_a_booking_changes_its_practice_s_day_and_no_other(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, version: str
) -> None:
    start = clinic.slots[0].starts_at + DAY
    make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=2)
    with practice_scope(clinic.practice.id):
        colleague = Practitioner.objects.create(name="Dr Other")
    other = Caller(other_clinic.agent, other_clinic.practice)
    changed = [(agent, calendar(clinic, what, version=version)) for what in ("slots", "appointments")]
    same = [(agent, calendar(clinic, what, later=1, version=version)) for what in ("slots", "appointments")]
    same += [(other, calendar(other_clinic, what, version=version)) for what in ("slots", "appointments")]
    same += [(agent, f"/api/{version}/{what}") for what in ("practitioners", "locations", "appointment-types")]
    same += [(agent, f"{path}&practitioner={public('pract', colleague.id)}") for _, path in changed]
    before = {(caller.token, path): tag(caller, path) for caller, path in changed + same}

    assert agent.book(clinic).status_code == 201
    for caller, path in changed:
        assert again(caller, path, before[caller.token, path]).status_code == 200, path
    for caller, path in same:
        assert again(caller, path, before[caller.token, path]).status_code == 304, path


def test_a_cancellation_and_each_change_of_a_row_change_the_tag(agent: Caller, clinic: Clinic, booked: str) -> None:
    one, days = f"/api/v2/appointments/{booked}", [calendar(clinic, what) for what in ("slots", "appointments")]
    before = {path: tag(agent, path) for path in [one, *days]}
    answer = agent.post(f"{one}/cancel", {"reason": "patient_request"})
    assert answer.status_code == 200
    for path, known in before.items():
        assert again(agent, path, known).status_code == 200, path

    # Back to what it was: yet another version, not the first one again.
    assert agent.post(f"{one}/undo", None).json()["status"] == "booked"
    for path, known in before.items():
        assert again(agent, path, known).status_code == 200, path


CHANGES: list[tuple[str, Callable[[], Any]]] = [
    ("practitioners", lambda: Practitioner.objects.update(name="Dr Renamed")),
    ("practitioners", lambda: Practitioner.objects.update(is_active=False)),
    ("practitioners", lambda: Practitioner.objects.create(name="Dr New")),
    ("locations", lambda: Location.objects.update(address="2 Main Street")),
    ("appointment-types", lambda: AppointmentType.objects.update(duration_minutes=45)),
    # A day's appointments show their type's code.
    ("appointments?from={day}", lambda: AppointmentType.objects.update(code="renamed")),
    ("slots?from={day}", lambda: Slot.objects.filter(status="free").update(status="busy-unavailable")),
]


@pytest.mark.parametrize(("path", "change"), CHANGES, ids=[str(number) for number in range(len(CHANGES))])
def test_what_an_answer_shows_changes_its_tag(
    agent: Caller, clinic: Clinic, booked: str, path: str, change: Callable[[], Any]
) -> None:
    address = f"/api/v2/{path.format(day=day(clinic))}"
    known = tag(agent, address)
    with practice_scope(clinic.practice.id):
        change()
    assert again(agent, address, known).status_code == 200


def test_a_patient_s_change_changes_the_patient_s_tag(agent: Caller, clinic: Clinic) -> None:
    path = f"/api/v2/patients/{public('pat', clinic.patient.id)}"
    known = tag(agent, path)
    with practice_scope(clinic.practice.id):
        Patient.objects.update(phone="+12125559999")
    changed = tag(agent, path)
    assert changed != known
    # The next appointment is shown with the patient.
    agent.book(clinic)
    assert again(agent, path, changed, known).status_code == 200


def test_a_304_of_appointments_is_a_read_on_record(agent: Caller, clinic: Clinic, booked: str) -> None:
    for path, action in ((calendar(clinic, "appointments"), "list"), (f"/api/v2/appointments/{booked}", "read")):
        known = tag(agent, path)
        assert again(agent, path, known).status_code == 304
        with practice_scope(clinic.practice.id):
            row = AuditEntry.objects.latest("id")
        assert (row.action, row.outcome) == (f"appointment.{action}", "not_modified")
        assert row.object_ids == [str(clinic.patient.id)]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"other", {tag}', 304),
        ('"other",W/{tag} , "third"', 304),
        ("*", 304),
        ('"other"', 200),
        ("{bare}", 200),
        ("", 200),
        ('"', 200),
        ("{tag}x", 200),
        ("'{bare}'", 200),
    ],
)
def test_lists_weak_tags_and_stars(agent: Caller, sent: str, status: int) -> None:
    path = "/api/v2/locations"
    known = tag(agent, path)
    assert again(agent, path, sent.format(tag=known, bare=known.strip('"'))).status_code == status


def test_head_has_the_same_tag(agent: Caller, clinic: Clinic) -> None:
    path = calendar(clinic)
    known = tag(agent, path)
    assert agent.http.head(path, headers=agent.headers).headers["ETag"] == known
    assert agent.http.head(path, headers={**agent.headers, "If-None-Match": known}).status_code == 304


def test_if_match_demands_the_present_state(agent: Caller, clinic: Clinic) -> None:
    path = calendar(clinic)
    known = tag(agent, path)

    def asked(sent: str) -> Any:
        return agent.http.get(path, headers={**agent.headers, "If-Match": sent})

    assert [asked(sent).status_code for sent in (known, "*", f'"x", {known}')] == [200] * 3
    # The strong comparison, for this header.
    refused = [asked(sent) for sent in ('"x"', f"W/{known}", "")]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(412, "precondition_failed")] * 3


def test_where_a_visit_can_begin_has_no_tag(agent: Caller, clinic: Clinic) -> None:
    make_type(practice=clinic.practice, code="short")
    answer = agent.get(f"{calendar(clinic)}&type=short")
    assert (answer.status_code, "ETag" in answer.headers) == (200, False)


def test_other_code_has_other_tags(agent: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    known = tag(agent, "/api/v2/locations")
    monkeypatch.setattr(conditional, "release", lambda: "after a deployment")
    assert again(agent, "/api/v2/locations", known).status_code == 200


def test_a_304_shows_no_row(agent: Caller, clinic: Clinic) -> None:
    """It reads versions, counts them in PostgreSQL, and makes nothing of them in Python."""
    path = calendar(clinic)
    known = tag(agent, path)
    with CaptureQueriesContext(connection) as queries:
        assert again(agent, path, known).status_code == 304
    of_slots = [query["sql"] for query in queries if "appointments_slot" in query["sql"]]
    assert len(of_slots) == 1
    assert "sum(hash_record_extended(" in of_slots[0]


@both_versions
@pytest.mark.parametrize("first", [True, False], ids=["first", "next"])
def test_a_page_of_the_calendar_is_read_in_one_statement_with_its_tag(
    agent: Caller, clinic: Clinic, version: str, first: bool
) -> None:
    """And the tag is the one that a caller who has it is answered by, whom no row is read for."""
    for number in range(3):
        assert agent.book(clinic, slot=2 * number).status_code == 201
    path = calendar(clinic, "appointments", version=version) + ("&pageSize=1" if version == "v1" else "&limit=1")
    if not first:
        path += "&page=2" if version == "v1" else f"&cursor={agent.get(path).json()['nextCursor']}"
    with CaptureQueriesContext(connection) as queries:
        known = tag(agent, path)
    assert len([query for query in queries if "FROM appointments_appointment a" in query["sql"]]) == 1
    with CaptureQueriesContext(connection) as queries:
        assert again(agent, path, known).status_code == 304
    (asked,) = [query["sql"] for query in queries if "FROM appointments_appointment a" in query["sql"]]
    assert "a.status" not in asked

    # What another page shows counts as well: this one says how many there are, or where the next begins.
    assert agent.book(clinic, slot=6).status_code == 201
    assert again(agent, path, known).status_code == 200
