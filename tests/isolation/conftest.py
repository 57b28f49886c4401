"""Two practices, what is logged, and what is counted."""

import io
import logging
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import orjson
import pytest

from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Membership
from tests.callers import Caller, public
from tests.factories import (
    Clinic,
    make_block,
    make_bound_client,
    make_call,
    make_cap,
    make_dead_delivery,
    make_endpoint,
    make_feed,
    make_group,
    make_held,
    make_hours,
    make_import,
    make_inbound_message,
    make_invited,
    make_merge,
    make_message,
    make_notice,
    make_protocol,
    make_related_person,
    make_resource,
    make_time_off,
    make_visit,
    make_waiting,
    make_waitlist_offer,
)
from tests.integrations.bulk.jobs import submitted, texts
from tests.isolation.filled import fill
from tests.isolation.ids import Ids


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    """The clinic's agent, promoted: whom no permission keeps from the third gate."""
    with practice_scope(clinic.practice.id):
        Membership.objects.filter(user=clinic.agent).update(role=Role.PRACTICE_MANAGER)
    return Caller(clinic.agent, clinic.practice)


@pytest.fixture
def own_ids(agent: Caller, clinic: Clinic) -> Ids:
    """What the clinic has, under the names by which routes ask for it."""
    return Ids(
        {
            "patient_id": lambda: public("pat", clinic.patient.id),
            "appointment_id": lambda: agent.book(clinic).json()["appointmentId"],
            "related_person_id": lambda: public("rel", make_related_person(patient=clinic.patient).id),
            "merge_id": lambda: public("merge", make_merge(practice=clinic.practice).id),
            "client_id": lambda: public("appc", make_bound_client(practice=clinic.practice).id),
            "webhook_endpoint_id": lambda: public("whep", make_endpoint(practice=clinic.practice).id),
            "delivery_id": lambda: public("whd", make_dead_delivery(practice=clinic.practice).id),
            "inbound_message_id": lambda: public("imsg", make_inbound_message(clinic).id),
            "notice_id": lambda: public("notc", make_notice(practice=clinic.practice).id),
            "waitlist_entry_id": lambda: public("wait", make_waiting(clinic).id),
            "protocol_id": lambda: public("prot", make_protocol(practice=clinic.practice).id),
            "visit_id": lambda: public("visit", make_visit(clinic).id),
            "hold_id": lambda: public("hold", make_held(clinic, holder=clinic.agent).id),
            "resource_id": lambda: public("res", make_resource(clinic).id),
            "member_id": lambda: public("mem", make_invited(clinic).id),
            "practitioner_id": lambda: public("pract", clinic.practitioner.id),
            "hours_id": lambda: public("hours", make_hours(clinic).id),
            "time_off_id": lambda: public("toff", make_time_off(clinic).id),
            # Neither stands against anything that is probed.
            "block_id": lambda: public("blk", make_block(clinic, clinic.exam).id),
            "cap_id": lambda: public("cap", make_cap(clinic, most=100).id),
            "group_id": lambda: public("group", make_group(clinic).id),
            "call_id": lambda: public("call", make_call(clinic).id),
            "feed_id": lambda: public("feed", make_feed(clinic).id),
            "import_id": lambda: public("imp", make_import(practice=clinic.practice).id),
            "job_id": lambda: submitted(agent, texts(1)),
        }
    )


@pytest.fixture
def foreign_ids(other_clinic: Clinic) -> Ids:
    """One id of the other practice for each prefix."""
    there = Caller(other_clinic.agent, other_clinic.practice)
    offer = cache(lambda: make_waitlist_offer(other_clinic))
    delivery = cache(lambda: make_dead_delivery(practice=other_clinic.practice))
    return Ids(
        {
            "prac": lambda: public("prac", other_clinic.practice.id),
            "loc": lambda: public("loc", other_clinic.location.id),
            "pract": lambda: public("pract", other_clinic.practitioner.id),
            "pat": lambda: public("pat", other_clinic.patient.id),
            "slot": lambda: public("slot", other_clinic.slots[4].id),
            "appt": lambda: there.book(other_clinic).json()["appointmentId"],
            "rel": lambda: public("rel", make_related_person(patient=other_clinic.patient).id),
            "merge": lambda: public("merge", make_merge(practice=other_clinic.practice).id),
            "appc": lambda: public("appc", make_bound_client(practice=other_clinic.practice).id),
            "wait": lambda: public("wait", offer().entry_id),
            "wofr": lambda: public("wofr", offer().id),
            "wopn": lambda: public("wopn", offer().opening_id),
            "prot": lambda: public("prot", make_protocol(practice=other_clinic.practice).id),
            "whep": lambda: public("whep", make_endpoint(practice=other_clinic.practice).id),
            "whd": lambda: public("whd", delivery().id),
            "evt": lambda: public("evt", delivery().event_id),
            "msg": lambda: public("msg", make_message(other_clinic).id),
            "imsg": lambda: public("imsg", make_inbound_message(other_clinic).id),
            "notc": lambda: public("notc", make_notice(practice=other_clinic.practice).id),
            "visit": lambda: public("visit", make_visit(other_clinic).id),
            "hold": lambda: public("hold", make_held(other_clinic).id),
            "res": lambda: public("res", make_resource(other_clinic).id),
            "mem": lambda: public("mem", make_invited(other_clinic).id),
            "hours": lambda: public("hours", make_hours(other_clinic).id),
            "toff": lambda: public("toff", make_time_off(other_clinic).id),
            "blk": lambda: public("blk", make_block(other_clinic, other_clinic.exam).id),
            "cap": lambda: public("cap", make_cap(other_clinic, most=100).id),
            "group": lambda: public("group", make_group(other_clinic).id),
            "call": lambda: public("call", make_call(other_clinic).id),
            "feed": lambda: public("feed", make_feed(other_clinic).id),
            "imp": lambda: public("imp", make_import(practice=other_clinic.practice).id),
            "job": lambda: submitted(there, texts(1)),
        }
    )


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What has gone to standard output, line by line."""
    (handler,) = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield lambda: [orjson.loads(line) for line in stream.getvalue().splitlines()]
    handler.setStream(before)


@pytest.fixture
def ours(clinic: Clinic) -> Clinic:
    """A practice with a row in every table."""
    return fill(clinic)


@pytest.fixture
def theirs(other_clinic: Clinic) -> Clinic:
    """Another one, likewise."""
    return fill(other_clinic)
