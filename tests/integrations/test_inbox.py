"""The inbox over HTTP: who wrote, who sees to it, what is done."""

from datetime import UTC, datetime, timedelta

import pytest

from mybcat.ids import public_id
from mybcat.models import AuditEntry, Event
from mybcat.principal import Permission, Role
from mybcat.tenancy import platform_scope, practice_scope
from patients.models import Patient
from tests.api.refusals import assert_refused
from tests.api.rows import changes
from tests.callers import Caller, Partner, public
from tests.factories import Clinic, make_api_client, make_inbound_message, make_member, make_patient

NOW = datetime(2026, 3, 1, 15, tzinfo=UTC)
READ = {"mybcat_auditentry": 1}
CHANGED = {"integrations_inboundmessage": 0, "mybcat_event": 1, "mybcat_auditentry": 1}


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice)


@pytest.fixture
def colleague(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice), clinic.practice)


@pytest.fixture
def path(clinic: Clinic) -> str:
    return f"/api/v2/inbox/{public('imsg', make_inbound_message(clinic, received_at=NOW).id)}"


def test_a_message_with_whose_number_it_is(agent: Caller, clinic: Clinic, path: str) -> None:
    make_patient(practice=clinic.practice, first_name="Chi", phone=clinic.patient.phone)
    with changes(**READ):
        shown = agent.get(path).json()
    assert [patient["name"] for patient in shown.pop("patients")] == ["Ada Okafor", "Chi Okafor"]
    assert shown == {
        "inboundMessageId": path.rpartition("/")[2], "phone": clinic.patient.phone, "body": "running late",
        "mediaCount": 0, "receivedAt": "2026-03-01T15:00:00+00:00", "meaning": "", "answer": "", "status": "open",
        "assignedTo": None, "assignedToMe": False, "handledAt": None, "handledBy": None,
    }  # fmt: skip
    with practice_scope(clinic.practice.id):
        assert AuditEntry.objects.order_by("-id").first().action == "message.read"


def test_a_record_that_was_merged_away_is_nobody_s_number(agent: Caller, clinic: Clinic, path: str) -> None:
    copy = make_patient(practice=clinic.practice, phone=clinic.patient.phone)
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=copy.id).update(merged_into=clinic.patient)
    assert [each["patientId"] for each in agent.get(path).json()["patients"]] == [public("pat", clinic.patient.id)]


def test_the_newest_open_ones_come_first_page_by_page(agent: Caller, clinic: Clinic) -> None:
    for hours in (1, 3, 2):
        make_inbound_message(clinic, body=f"after {hours}", received_at=NOW + timedelta(hours=hours))
    make_inbound_message(clinic, status="handled", handled_at=NOW, received_at=NOW, body="done")
    first = agent.get("/api/v2/inbox", limit=2).json()
    rest = agent.get("/api/v2/inbox", limit=2, cursor=first["nextCursor"]).json()
    assert [each["body"] for each in first["data"] + rest["data"]] == ["after 3", "after 2", "after 1"]
    assert [each["body"] for each in agent.get("/api/v2/inbox", status="handled").json()["data"]] == ["done"]


@pytest.mark.parametrize("query", [{"status": "read"}, {"status": ""}, {"colour": "red"}])
def test_a_question_that_makes_no_sense_is_refused(agent: Caller, query: dict[str, str]) -> None:
    with changes():
        assert agent.get("/api/v2/inbox", **query).status_code == 400


def test_taken_given_back_handled_and_opened_again(agent: Caller, clinic: Clinic, path: str) -> None:
    with changes(**CHANGED):
        taken = agent.patch(path, {"assignedToMe": True}).json()
    assert (taken["assignedTo"], taken["assignedToMe"], taken["status"]) == (clinic.agent.name, True, "open")
    done = agent.patch(path, {"status": "handled", "assignedToMe": False}).json()
    assert (done["assignedTo"], done["status"], done["handledBy"]) == (None, "handled", clinic.agent.name)
    again = agent.patch(path, {"status": "open"}).json()
    assert (again["status"], again["handledAt"], again["handledBy"]) == ("open", None, None)
    with platform_scope(reason="test"):
        assert {(event.type, tuple(event.data)) for event in Event.objects.all()} == {
            ("message.changed", ("inboundMessageId",))
        }


def test_what_is_handled_twice_stays_the_first_one_s(agent: Caller, colleague: Caller, path: str) -> None:
    done = agent.patch(path, {"status": "handled"}).json()
    again = colleague.patch(path, {"status": "handled"}).json()
    assert (again["handledAt"], again["handledBy"]) == (done["handledAt"], done["handledBy"])


def test_what_somebody_has_taken_a_manager_alone_takes_over(
    agent: Caller, colleague: Caller, clinic: Clinic, path: str
) -> None:
    agent.patch(path, {"assignedToMe": True})
    for mine in (True, False):
        with changes():
            refusal = colleague.patch(path, {"assignedToMe": mine})
        sentence = "Somebody else has taken this message"
        assert_refused(refusal, status=409, code="already_assigned", sentence=sentence)
    assert colleague.get(path).json()["assignedTo"] == clinic.agent.name
    manager = Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)
    assert manager.patch(path, {"assignedToMe": True}).json()["assignedToMe"] is True


@pytest.mark.parametrize("body", [{"status": "read"}, {"assignedToMe": "yes"}, {"body": "changed"}, []])
def test_a_change_that_makes_no_sense_leaves_nothing(agent: Caller, path: str, body: object) -> None:
    with changes():
        assert agent.patch(path, body).status_code == 400


def test_a_program_without_the_right_to_read_patients_sees_no_names(clinic: Clinic, path: str) -> None:
    client, secret = make_api_client(practice=clinic.practice, scopes=[Permission.MESSAGE_READ])
    shown = Partner(public_id("appc", client.id), str(secret)).get(path).json()
    assert shown["patients"] == [{"patientId": public("pat", clinic.patient.id), "name": None}]
