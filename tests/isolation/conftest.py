"""Two practices, what is logged, and what is counted."""

import io
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from django.test import Client

from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Membership
from tests.callers import Caller, public
from tests.factories import (
    Clinic,
    make_bound_client,
    make_dead_delivery,
    make_endpoint,
    make_held,
    make_merge,
    make_notice,
    make_protocol,
    make_related_person,
    make_visit,
)
from tests.integrations.bulk.jobs import submitted, texts
from tests.isolation.filled import fill


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    """The clinic's agent, promoted: whom no permission keeps from the third gate."""
    with practice_scope(clinic.practice.id):
        Membership.objects.filter(user=clinic.agent).update(role=Role.PRACTICE_MANAGER)
    return Caller(clinic.agent, clinic.practice)


@pytest.fixture
def own_ids(agent: Caller, clinic: Clinic) -> dict[str, str]:
    """What the clinic has, under the names by which routes ask for it."""
    return {
        "patient_id": public("pat", clinic.patient.id),
        "appointment_id": agent.book(clinic).json()["appointmentId"],
        "related_person_id": public("rel", make_related_person(patient=clinic.patient).id),
        "merge_id": public("merge", make_merge(practice=clinic.practice).id),
        "client_id": public("appc", make_bound_client(practice=clinic.practice).id),
        "webhook_endpoint_id": public("whep", make_endpoint(practice=clinic.practice).id),
        "delivery_id": public("whd", make_dead_delivery(practice=clinic.practice).id),
        "notice_id": public("notc", make_notice(practice=clinic.practice).id),
        "protocol_id": public("prot", make_protocol(practice=clinic.practice).id),
        "visit_id": public("visit", make_visit(clinic).id),
        "hold_id": public("hold", make_held(clinic, holder=clinic.agent).id),
        "job_id": submitted(agent, texts(1)),
    }


@pytest.fixture
def foreign_ids(other_clinic: Clinic) -> dict[str, str]:
    """One id of the other practice for each prefix."""
    there = Caller(other_clinic.agent, other_clinic.practice)
    return {
        "prac": public("prac", other_clinic.practice.id),
        "loc": public("loc", other_clinic.location.id),
        "pract": public("pract", other_clinic.practitioner.id),
        "pat": public("pat", other_clinic.patient.id),
        "slot": public("slot", other_clinic.slots[4].id),
        "appt": there.book(other_clinic).json()["appointmentId"],
        "rel": public("rel", make_related_person(patient=other_clinic.patient).id),
        "merge": public("merge", make_merge(practice=other_clinic.practice).id),
        "appc": public("appc", make_bound_client(practice=other_clinic.practice).id),
        "prot": public("prot", make_protocol(practice=other_clinic.practice).id),
        "whep": public("whep", make_endpoint(practice=other_clinic.practice).id),
        "whd": public("whd", (delivery := make_dead_delivery(practice=other_clinic.practice)).id),
        "evt": public("evt", delivery.event_id),
        "notc": public("notc", make_notice(practice=other_clinic.practice).id),
        "visit": public("visit", make_visit(other_clinic).id),
        "hold": public("hold", make_held(other_clinic).id),
        "job": submitted(there, texts(1)),
    }


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What has gone to standard output, line by line."""
    (handler,) = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield lambda: [orjson.loads(line) for line in stream.getvalue().splitlines()]
    handler.setStream(before)


@pytest.fixture
def attempts(client: Client) -> Callable[[], float]:
    """The counter of attempts on another practice's rows, as operators read it."""

    def read() -> float:
        text = client.get("/metrics").content.decode()
        return float(re.findall(r"^mybcat_cross_practice_attempts_total (\S+)$", text, re.MULTILINE)[0])

    return read


@pytest.fixture
def ours(clinic: Clinic) -> Clinic:
    """A practice with a row in every table."""
    return fill(clinic)


@pytest.fixture
def theirs(other_clinic: Clinic) -> Clinic:
    """Another one, likewise."""
    return fill(other_clinic)
