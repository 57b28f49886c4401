"""A job is accepted whole or not at all."""

import io
import json
from typing import Any

import orjson
import pytest
from rest_framework.exceptions import APIException

from integrations.bulk import bodies
from integrations.bulk.bodies import read_batches
from mybcat.errors import DomainError
from mybcat.ids import new_uuid
from tests.api.refusals import assert_forbidden
from tests.api.rows import REPLAYED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member
from tests.integrations.bulk.jobs import batches, number, status, submit, submitted, texts, the_job

ACCEPTED = {"integrations_bulkmessagejob": 1, "integrations_bulkmessagebatch": 1, "mybcat_auditentry": 1}


def test_a_job_is_accepted_as_promised(agent: Caller) -> None:
    with changes(**{**ACCEPTED, "integrations_bulkmessagebatch": 3}):
        answer = submit(agent, texts(2001))
    body = answer.json()
    assert answer.status_code == 202
    assert body == {
        "jobId": public("job", the_job().id),
        "status": "QUEUED",
        "statusUrl": f"/api/v1/bulk-messages/{body['jobId']}/status",
    }
    assert answer.headers["Location"] == body["statusUrl"]
    assert agent.get(body["statusUrl"]).json() == {
        "jobId": body["jobId"],
        "status": "QUEUED",
        "processed": 0,
        "total": 2001,
        "failed": 0,
    }
    assert [len(orjson.loads(b"[" + bytes(batch.payload) + b"]")) for batch in batches()] == [1000, 1000, 1]


def test_v2_says_the_same_in_its_own_words(agent: Caller) -> None:
    answer = submit(agent, texts(2), version="v2")
    job_id = answer.json()["jobId"]
    assert answer.json() == {
        "jobId": job_id,
        "status": "queued",
        "statusUrl": f"/api/v2/bulk-messages/{job_id}/status",
    }
    shown = status(agent, job_id, version="v2")
    assert (shown["status"], shown["total"], shown["sent"], shown["completedAt"]) == ("queued", 2, 0, None)


def test_one_key_makes_one_job(agent: Caller) -> None:
    with changes(**ACCEPTED, mybcat_idempotencykey=1):
        first = submit(agent, texts(3), key="spring")
    with changes(**REPLAYED):
        again = submit(agent, texts(3), key="spring")
    assert again.json() == first.json()
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert again.headers["Location"] == first.headers["Location"]
    with changes():
        assert submit(agent, texts(4), key="spring").status_code == 422


def test_more_than_a_million_is_refused(agent: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_MESSAGES", 2000)
    assert submit(agent, texts(2000)).status_code == 202
    with changes():
        answer = submit(agent, texts(2001))
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "Max 1,000,000 messages per job",
        "correlationId": answer.headers["X-Correlation-Id"],
    }


def test_the_limit_is_a_million() -> None:
    assert (bodies.MAX_MESSAGES, bodies.BATCH) == (1_000_000, 1000)


GOOD = {"to": "+12125550100", "body": "We are open."}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "messages"),
        ([], "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": []}, "messages"),
        ({"message": [GOOD]}, "messages"),
        ({"messages": [GOOD], "at": "now"}, "body"),
        ({"messages": [GOOD, {"to": "+12125550101"}]}, "messages.1"),
        ({"messages": [GOOD, {**GOOD, "from": "x"}]}, "messages.1"),
        ({"messages": [GOOD, {"to": 5, "body": "x"}]}, "messages.1"),
        ({"messages": [GOOD, {"to": None, "body": "x"}]}, "messages.1"),
        ({"messages": [GOOD, "x"]}, "messages.1"),
        ({"messages": [GOOD, {**GOOD, "body": ""}]}, "messages.1.body"),
        ({"messages": [GOOD, {**GOOD, "body": "x" * 1601}]}, "messages.1.body"),
        ({"messages": [{**GOOD, "to": ""}]}, "messages.0.to"),
        ({"messages": [{**GOOD, "to": "1" * 31}]}, "messages.0.to"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(agent: Caller, sent: Any, field: str) -> None:
    with changes():
        answer = agent.post("/api/v1/bulk-messages", sent)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert "5550100" not in answer.content.decode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"messages": [',
        b'{"messages": [{"to": "1", "body": "x"}',
        b'{"messages": [{"to": "1", "body": "x"},]}',
        b'{"messages": [{"to": "1", "body": "x"}]',
        b'{"messages": [{"to": "1", "body": "x"}]} {}',
        b'{"messages": [{"to": "1", "body": "x"}},]}',
        b'{"messages": [{"to": "1", "body": "\xff"}]}',
        b'{"messages": [{"to": "1", "body": "\\ud800"}]}',
        b'{"messages": [{"to": "1", "body": "a\\u0000"}]}',
        b'{"messages": [{"to": "1", "body": "a\nb"}]}',
        b'{"messages": [{"to": "1", "body": "a\\x"}]}',
        b'{"messages": [{"to": "1", "to": "2", "body": "x"}]}',
        b'{"messages": [{"to": "1", "to": "2"}]}',
        b'{"messages": [{"to": "1", "body": "x"} {"to": "1", "body": "x"}]}',
        b'{"messages": ' + b"[" * 100_000,
        b'{"messages": [' + b" " * 3_000_000,
    ],
)
def test_what_is_no_such_json_is_refused(raw: bytes) -> None:
    with pytest.raises(APIException) as refusal:
        read_batches(io.BytesIO(raw))
    assert refusal.value.status_code == 400


@pytest.mark.parametrize("space", ["", " ", "\r\n\t "])
@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 30_000])
def test_every_message_is_kept_as_it_was_sent(space: str, count: int) -> None:
    messages = [{"to": number(place), "body": f'Ünï "{place}" \\ }}]{{[,\n é'} for place in range(count)]
    messages[0] = {"body": "the other way round", "to": "1"}
    raw = json.dumps(
        {"messages": messages}, separators=(f"{space},{space}", f"{space}:{space}"), ensure_ascii=count % 2 == 0
    )
    raw = f"{space}{raw}{space}".replace("[{", f"[{space}{{", 1)
    found = read_batches(io.BytesIO(raw.encode()))
    kept = [message for payload in found.payloads() for message in orjson.loads(b"[" + payload + b"]")]
    assert kept == messages
    assert found.total == count


def test_a_body_that_comes_in_small_pieces_is_read_whole() -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    raw = orjson.dumps({"messages": texts(50)})
    assert read_batches(Dripping(raw)).total == 50


def test_a_body_costs_no_more_memory_the_longer_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0

    def watched(self: Any) -> bytes:
        nonlocal longest
        buffer = filled(self)
        longest = max(longest, len(buffer))
        return buffer

    filled = bodies._Reader._filled
    monkeypatch.setattr(bodies._Reader, "_filled", watched)
    raw = orjson.dumps({"messages": texts(100_000)})
    assert read_batches(io.BytesIO(raw)).total == 100_000
    assert len(raw) > 6_000_000
    assert longest < 4_000_000


def test_a_body_of_more_than_a_mebibyte_is_taken_here_and_nowhere_else(agent: Caller) -> None:
    messages = texts(20_000)
    assert len(orjson.dumps(messages)) > 1024 * 1024
    assert submit(agent, messages).status_code == 202
    with changes():
        assert agent.post("/api/v1/patients", {"messages": messages}).status_code == 413


def test_nobody_else_may_look(agent: Caller, manager: Caller, clinic: Clinic, other_clinic: Clinic) -> None:
    job_id = submitted(agent, texts(1))
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    stranger = Caller(other_clinic.agent, other_clinic.practice)
    for version in ("v1", "v2"):
        assert_forbidden(colleague.get(f"/api/{version}/bulk-messages/{job_id}/status"))
        assert_forbidden(stranger.get(f"/api/{version}/bulk-messages/{job_id}/status"))
    assert_forbidden(manager.get(f"/api/v1/bulk-messages/{job_id}/status"))
    assert manager.get(f"/api/v2/bulk-messages/{job_id}/status").status_code == 200


@pytest.mark.parametrize(
    "unknown", [public("job", new_uuid()), "job_abc", "no-id"], ids=["unknown", "malformed", "no id"]
)
def test_a_job_that_nobody_has_is_not_found(agent: Caller, unknown: str) -> None:
    answer = agent.get(f"/api/v1/bulk-messages/{unknown}/status")
    assert answer.status_code == 404
    assert answer.json() == {"error": "Job not found", "correlationId": answer.headers["X-Correlation-Id"]}


def test_a_list_is_the_caller_s_own_and_a_manager_s_the_practice_s(agent: Caller, manager: Caller) -> None:
    jobs = [submitted(agent, texts(1)), submitted(agent, texts(1, first=5))]
    own = submitted(manager, texts(1, first=9))
    assert [job["jobId"] for job in agent.get("/api/v2/bulk-jobs").json()["data"]] == jobs[::-1]
    assert [job["jobId"] for job in manager.get("/api/v2/bulk-jobs").json()["data"]] == [own, *jobs[::-1]]
    page = manager.get("/api/v2/bulk-jobs", limit=1).json()
    behind = manager.get("/api/v2/bulk-jobs", limit=1, cursor=page["nextCursor"]).json()
    assert [page["data"][0]["jobId"], behind["data"][0]["jobId"]] == [own, jobs[-1]]


def test_too_many_is_said_before_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_MESSAGES", 1000)
    stream = io.BytesIO(orjson.dumps({"messages": texts(100_000)}))
    with pytest.raises(DomainError):
        read_batches(stream)
    assert stream.tell() < 3 * 1024 * 1024
