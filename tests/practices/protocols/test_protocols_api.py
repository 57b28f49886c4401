"""Protocols over HTTP: drafted, checked, published, asked."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import DatabaseError, transaction

from mybcat.ids import internal_id, new_uuid
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import AppointmentType, ProtocolVersion
from tests.api.refusals import assert_forbidden, assert_invalid, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public, together
from tests.factories import Clinic, make_endpoint, make_member, make_protocol, make_type, optometry

VERSIONS = "/api/v2/protocol-versions"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    return Caller(clinic.agent, clinic.practice)


@pytest.fixture
def noon() -> Iterator[datetime]:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        yield now


def put(caller: Caller, path: str, body: Any) -> Any:
    return caller.http.put(path, body, content_type="application/json", headers=caller.headers)


def asked(caller: Caller, **answers: Any) -> Any:
    answer = caller.post("/api/v2/protocol/evaluations", {"answers": answers})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_practice_that_has_none_is_asked_by_the_platform_s(agent: Caller) -> None:
    shown = agent.get("/api/v2/protocol").json()
    assert (shown["protocolId"], shown["origin"], shown["effectiveFrom"]) == (None, "platform", None)
    assert [question["id"] for question in shown["questions"]] == [
        question["id"] for question in optometry()[0]["questions"]
    ]
    assert shown["questions"][0]["options"][0]["text"] == {"en": "Flashes of light", "es": "Destellos de luz"}


def test_an_evaluation_asks_until_it_can_decide(agent: Caller, clinic: Clinic) -> None:
    make_type(practice=clinic.practice, code="urgent_visit", duration_minutes=20)
    asking = asked(agent)
    assert (asking["status"], asking["question"]["id"], asking["outcome"]) == ("asking", "symptoms", None)
    decided = asked(agent, symptoms=["pain"], contact_lenses=False)
    assert (decided["status"], decided["question"]) == ("decided", None)
    assert decided["outcome"] == {
        "rule": "pain",
        "appointmentType": "urgent_visit",
        "durationMinutes": 20,
        "urgency": "urgent",
        "practitionerIds": [],
        "tellPatient": {
            "en": "Call again at once if your vision gets worse.",
            "es": "Vuelva a llamar de inmediato si su vista empeora.",
        },
    }


def test_the_first_type_that_the_practice_offers_is_meant(agent: Caller, clinic: Clinic) -> None:
    assert asked(agent, symptoms=["flashes"])["outcome"]["appointmentType"] == "comprehensive_exam"
    urgent = make_type(practice=clinic.practice, code="urgent_visit")
    assert asked(agent, symptoms=["flashes"])["outcome"]["appointmentType"] == "urgent_visit"
    with practice_scope(clinic.practice.id):
        AppointmentType.objects.update(is_active=False)
    outcome = asked(agent, symptoms=["flashes"])["outcome"]
    assert (outcome["appointmentType"], outcome["durationMinutes"], outcome["urgency"]) == (None, None, "emergency")
    assert urgent.code == "urgent_visit"


def test_an_evaluation_leaves_no_trace_of_what_the_caller_said(agent: Caller) -> None:
    with changes():
        asked(agent, symptoms=["curtain"])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"answers": {"symptoms": ["hunger"]}}, ["answers.symptoms"]),
        ({"answers": {"nose": True}}, ["answers.nose"]),
        ({"answers": []}, ["answers"]),
        ({}, ["answers"]),
        ({"answers": {}, "patient": "Ada"}, ["patient"]),
    ],
)
def test_bad_answers_are_named(agent: Caller, body: dict[str, Any], fields: list[str]) -> None:
    with changes():
        answer = agent.post("/api/v2/protocol/evaluations", body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/" + name.replace(".", "/") for name in fields]
    assert b"hunger" not in answer.content


def test_a_manager_drafts_checks_and_publishes(noon: datetime, manager: Caller, agent: Caller, clinic: Clinic) -> None:
    drafted = manager.post(VERSIONS, {})
    assert drafted.status_code == 201
    draft = drafted.json()
    assert (draft["number"], draft["status"], draft["effectiveFrom"]) == (1, "draft", None)
    assert (draft["definition"], draft["examples"]) == optometry()
    path = f"{VERSIONS}/{draft['protocolId']}"
    definition = draft["definition"]
    definition["otherwise"]["practitioners"] = [public("pract", clinic.practitioner.id)]
    saved = put(manager, path, {"definition": definition, "examples": draft["examples"][:3]})
    assert saved.status_code == 200, saved.content
    checked = manager.post(f"{path}/check", {}).json()
    assert (checked["passed"], [result["passed"] for result in checked["results"]]) == (True, [True] * 3)
    # A draft is nobody's protocol yet.
    assert agent.get("/api/v2/protocol").json()["origin"] == "platform"
    published = manager.post(f"{path}/publish", {})
    assert (published.status_code, published.json()["effectiveFrom"]) == (200, noon.isoformat())
    assert agent.get("/api/v2/protocol").json()["protocolId"] == draft["protocolId"]
    outcome = asked(agent, symptoms=["none"], reason="exam", age=40)["outcome"]
    assert outcome["practitionerIds"] == [public("pract", clinic.practitioner.id)]


def test_a_draft_can_be_tried_before_it_is_published(manager: Caller, clinic: Clinic) -> None:
    content, _ = optometry()
    draft = make_protocol(practice=clinic.practice, definition={**content, "rules": []})
    body = {"answers": {"symptoms": ["curtain"]}, "protocolId": public("prot", draft.id)}
    tried = manager.post("/api/v2/protocol/evaluations", body).json()
    assert (tried["protocolId"], tried["outcome"]["urgency"]) == (public("prot", draft.id), "routine")


def test_a_version_comes_into_force_on_its_day(noon: datetime, agent: Caller, clinic: Clinic) -> None:
    now = make_protocol(practice=clinic.practice, number=1, effective_from=noon - timedelta(days=30))
    later = make_protocol(practice=clinic.practice, number=2, effective_from=noon + timedelta(days=1))
    assert agent.get("/api/v2/protocol").json()["protocolId"] == public("prot", now.id)
    with time_machine.travel(noon + timedelta(days=1), tick=False):
        caller = Caller(clinic.agent, clinic.practice)
        assert caller.get("/api/v2/protocol").json()["protocolId"] == public("prot", later.id)


def test_versions_are_walked_by_cursor_in_the_order_of_their_numbers(manager: Caller, clinic: Clinic) -> None:
    made = [make_protocol(practice=clinic.practice, number=each, effective_from=EPOCH) for each in (1, 2, 10)]
    seen, cursor = [], {}
    for _ in made:
        answer = manager.get(VERSIONS, limit=1, **cursor)
        assert answer.status_code == 200, answer.content
        seen += [row["number"] for row in answer.json()["data"]]
        cursor = {"cursor": answer.json()["nextCursor"]}
    assert (seen, cursor) == ([1, 2, 10], {"cursor": None})


def test_the_cursor_of_another_list_is_refused(manager: Caller, clinic: Clinic) -> None:
    for number in (1, 2):
        make_protocol(practice=clinic.practice, number=number, effective_from=EPOCH)
        make_endpoint(practice=clinic.practice)
    lists = (VERSIONS, "/api/v2/webhook-endpoints")
    cursors = [manager.get(path, limit=1).json()["nextCursor"] for path in lists]
    for path, cursor in zip(lists, reversed(cursors), strict=True):
        assert_invalid(manager.get(path, cursor=cursor), cursor=["Take the cursor from nextCursor as it is"])


def test_the_next_draft_begins_as_what_is_in_force(manager: Caller, clinic: Clinic) -> None:
    content, examples = optometry()
    own = {**content, "rules": content["rules"][:2]}
    make_protocol(
        practice=clinic.practice, definition=own, examples=examples[:2], effective_from=datetime(2026, 1, 1, tzinfo=UTC)
    )
    draft = manager.post(VERSIONS, {}).json()
    assert (draft["number"], draft["definition"], draft["examples"]) == (2, own, examples[:2])


def test_or_as_the_platforms(manager: Caller, clinic: Clinic) -> None:
    content, examples = optometry()
    own = {**content, "rules": content["rules"][:2]}
    make_protocol(
        practice=clinic.practice, definition=own, examples=examples[:2], effective_from=datetime(2026, 1, 1, tzinfo=UTC)
    )
    with changes():
        refused = manager.post(VERSIONS, {"origin": "elsewhere"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "#/origin")
    draft = manager.post(VERSIONS, {"origin": "platform"}).json()
    assert (draft["number"], draft["definition"], draft["examples"]) == (2, content, examples)


def test_failing_examples_keep_a_draft_from_being_published(manager: Caller, clinic: Clinic) -> None:
    content, _ = optometry()
    draft = make_protocol(practice=clinic.practice, definition={**content, "rules": content["rules"][1:]})
    path = f"{VERSIONS}/{public('prot', draft.id)}"
    checked = manager.post(f"{path}/check", {}).json()
    assert checked["passed"] is False
    (failed,) = [result for result in checked["results"] if not result["passed"]]
    # Without its rule, a splash that also hurts would wait until the contact lenses are known.
    assert (failed["name"], failed["expected"]["rule"]) == ("Chemical splash", "chemical")
    assert failed["actual"] == {"asks": "contact_lenses"}
    with changes():
        refused = manager.post(f"{path}/publish", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "examples_fail")
    assert [error["detail"] for error in refused.json()["errors"]] == ["Chemical splash"]


def test_an_example_whose_question_is_gone_fails_by_its_answer(manager: Caller, clinic: Clinic) -> None:
    examples = [{"name": "Old", "answers": {"nose": True}, "expects": {"urgency": "routine"}}]
    draft = make_protocol(practice=clinic.practice, examples=examples)
    (result,) = manager.post(f"{VERSIONS}/{public('prot', draft.id)}/check", {}).json()["results"]
    assert (result["passed"], result["actual"]) == (False, {"invalid": ["answers.nose"]})


def test_without_examples_nothing_is_shown_and_nothing_published(manager: Caller, clinic: Clinic) -> None:
    draft = make_protocol(practice=clinic.practice, examples=[])
    path = f"{VERSIONS}/{public('prot', draft.id)}"
    assert manager.post(f"{path}/check", {}).json() == {"passed": False, "results": []}
    with changes():
        assert manager.post(f"{path}/publish", {}).status_code == 409


def test_nothing_takes_effect_in_the_past(manager: Caller, clinic: Clinic) -> None:
    path = f"{VERSIONS}/{public('prot', make_protocol(practice=clinic.practice).id)}/publish"
    with changes():
        refused = manager.post(path, {"effectiveFrom": "2026-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["code"]) == (409, "effective_in_past")


def test_what_is_published_never_changes(manager: Caller, clinic: Clinic) -> None:
    version = make_protocol(practice=clinic.practice, effective_from=datetime(2026, 1, 1, tzinfo=UTC))
    path = f"{VERSIONS}/{public('prot', version.id)}"
    content, examples = optometry()
    with changes():
        answers = [
            put(manager, path, {"definition": content, "examples": examples}),
            manager.delete(path),
            manager.post(f"{path}/publish", {}),
        ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "not_a_draft")] * 3


def test_postgresql_refuses_to_change_what_is_published_whoever_writes(
    clinic: Clinic, owner: psycopg.Connection
) -> None:
    version = make_protocol(practice=clinic.practice, effective_from=datetime(2026, 1, 1, tzinfo=UTC))
    with practice_scope(clinic.practice.id):
        for change in (
            lambda: ProtocolVersion.objects.filter(id=version.id).update(number=7),
            lambda: ProtocolVersion.objects.filter(id=version.id).delete(),
        ):
            with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
                change()
        # The negative control: the same on a draft.
        draft = ProtocolVersion.objects.create(
            number=8, definition={}, created_at=datetime.now(UTC), created_by=clinic.agent.id
        )
        assert ProtocolVersion.objects.filter(id=draft.id).update(number=9) == 1
    with owner.transaction():
        owner.execute("SELECT set_config('app.practice_id', %s, true)", [str(clinic.practice.id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege), owner.transaction():
            owner.execute("UPDATE practices_protocolversion SET number = 7 WHERE status = 'published'")


def test_two_managers_who_draft_at_once_get_one_draft(manager: Caller, clinic: Clinic) -> None:
    answers = together(6, lambda _: manager.post(VERSIONS, {}))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"draft_exists"}
    with practice_scope(clinic.practice.id):
        assert ProtocolVersion.objects.count() == 1


def test_of_two_managers_with_one_draft_the_second_is_told(manager: Caller, clinic: Clinic) -> None:
    path = f"{VERSIONS}/{public('prot', make_protocol(practice=clinic.practice).id)}"

    def sent(method: str, address: str, body: Any, seen: str) -> Any:
        headers = {**manager.headers, "If-Match": seen}
        return manager.http.generic(method, address, json.dumps(body), "application/json", headers=headers)

    read = manager.get(path)
    seen, whole = read.headers["ETag"], {name: read.json()[name] for name in ("definition", "examples")}
    first = sent("PUT", path, {**whole, "examples": whole["examples"][:1]}, seen)
    assert (first.status_code, first.headers["ETag"]) == (200, manager.get(path).headers["ETag"])
    with changes():
        late = [
            sent("PUT", path, whole, seen),
            sent("DELETE", path, None, seen),
            sent("POST", f"{path}/publish", {}, seen),
        ]
    assert [(answer.status_code, answer.json()["code"]) for answer in late] == [(412, "precondition_failed")] * 3
    assert sent("POST", f"{path}/publish", {}, first.headers["ETag"]).json()["status"] == "published"


def test_what_has_not_changed_of_a_version_is_not_sent_again(manager: Caller, clinic: Clinic) -> None:
    path = f"{VERSIONS}/{public('prot', make_protocol(practice=clinic.practice).id)}"
    headers = {**manager.headers, "If-None-Match": manager.get(path).headers["ETag"]}
    assert manager.http.get(path, headers=headers).status_code == 304
    nobody_s = f"{VERSIONS}/{public('prot', new_uuid())}"
    assert manager.http.get(nobody_s, headers={**headers, "If-None-Match": "*"}).status_code == 404


def test_a_discarded_draft_is_gone(manager: Caller, clinic: Clinic) -> None:
    path = f"{VERSIONS}/{public('prot', make_protocol(practice=clinic.practice).id)}"
    with changes(practices_protocolversion=-1, mybcat_auditentry=1):
        gone = manager.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert manager.get(path).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"definition": {"questions": []}},
        {"definition": "all"},
        {"examples": [{"name": "x", "answers": {}, "expects": {}}]},
        {"examples": [{"name": "x", "answers": {}, "expects": {"colour": "red"}}]},
        {"examples": [{"name": "x" * 121, "answers": {}, "expects": {"rule": "a"}}]},
        {"examples": [{"name": "x", "answers": {}, "expects": {"rule": "a"}}] * 201},
        {"note": "x"},
    ],
)
def test_a_draft_that_cannot_be_is_not_saved(manager: Caller, clinic: Clinic, change: dict[str, Any]) -> None:
    content, examples = optometry()
    path = f"{VERSIONS}/{public('prot', make_protocol(practice=clinic.practice).id)}"
    with changes():
        refused = put(manager, path, {"definition": content, "examples": examples, **change})
    assert refused.status_code == 400
    assert refused.json()["errors"]


@pytest.mark.parametrize("number", ["9223372036854775808", "-1e999"])
def test_a_number_that_could_not_be_told_again_is_refused(manager: Caller, clinic: Clinic, number: str) -> None:
    draft = make_protocol(practice=clinic.practice)
    path = f"{VERSIONS}/{public('prot', draft.id)}"
    example = f'{{"name": "x", "answers": {{"age": {number}}}, "expects": {{"rule": "x"}}}}'
    body = f'{{"definition": {{}}, "examples": [{example}]}}'
    with changes():
        refused = put(manager, path, body)
    sentence = "The body holds a number that is too large"
    assert_refused(refused, status=400, code="bad_request", sentence=sentence)
    assert manager.get(path).status_code == 200


def test_another_practice_s_practitioner_is_no_pool(manager: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    content, examples = optometry()
    content["otherwise"]["practitioners"] = [public("pract", other_clinic.practitioner.id)]
    path = f"{VERSIONS}/{public('prot', make_protocol(practice=clinic.practice).id)}"
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        assert_forbidden(put(manager, path, {"definition": content, "examples": examples}))


def test_agents_ask_and_do_not_manage(agent: Caller, clinic: Clinic) -> None:
    path = f"{VERSIONS}/{public('prot', make_protocol(practice=clinic.practice).id)}"
    asked = (
        lambda: agent.get(VERSIONS),
        lambda: agent.post(VERSIONS, {}),
        lambda: agent.get(path),
        lambda: agent.post(f"{path}/publish", {}),
    )
    for ask in asked:
        with changes(**REFUSED):
            assert_forbidden(ask())


def test_every_change_is_on_record(manager: Caller, clinic: Clinic) -> None:
    draft = manager.post(VERSIONS, {}).json()
    path = f"{VERSIONS}/{draft['protocolId']}"
    put(manager, path, {"definition": draft["definition"], "examples": draft["examples"]})
    manager.post(f"{path}/publish", {})
    with practice_scope(clinic.practice.id):
        entries = AuditEntry.objects.filter(object_kind="prot").order_by("at", "id")
        assert [entry.action for entry in entries] == ["protocol.drafted", "protocol.saved", "protocol.published"]
        assert {tuple(entry.object_ids) for entry in entries} == {(str(internal_id("prot", draft["protocolId"])),)}


def test_v1_has_no_protocols(agent: Caller) -> None:
    assert_refused(agent.get("/api/v1/protocol"), status=404, code="not_found", sentence="Not found")
