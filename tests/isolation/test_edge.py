"""The third gate: an id of another practice, in every place of every request, is refused and on record."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from rest_framework.serializers import ListField

from mybcat.gateway.inputs import IdField, Input
from mybcat.ids import internal_id, new_uuid
from mybcat.metrics import cross_practice_attempts
from mybcat.models import AuditEntry, SecurityEvent
from mybcat.tenancy import practice_scope
from tests.api.refusals import assert_forbidden, assert_not_found
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_crm_connection, make_messaging_connection
from tests.isolation.ids import Ids
from tests.isolation.places import BARE, NAMES, PLACES, PROBES, Probe, good_query, path_of
from tests.isolation.routes import routes, unversioned

# What is asked for days.
WIDE = (
    *("slots", "appointments", "daily", "daily.csv", "appointments.csv"),
    *(f"reports/{name}{kind}" for name in ("fill-rate", "lead-times", "call-bookings") for kind in ("", ".csv")),
)
# Lists of which each id is judged: tests/integrations/webhooks/test_dead.py has them.
ELSEWHERE = {"deliveryIds"}
NOT_IDS = {f"<str:{name}>" for name in NAMES}
each_probe = pytest.mark.parametrize("probe", PROBES, ids=str)
Logged = Callable[[], list[dict[str, Any]]]


def attempts() -> float:
    """How many this process has counted; what operators read is in test_attempts.py."""
    (counter,) = cross_practice_attempts.collect()
    return next(sample.value for sample in counter.samples if sample.name.endswith("_total"))


def test_every_route_is_in_the_table() -> None:
    """A new route needs a row in places.py: it says where an id may stand, if anywhere."""
    served = {
        (method, unversioned(route.path, method))
        for route in routes()
        if route.path not in BARE
        for method in route.methods
    }
    assert served == set(PLACES)


def test_every_id_in_a_path_is_in_the_table() -> None:
    for (_, path), places in PLACES.items():
        named = [place.name for place in places if place.where == "path"]
        assert [
            part.split(":")[1].rstrip(">") for part in path.split("/") if part.startswith("<") and part not in NOT_IDS
        ] == named


def test_every_id_in_a_body_or_query_is_in_the_table() -> None:
    """Each field that takes an id, in whatever input; PLACES holds it under its route."""
    fields = {
        (type(field) is IdField, name, field.prefix)
        for kind in _inputs(Input)
        for name, given in kind().fields.items()
        for field in (given.child if isinstance(given, ListField) and name not in ELSEWHERE else given,)
        if isinstance(field, IdField)
    }
    in_table = {
        (place.where == "body", place.name, place.prefix)
        for places in PLACES.values()
        for place in places
        if place.where != "path"
    }
    assert fields == in_table


def _inputs(kind: type[Input]) -> list[type[Input]]:
    return [kind, *(deeper for subclass in kind.__subclasses__() for deeper in _inputs(subclass))]


def test_every_prefix_in_the_table_can_be_judged() -> None:
    assert {place.prefix for places in PLACES.values() for place in places} <= set(settings.PUBLIC_IDS)


@each_probe
def test_another_practice_s_id_is_refused_and_on_record(
    probe: Probe,
    agent: Caller,
    clinic: Clinic,
    other_clinic: Clinic,
    own_ids: Ids,
    foreign_ids: Ids,
    logged: Logged,
) -> None:
    wanted, own = foreign_ids[probe.place.prefix], probe.own(own_ids)
    counted = attempts()
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        answer = probe.send(agent, clinic, wanted, own=own)
    assert_forbidden(answer)
    with practice_scope(clinic.practice.id):
        event, entry = SecurityEvent.objects.get(), AuditEntry.objects.get(outcome="denied")
    asked_for = internal_id(probe.place.prefix, wanted)
    correlation_id = answer.headers["X-Correlation-Id"]
    told = (event.kind, event.principal_kind, event.principal_id, event.practice_id, event.other_practice_id)
    assert told == ("cross_practice_access", "member", clinic.agent.id, clinic.practice.id, other_clinic.practice.id)
    assert (event.object_kind, event.object_id, event.address, event.correlation_id) == (
        probe.place.prefix,
        asked_for,
        "127.0.0.1",
        correlation_id,
    )
    assert (entry.action, entry.object_kind, entry.object_ids) == (
        "cross_practice_access",
        probe.place.prefix,
        [str(asked_for)],
    )
    assert (entry.principal_id, entry.correlation_id) == (clinic.agent.id, correlation_id)
    assert attempts() == counted + 1
    (line,) = [line for line in logged() if line["event"] == "Cross-practice access attempt"]
    assert {name: line[name] for name in line if name not in ("timestamp", "logger")} == {
        "event": "Cross-practice access attempt",
        "level": "warning",
        "userId": str(clinic.agent.id),
        "requestedId": wanted,
        "agentPractice": str(clinic.practice.id),
        "patientPractice": str(other_clinic.practice.id),
        "correlationId": correlation_id,
        "requestId": answer.headers["X-Request-Id"],
    }


def malformed(prefix: str, good: str) -> list[str]:
    """Texts near an id that are none; `good` is an id of the other practice, so that a lax reading would tell."""
    bare = good.removeprefix(f"{prefix}_")
    other = "appt" if prefix == "pat" else "pat"
    return [
        f"{other}_{bare}",
        bare,
        prefix,
        f"{prefix}_",
        f"_{bare}",
        f"{prefix}_{prefix}_{bare}",
        good.upper(),
        f"{prefix}_{bare.upper()}",
        f"{good}0",
        good[:-1],
        f"{prefix}_8{bare[1:]}",
        f"{prefix}_{bare[:-1]}u",
        f"{prefix}-{bare}",
        f" {good}",
        f"{good} ",
        f"{good}\n",
        f"{good}'--",
        f"{good}%",
        "' OR '1'='1",
        "*",
        "null",
        "0",
        "-1",
        str(internal_id(prefix, good)),
        prefix + "_" + "\u0660" * 26,
        prefix + "_" + bare[:-1] + "\uff10",
        "\u00e9\U0001f441",
        f"{prefix}_{'0' * 5000}",
        "..",
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "{7*7}",
    ]


@each_probe
def test_what_nobody_has_and_what_is_no_id_is_not_found(
    probe: Probe,
    agent: Caller,
    clinic: Clinic,
    own_ids: Ids,
    foreign_ids: Ids,
) -> None:
    counted = attempts()
    good, own = foreign_ids[probe.place.prefix], probe.own(own_ids)
    in_path = probe.place.where == "path"
    texts = [public(probe.place.prefix, new_uuid()), *malformed(probe.place.prefix, good)]
    # JSON with a NUL is refused before any member is read; elsewhere a NUL is as good as any letter.
    texts += [] if probe.place.where == "body" else [f"{good}\x00", "\x00"]
    with changes():
        for text in texts:
            value = quote(text, safe="") if in_path else text
            # The contract's words for jobs; without an id, or with a slash in it, no route is meant.
            sentence = "Job not found" if probe.place.prefix == "job" and text and "/" not in text else "Not found"
            assert_not_found(probe.send(agent, clinic, value, own=own), sentence=sentence)
    assert attempts() == counted


def test_a_foreign_id_beside_one_s_own_is_refused_too(agent: Caller, clinic: Clinic, foreign_ids: Ids) -> None:
    both = f"{public('pract', clinic.practitioner.id)},{foreign_ids['pract']}"
    for path in ("slots", "slots/next?type=comprehensive_exam", "appointments"):
        with changes(mybcat_securityevent=1, mybcat_auditentry=1):
            assert_forbidden(agent.get(f"/api/v1/{path}{'&' if '?' in path else '?'}practitioner={both}"))


def test_asking_for_the_head_alone_is_an_attempt_too(agent: Caller, foreign_ids: Ids) -> None:
    path = f"/api/v1/patients/{foreign_ids['pat']}"
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        answer = agent.http.head(path, headers=agent.headers)
    assert (answer.status_code, answer.content) == (403, b"")


def test_no_answer_holds_anything_of_another_practice(
    agent: Caller, clinic: Clinic, other_clinic: Clinic, own_ids: Ids, foreign_ids: Ids
) -> None:
    """Every route that reads, asked for all it has."""
    make_crm_connection(practice=clinic.practice)
    make_messaging_connection(practice=clinic.practice)
    there, own = other_clinic.patient, dict(own_ids)
    secrets = [*foreign_ids.values(), str(other_clinic.practice.id), there.phone, other_clinic.practice.name]
    days = {"from": "2026-01-01", "to": "2026-03-03"}
    for method, path in PLACES:
        if method != "GET" or not path.startswith(("api/{v}/", "api/v2/")):
            continue
        for version in ("v1", "v2") if "{v}" in path else ("v2",):
            address = path_of(path.replace("{v}", version), own)
            wide = days if address.endswith(WIDE) and "patients" not in address else {}
            answer = agent.get(f"/{address}", **(good_query(address, clinic) or wide))
            assert answer.status_code == 200, address
            assert [secret for secret in secrets if secret in answer.content.decode()] == []


def test_another_practice_s_patient_is_on_record_whatever_else_is_wrong(clinic: Clinic, other_clinic: Clinic) -> None:
    agent = Caller(clinic.agent, clinic.practice)
    body = {
        "patientId": public("pat", other_clinic.patient.id),
        "slotId": public("slot", new_uuid()),
        "type": "no_such_type",
    }
    with changes(mybcat_securityevent=1, mybcat_auditentry=1):
        assert_forbidden(agent.post("/api/v1/appointments", body, key="probe"))
