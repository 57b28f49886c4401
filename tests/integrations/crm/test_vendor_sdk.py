"""The adapter asks as the vendor's own package does, and the stand-in answers what that package can read."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hubspot import HubSpot as Sdk
from hubspot.crm import contacts, properties
from hubspot.crm.association_type import AssociationType
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.crm.objects import meetings

from integrations.crm.hubspot import MEETING_TO_CONTACT, HubSpot
from tests.standins.hubspot import TOKEN, limited
from tests.standins.hubspot import HubSpot as Standin


@pytest.fixture
def sdk(hubspot: Standin) -> Sdk:
    client = Sdk(access_token=TOKEN)
    client.config["host"] = hubspot.url
    return client


@pytest.fixture
def adapter(hubspot: Standin) -> HubSpot:
    ours = HubSpot(token=TOKEN, base_url=hubspot.url)
    ours.prepare()
    hubspot.asked.clear()
    return ours


def pointed(api: Any, hubspot: Standin) -> Any:
    """The package's API at the stand-in's address."""
    api.api_client.configuration.host = hubspot.url
    return api


def asked_by(hubspot: Standin, call: Callable[[], Any]) -> tuple[str, str, Any]:
    hubspot.asked.clear()
    call()
    (asked,) = hubspot.asked
    return asked.method, asked.path, json.loads(asked.body) if asked.body else None


def test_a_contact_is_read_as_the_package_reads_it(sdk: Sdk, adapter: HubSpot, hubspot: Standin) -> None:
    hubspot.add_contact(email="ada@patients.example", lastname="Okafor")
    api = pointed(sdk.crm.contacts.batch_api, hubspot)
    wanted = contacts.BatchReadInputSimplePublicObjectId(
        id_property="email",
        inputs=[contacts.SimplePublicObjectId(id="ada@patients.example")],
        properties=["mybcat_patient_id", "lastname"],
        properties_with_history=[],
    )
    theirs = asked_by(hubspot, lambda: api.read(wanted))
    assert asked_by(hubspot, lambda: adapter.contact_with_email("ada@patients.example")) == theirs
    assert api.read(wanted).results[0].properties["lastname"] == "Okafor"


def test_a_contact_that_is_not_there_is_no_error_to_either(sdk: Sdk, adapter: HubSpot, hubspot: Standin) -> None:
    api = pointed(sdk.crm.contacts.batch_api, hubspot)
    wanted = contacts.BatchReadInputSimplePublicObjectId(
        id_property="mybcat_patient_id",
        inputs=[contacts.SimplePublicObjectId(id="pat_1")],
        properties=[],
        properties_with_history=[],
    )
    assert (api.read(wanted).results, adapter.linked_contact(patient_id="pat_1")) == ([], None)


def test_contacts_and_meetings_are_put_as_the_package_puts_them(sdk: Sdk, adapter: HubSpot, hubspot: Standin) -> None:
    told = {"firstname": "Ada", "mybcat_patient_id": "pat_1"}
    record = contacts.SimplePublicObjectBatchInputUpsert(id_property="mybcat_patient_id", id="pat_1", properties=told)
    batch = contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[record])
    api = pointed(sdk.crm.contacts.batch_api, hubspot)
    theirs = asked_by(hubspot, lambda: api.upsert(batch))
    assert asked_by(hubspot, lambda: adapter.put_contact("pat_1", {"firstname": "Ada"})) == theirs
    assert (api.upsert(batch).results[0].new, len(hubspot.contacts)) == (False, 1)

    told = {"hs_timestamp": "2026-03-03T15:00:00Z", "mybcat_appointment_id": "appt_1"}
    meeting = meetings.SimplePublicObjectBatchInputUpsert(
        id_property="mybcat_appointment_id", id="appt_1", properties=told
    )
    both = meetings.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[meeting])
    meeting_api = pointed(sdk.crm.objects.meetings.batch_api, hubspot)
    theirs = asked_by(hubspot, lambda: meeting_api.upsert(both))
    assert asked_by(hubspot, lambda: adapter.put_meeting("appt_1", {"hs_timestamp": "2026-03-03T15:00:00Z"})) == theirs


def test_a_contact_is_updated_as_the_package_updates_it(sdk: Sdk, adapter: HubSpot, hubspot: Standin) -> None:
    contact = hubspot.add_contact(lastname="Okafor")
    api = pointed(sdk.crm.contacts.basic_api, hubspot)
    change = contacts.SimplePublicObjectInput(properties={"lastname": "Ibe"})
    theirs = asked_by(hubspot, lambda: api.update(contact, change))
    assert asked_by(hubspot, lambda: adapter.update_contact(contact, {"lastname": "Ibe"})) == theirs


def test_numbers_are_searched_as_the_package_searches_them(sdk: Sdk, adapter: HubSpot, hubspot: Standin) -> None:
    hubspot.add_contact(phone="+12125550123")
    api = pointed(sdk.crm.contacts.search_api, hubspot)
    group = contacts.FilterGroup(filters=[contacts.Filter(property_name="phone", operator="EQ", value="+12125550123")])
    wanted = contacts.PublicObjectSearchRequest(
        filter_groups=[group], properties=["mybcat_patient_id", "lastname"], limit=2
    )
    theirs = asked_by(hubspot, lambda: api.do_search(wanted))
    assert asked_by(hubspot, lambda: adapter.contacts_with_phone("+12125550123")) == theirs
    assert api.do_search(wanted).total == 1


def test_our_properties_are_made_as_the_package_makes_them(sdk: Sdk, hubspot: Standin) -> None:
    api = pointed(sdk.crm.properties.core_api, hubspot)
    wanted = properties.PropertyCreate(
        name="mybcat_patient_id",
        label="MyBCAT patient",
        group_name="contactinformation",
        type="string",
        field_type="text",
        has_unique_value=True,
    )
    theirs = asked_by(hubspot, lambda: api.create("contacts", wanted))
    hubspot.asked.clear()
    HubSpot(token=TOKEN, base_url=hubspot.url).prepare()
    first = hubspot.asked[0]
    assert (first.method, first.path, json.loads(first.body)) == theirs


def test_a_meeting_belongs_to_a_contact_by_hubspot_s_own_number() -> None:
    assert AssociationType.MEETING_TO_CONTACT == MEETING_TO_CONTACT


def test_refusals_are_what_the_package_takes_for_refusals(sdk: Sdk, hubspot: Standin) -> None:
    api = pointed(sdk.crm.contacts.batch_api, hubspot)
    record = contacts.SimplePublicObjectBatchInputUpsert(id_property="nobody_made_this", id="1", properties={})
    batch = contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[record])
    with pytest.raises(ApiException) as missing:
        api.upsert(batch)
    assert (missing.value.status, "PROPERTY_DOESNT_EXIST" in missing.value.body) == (400, True)
    hubspot.mood = limited()
    with pytest.raises(ApiException) as much:
        api.upsert(batch)
    assert (much.value.status, json.loads(much.value.body)["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    assert much.value.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
