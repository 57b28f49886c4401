"""A patient's record: added, read, changed; what leaves is the contract's allow-list and no more."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Event
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Practice
from tests.api.refusals import assert_forbidden, assert_invalid, assert_not_found
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public, together
from tests.factories import Clinic, make_clinic, make_patient

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])

WRITTEN = {"mybcat_event": 1, "mybcat_auditentry": 1}
INES: dict[str, Any] = {
    "firstName": "Inès",
    "lastName": "Moreau-Diaz",
    "dateOfBirth": "1990-05-17",
    "phone": "(212) 555-0188",
    "email": "ines@patients.example",
    "insuranceProvider": "VSP",
    "smsConsent": True,
}
SHOWN = {
    "firstName": "Inès",
    "lastName": "Moreau-Diaz",
    "dateOfBirth": "1990-05-17",
    "phone": "+12125550188",
    "email": "ines@patients.example",
    "insuranceProvider": "VSP",
    "nextAppointment": None,
    "lastVisit": None,
}
DATE = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
PHONE = ["Give a phone number such as +12125550123"]


def only_patient(clinic: Clinic, **named: Any) -> Patient:
    with practice_scope(clinic.practice.id):
        return Patient.objects.get(**named)


@both_versions
def test_a_patient_is_added_and_shown(agent: Caller, clinic: Clinic, version: str) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(moment, tick=False), changes(patients_patient=1, patients_consent=1, **WRITTEN):
        answer = agent.post(f"/api/{version}/patients", INES)
    row = only_patient(clinic, first_name="Inès")
    shown = {"id": public("pat", row.id), **SHOWN}
    assert (answer.status_code, answer.json()) == (201, shown)
    assert (row.sms_consent, row.sms_consent_at) == (True, moment)
    assert agent.get(f"/api/{version}/patients/{shown['id']}").json() == shown


def test_three_members_are_enough(agent: Caller, clinic: Clinic) -> None:
    body = {name: INES[name] for name in ("firstName", "lastName", "dateOfBirth")}
    answer = agent.post("/api/v1/patients", body)
    row = only_patient(clinic, first_name="Inès")
    assert (answer.status_code, answer.json()) == (
        201,
        {"id": public("pat", row.id), **SHOWN, "phone": "", "email": "", "insuranceProvider": ""},
    )
    assert (row.sms_consent, row.sms_consent_at) == (False, None)


def test_adding_is_told_by_an_event_and_an_audit_row(agent: Caller, clinic: Clinic) -> None:
    identifier = agent.post("/api/v1/patients", INES).json()["id"]
    row = only_patient(clinic, first_name="Inès")
    with practice_scope(clinic.practice.id):
        event, entry = Event.objects.get(), AuditEntry.objects.get(object_kind="pat")
    assert (event.type, event.subject_id, event.data) == ("patient.created", row.id, {"patientId": identifier})
    assert (entry.action, entry.object_kind, entry.object_ids) == ("patient.created", "pat", [str(row.id)])
    assert event.principal_id == entry.principal_id == clinic.agent.id


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2125550188", "+12125550188"),
        ("1 212 555 0188", "+12125550188"),
        ("+1 (212) 555-0188", "+12125550188"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+33 1 99 00 12 34", "+33199001234"),
        ("", ""),
    ],
)
def test_a_phone_number_is_kept_as_e164(agent: Caller, clinic: Clinic, text: str, stored: str) -> None:
    assert agent.post("/api/v1/patients", {**INES, "phone": text}).json()["phone"] == stored
    assert only_patient(clinic, first_name="Inès").phone == stored


@pytest.mark.parametrize(
    ("country", "text", "stored"),
    [
        ("GB", "020 7946 0958", "+442079460958"),
        ("GB", "+1 212 555 0188", "+12125550188"),
        ("FR", "01 99 00 12 34", "+33199001234"),
        ("US", "+1 111 555 0188", "+11115550188"),
    ],
)
def test_a_number_without_a_country_is_one_of_the_practice_s(country: str, text: str, stored: str) -> None:
    clinic = make_clinic(name="Abroad", time_zone="Europe/London")
    with practice_scope(clinic.practice.id):
        Practice.objects.update(country=country)
    agent = Caller(clinic.agent, clinic.practice)
    assert agent.post("/api/v1/patients", {**INES, "phone": text}).json()["phone"] == stored


def test_a_number_that_the_practice_s_country_does_not_have_is_refused(agent: Caller, clinic: Clinic) -> None:
    """Read as one of that country, it would be a stranger's elsewhere."""
    with changes():
        for text in ("111 555 0188", "020 7946 0958", "01 99 00 12 34"):
            assert_invalid(agent.post("/api/v1/patients", {**INES, "phone": text}), phone=PHONE)


@both_versions
def test_what_is_no_phone_number_is_refused(agent: Caller, clinic: Clinic, version: str) -> None:
    texts = [
        "555",
        "5550188",
        "not a number",
        "+999 12345678",
        "+49123456789012345",
        "+49 123",
        "212555018",
        "+0 212 555 0188",
    ]
    with changes():
        for text in texts:
            assert_invalid(agent.post(f"/api/{version}/patients", {**INES, "phone": text}), phone=PHONE)


WRONG = [
    ("firstName", "", "This field may not be blank."),
    ("firstName", "   ", "This field may not be blank."),
    ("firstName", "x" * 81, "Ensure this field has no more than 80 characters."),
    ("lastName", "", "This field may not be blank."),
    ("lastName", "x" * 81, "Ensure this field has no more than 80 characters."),
    ("insuranceProvider", "x" * 121, "Ensure this field has no more than 120 characters."),
    ("email", "ines@", "Enter a valid email address."),
    ("email", "ines at patients.example", "Enter a valid email address."),
    ("phone", "2" * 31, "Ensure this field has no more than 30 characters."),
    ("smsConsent", "yes", "Must be a valid boolean."),
    ("smsConsent", 1, "Must be a valid boolean."),
    ("smsConsent", None, "This field may not be null."),
    ("dateOfBirth", "17/05/1990", DATE),
    ("dateOfBirth", "1990-5-17", DATE),
    ("dateOfBirth", "1990-02-30", DATE),
    ("dateOfBirth", "1990-05-17T00:00:00Z", DATE),
    ("dateOfBirth", "0990-05-17", DATE),
    ("dateOfBirth", "\u0661\u0669\u0669\u0660-05-17", DATE),
    ("dateOfBirth", 19900517, DATE),
    ("practiceId", "prac_01h455vb4pex5vsknk084sn02q", "Unknown member"),
    ("id", "pat_01h455vb4pex5vsknk084sn02q", "Unknown member"),
    ("lastVisit", "2026-01-01", "Unknown member"),
]


@both_versions
def test_a_member_that_does_not_hold_what_it_must_is_named(agent: Caller, clinic: Clinic, version: str) -> None:
    patients = f"/api/{version}/patients"
    with changes():
        for member, value, sentence in WRONG:
            added = agent.post(patients, {**INES, member: value})
            changed = agent.patch(f"{patients}/{public('pat', clinic.patient.id)}", {member: value})
            for answer in (added, changed):
                assert_invalid(answer, **{member: [sentence]})


def test_text_is_a_string(agent: Caller, clinic: Clinic) -> None:
    with changes():
        for member in ("firstName", "lastName", "phone", "email", "insuranceProvider"):
            for value in (7, 1.5, True, ["x"], {"x": "y"}):
                answer = agent.post("/api/v1/patients", {**INES, member: value})
                assert_invalid(answer, **{member: ["Not a valid string."]})


@pytest.mark.parametrize("member", ["firstName", "lastName", "dateOfBirth"])
def test_names_and_birth_date_are_required(agent: Caller, clinic: Clinic, member: str) -> None:
    body = {name: value for name, value in INES.items() if name != member}
    with changes():
        answer = agent.post("/api/v1/patients", body)
    assert_invalid(answer, **{member: ["This field is required."]})


def test_a_name_of_characters_that_fold_into_many_is_kept(agent: Caller, clinic: Clinic) -> None:
    name = "\ufdfa" * 80
    with changes(patients_patient=1, patients_consent=1, **WRITTEN):
        answer = agent.post("/api/v1/patients", {**INES, "firstName": name})
    assert (answer.status_code, answer.json()["firstName"]) == (201, name)


@pytest.mark.parametrize(
    ("zone", "now", "born_today"),
    [
        ("Pacific/Auckland", datetime(2026, 5, 1, 20, tzinfo=UTC), date(2026, 5, 2)),
        ("America/New_York", datetime(2026, 5, 2, 2, tzinfo=UTC), date(2026, 5, 1)),
    ],
)
def test_a_birth_date_is_no_later_than_today_there(zone: str, now: datetime, born_today: date) -> None:
    with time_machine.travel(now, tick=False):
        clinic = make_clinic(name="Newborn Eyes", time_zone=zone)
        agent = Caller(clinic.agent, clinic.practice)
        today = agent.post("/api/v1/patients", {**INES, "dateOfBirth": born_today.isoformat()})
        with changes():
            tomorrow = (born_today + timedelta(days=1)).isoformat()
            refused = agent.post("/api/v1/patients", {**INES, "dateOfBirth": tomorrow})
    assert today.status_code == 201
    assert_invalid(refused, dateOfBirth=["A birth date is not in the future"])


@both_versions
def test_only_the_members_sent_are_changed(agent: Caller, clinic: Clinic, version: str) -> None:
    identifier = public("pat", clinic.patient.id)
    before = agent.get(f"/api/{version}/patients/{identifier}").json()
    with changes(patients_patient=0, **WRITTEN):
        answer = agent.patch(f"/api/{version}/patients/{identifier}", {"lastName": "Ibe", "phone": ""})
    assert (answer.status_code, answer.json()) == (200, {**before, "lastName": "Ibe", "phone": ""})
    assert agent.get(f"/api/{version}/patients/{identifier}").json() == answer.json()
    found = agent.get("/api/v1/patients", search="ibe").json()["results"]
    assert [row["id"] for row in found] == [identifier]


@both_versions
@pytest.mark.parametrize(
    "named", [(), ("phone",), ("firstName", "lastName", "dateOfBirth", "insuranceProvider")], ids=str
)
def test_what_leaves_all_as_it_is_is_a_read(
    agent: Caller, clinic: Clinic, version: str, named: tuple[str, ...]
) -> None:
    path = f"/api/{version}/patients/{public('pat', clinic.patient.id)}"
    before = agent.get(path)
    with changes(mybcat_auditentry=1):
        answer = agent.patch(path, {member: before.json()[member] for member in named})
    assert (answer.status_code, answer.json()) == (200, before.json())
    assert answer.headers["ETag"] == before.headers["ETag"]
    with practice_scope(clinic.practice.id):
        assert not Event.objects.exists()
        actions = AuditEntry.objects.filter(object_kind="pat").values_list("action", flat=True)
        assert list(actions) == ["patient.read"] * 2


@both_versions
def test_the_same_written_otherwise_is_no_change(agent: Caller, clinic: Clinic, version: str) -> None:
    patient = make_patient(practice=clinic.practice, phone="+12125550123", last_name="Okafor")
    path = f"/api/{version}/patients/{public('pat', patient.id)}"
    with changes(mybcat_auditentry=1):
        answer = agent.patch(path, {"phone": "(212) 555-0123", "lastName": " Okafor ", "smsConsent": True})
    assert (answer.status_code, answer.json()["phone"]) == (200, "+12125550123")


@both_versions
def test_who_has_seen_an_older_state_leaves_nothing_as_it_is(agent: Caller, clinic: Clinic, version: str) -> None:
    path = f"/api/{version}/patients/{public('pat', clinic.patient.id)}"
    headers = {**agent.headers, "If-Match": '"x"'}
    with changes():
        assert agent.http.patch(path, {}, content_type="application/json", headers=headers).status_code == 412


@both_versions
def test_who_has_seen_an_older_state_changes_nothing(agent: Caller, clinic: Clinic, version: str) -> None:
    path = f"/api/{version}/patients/{public('pat', clinic.patient.id)}"

    def rename(name: str, seen: str) -> Any:
        headers = {**agent.headers, "If-Match": seen}
        return agent.http.patch(path, {"lastName": name}, content_type="application/json", headers=headers)

    seen = agent.get(path).headers["ETag"]
    changed = rename("Ibe", seen)
    assert (changed.status_code, changed.headers["ETag"]) == (200, agent.get(path).headers["ETag"])
    with changes():
        stale = [rename("Eze", each) for each in (seen, f"W/{seen}", '"x"')]
    assert [answer.status_code for answer in stale] == [412] * 3
    assert all(b"This has changed since you read it" in answer.content for answer in stale)
    assert rename("Eze", changed.headers["ETag"]).json()["lastName"] == "Eze"
    assert rename("Udo", "*").json()["lastName"] == "Udo"
    assert agent.patch(path, {"lastName": "Obi"}).json()["lastName"] == "Obi"


def test_of_many_who_change_what_they_read_at_once_one_does(clinic: Clinic) -> None:
    callers = [Caller(clinic.agent, clinic.practice) for _ in range(3)]
    path = f"/api/v2/patients/{public('pat', clinic.patient.id)}"
    seen = callers[0].get(path).headers["ETag"]

    def rename(number: int) -> int:
        headers = {**callers[number].headers, "If-Match": seen}
        body = {"lastName": f"Ibe {number}"}
        return int(callers[number].http.patch(path, body, content_type="application/json", headers=headers).status_code)

    with changes(patients_patient=0, **WRITTEN):
        statuses = together(3, rename)
    assert sorted(statuses) == [200, 412, 412]


def test_a_change_is_told_by_an_event_and_an_audit_row(agent: Caller, clinic: Clinic) -> None:
    identifier = public("pat", clinic.patient.id)
    agent.patch(f"/api/v1/patients/{identifier}", {"lastName": "Ibe"})
    with practice_scope(clinic.practice.id):
        event, entry = Event.objects.get(), AuditEntry.objects.get(object_kind="pat")
    assert (event.type, event.data) == ("patient.updated", {"patientId": identifier})
    assert (entry.action, entry.object_kind, entry.object_ids) == ("patient.updated", "pat", [str(clinic.patient.id)])


def test_consent_is_kept_with_the_moment_it_was_given(agent: Caller, clinic: Clinic) -> None:
    patient = make_patient(practice=clinic.practice, sms_consent=False, sms_consent_at=None)
    path = f"/api/v1/patients/{public('pat', patient.id)}"
    given = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(given, tick=False):
        agent.patch(path, {"smsConsent": True})
    with time_machine.travel(given + timedelta(minutes=5), tick=False):
        agent.patch(path, {"smsConsent": True})
        row = only_patient(clinic, id=patient.id)
        assert (row.sms_consent, row.sms_consent_at) == (True, given)
        agent.patch(path, {"smsConsent": False})
    row = only_patient(clinic, id=patient.id)
    assert (row.sms_consent, row.sms_consent_at) == (False, None)


@both_versions
def test_practitioners_may_read_but_not_write(clinician: Caller, clinic: Clinic, version: str) -> None:
    path = f"/api/{version}/patients/{public('pat', clinic.patient.id)}"
    assert clinician.get(path).status_code == 200
    with changes(**REFUSED):
        assert_forbidden(clinician.post(f"/api/{version}/patients", INES))
    with changes(**REFUSED):
        assert_forbidden(clinician.patch(path, {"lastName": "Ibe"}))


@both_versions
def test_an_unknown_patient_is_not_found(agent: Caller, clinic: Clinic, version: str) -> None:
    path = f"/api/{version}/patients/{public('pat', new_uuid())}"
    with changes():
        assert_not_found(agent.get(path))
        assert_not_found(agent.patch(path, {"lastName": "Ibe"}))
        assert_not_found(agent.get(f"{path}/appointments"))


@both_versions
def test_reading_a_patient_leaves_an_audit_row(agent: Caller, clinic: Clinic, version: str) -> None:
    moment = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(moment, tick=False), changes(mybcat_auditentry=1):
        answer = agent.get(f"/api/{version}/patients/{public('pat', clinic.patient.id)}")
    with practice_scope(clinic.practice.id):
        entry = AuditEntry.objects.get(object_kind="pat")
    assert (entry.action, entry.object_kind, entry.object_ids, entry.outcome, entry.at) == (
        "patient.read",
        "pat",
        [str(clinic.patient.id)],
        "success",
        moment,
    )
    assert (entry.principal_kind, entry.principal_id, entry.address) == ("member", clinic.agent.id, "127.0.0.1")
    assert entry.correlation_id == answer.headers["X-Correlation-Id"]
