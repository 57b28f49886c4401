"""The OpenAPI documents are true: each operation, called as they say, answers as they say."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from django.utils import timezone
from drf_spectacular.validation import validate_schema

from appointments.models import Appointment, Slot
from mybcat.gateway.certificates import thumbprint
from mybcat.ids import new_uuid
from mybcat.models import Event
from mybcat.principal import Role
from mybcat.relay import relay_events
from mybcat.tenancy import practice_scope
from practices.members.links import token_of
from tests.callers import Caller, public
from tests.certificates import issued
from tests.contract.openapi import errors, operations, schema
from tests.factories import (
    PASSWORD,
    Clinic,
    make_api_client,
    make_block,
    make_bound_client,
    make_call,
    make_cap,
    make_change,
    make_crm_connection,
    make_customer,
    make_daily_count,
    make_dead_delivery,
    make_endpoint,
    make_feed,
    make_group,
    make_held,
    make_hours,
    make_import,
    make_inbound_message,
    make_invited,
    make_member,
    make_merge,
    make_message,
    make_messaging_connection,
    make_notice,
    make_patient,
    make_protocol,
    make_related_person,
    make_resource,
    make_slots,
    make_time_off,
    make_visit,
    make_waiting,
    make_waitlist_offer,
    optometry,
    tomorrow_at,
)
from tests.integrations.bulk.jobs import texts, with_a_failure
from tests.integrations.clients.keys import jwks
from tests.isolation.routes import routes
from tests.standins import twilio
from tests.standins.hubspot import hubspot_for_us
from tests.standins.stripe import PRICES, Stripe

both_versions = pytest.mark.parametrize("version", ["v1", "v2"])

# Not for clients of the API, and so not described: documentation, probes, keys.
UNDESCRIBED = {
    "",
    ".well-known/jwks.json",
    ".well-known/oauth-authorization-server",
    "a/<str:token>",
    "api/docs",
    "api/schema/v1",
    "api/schema/v2",
    "calendar/<str:token>.ics",
    "healthz",
    "metrics",
    "readyz",
    "unsubscribe/<str:token>",
    "visit/<str:token>",
    "visit/<str:token>/state",
    "welcome",
}


@dataclass(frozen=True)
class Call:
    """Good input to one operation. Ids stand as {pat}, {appt} and so on, for the clinic's own."""

    status: int = 200
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    # As a form: OAuth knows no JSON in requests.
    form: dict[str, Any] | None = None
    versions: tuple[str, ...] = ("v1", "v2")
    # What must be there though the call does not name it, so that a list is not empty.
    made: tuple[str, ...] = ()
    # What v1 cannot be asked for.
    query_v2: dict[str, str] = field(default_factory=dict)


# Of no version, and yet for who is signed in.
BY_TOKEN = ("/auth/practice", "/auth/logout/everywhere")
# What came after v1 was frozen.
V2 = ("v2",)
DAYS = {"from": "{day}", "to": "{day}", "practitioner": "{pract}", "location": "{loc}"}
CALLS = {
    "signIn": Call(body={"email": "{email}", "password": PASSWORD, "practice": "{prac}"}),
    "refreshToken": Call(),
    "switchPractice": Call(body={"practice": "{prac}"}),
    "signOut": Call(status=204),
    "signOutEverywhere": Call(status=204),
    "clientToken": Call(
        form={"grant_type": "client_credentials", "client_id": "{client}", "client_secret": "{secret}"}
    ),
    "listMembers": Call(versions=V2),
    "addMember": Call(
        status=201,
        body={"email": "Ines@members.example", "name": "Ines Moreau", "role": "scheduling_agent"},
        versions=V2,
    ),
    "updateMember": Call(body={"role": "practitioner", "active": True}, versions=V2),
    "inviteMember": Call(versions=V2),
    "forgotPassword": Call(status=202, body={"email": "{email}"}),
    "choosePassword": Call(status=204, body={"token": "{welcome}", "password": "a long one for me"}),
    "listPractitioners": Call(query_v2={"status": "all"}),
    "createPractitioner": Call(
        status=201, body={"name": "Dr Ines Moreau", "qualification": "MD", "overbookingsADay": 0}, versions=V2
    ),
    "updatePractitioner": Call(body={"name": "Dr Alice Lee-Park", "memberId": "{mem}"}, versions=V2),
    "listLocations": Call(query_v2={"status": "all"}),
    "createLocation": Call(
        status=201,
        body={"name": "Uptown", "address": "", "phone": "+12125550199", "timeZone": "America/Denver"},
        versions=V2,
    ),
    "updateLocation": Call(body={"name": "Midtown", "timeZone": "America/Chicago", "active": True}, versions=V2),
    "listAppointmentTypes": Call(query_v2={"status": "active"}),
    "createAppointmentType": Call(
        status=201,
        body={
            "code": "dry_eye",
            "name": "Dry eye visit",
            "durationMinutes": 20,
            "bufferBeforeMinutes": 0,
            "bufferAfterMinutes": 5,
            "audience": "returning",
        },
        versions=V2,
    ),
    "updateAppointmentType": Call(body={"name": "Whole exam", "audience": "any"}, versions=V2),
    "getSelfServiceSettings": Call(versions=V2),
    "putSelfServiceSettings": Call(body={"leadHours": None, "horizonDays": 366}, versions=V2),
    "searchPatients": Call(query={"search": "okafor"}),
    "createPatient": Call(
        status=201,
        body={
            "firstName": "Ines",
            "lastName": "Moreau",
            "dateOfBirth": "1990-05-17",
            "phone": "212 555 0188",
            "email": "ines@patients.example",
            "insuranceProvider": "VSP",
            "smsConsent": True,
        },
    ),
    "getPatient": Call(),
    "updatePatient": Call(body={"lastName": "Ibe", "email": ""}),
    "listPatientAppointments": Call(),
    "listAppointments": Call(query=DAYS),
    "bookAppointment": Call(status=201, body={"patientId": "{pat}", "slotId": "{slot}", "type": "comprehensive_exam"}),
    "getAppointment": Call(),
    "cancelAppointment": Call(body={"reason": "patient_request"}),
    "moveAppointment": Call(body={"slotId": "{later}"}, versions=V2),
    "undoChange": Call(versions=V2),
    "swapAppointments": Call(body={"withAppointmentId": "{appt2}"}, versions=V2),
    "overbookAppointment": Call(
        status=201,
        body={"patientId": "{pat}", "slotId": "{taken}", "type": "comprehensive_exam", "reason": "cannot_wait"},
        versions=V2,
    ),
    "bookAppointmentGroup": Call(
        status=201,
        body={
            "kind": "chain",
            "items": [
                {"patientId": "{pat}", "slotId": "{step1}", "type": "comprehensive_exam"},
                {"patientId": "{pat}", "slotId": "{step2}", "type": "comprehensive_exam"},
            ],
        },
        versions=V2,
    ),
    "bookAppointmentSeries": Call(
        status=201,
        body={
            "patientId": "{pat}",
            "slotId": "{weekly}",
            "type": "comprehensive_exam",
            "everyWeeks": 1,
            "count": 2,
        },
        versions=V2,
    ),
    "searchAppointmentGroups": Call(
        body={"kind": "family", "items": [{"type": "comprehensive_exam"}, {"type": "comprehensive_exam"}]},
        versions=V2,
    ),
    "getAppointmentGroup": Call(versions=V2),
    "cancelAppointmentGroup": Call(body={"reason": "patient_request"}, versions=V2),
    "undoAppointmentGroup": Call(versions=V2),
    "listAppointmentBlocks": Call(versions=V2, made=("blk",)),
    # Neither is in the way of what is called after it.
    "createAppointmentBlock": Call(
        status=201,
        body={
            "practitionerId": "{pract}",
            "name": "New patients",
            "weekdays": ["monday", "tuesday"],
            "starts": "04:00",
            "ends": "05:00",
            "newPatients": True,
            "releaseHours": 48,
        },
        versions=V2,
    ),
    "changeAppointmentBlock": Call(body={"releaseHours": None}, versions=V2),
    "deleteAppointmentBlock": Call(status=204, versions=V2),
    "listAppointmentCaps": Call(versions=V2, made=("cap",)),
    "createAppointmentCap": Call(status=201, body={"type": "{type}", "most": 500}, versions=V2),
    "deleteAppointmentCap": Call(status=204, versions=V2),
    "listResources": Call(versions=V2, made=("res",)),
    "createResource": Call(
        status=201,
        body={"locationId": "{loc}", "kind": "room", "category": "lane", "name": "Lane 7"},
        versions=V2,
    ),
    "updateResource": Call(body={"name": "Lane 8", "active": False}, versions=V2),
    "putTypeResources": Call(body={"categories": ["lane"]}, versions=V2),
    # Previews: kept, they would close the slots that others here book.
    "listWorkingHours": Call(query={"practitioner": "{pract}"}, versions=V2, made=("hours",)),
    "createWorkingHours": Call(
        status=201,
        query={"preview": "true"},
        body={
            "practitionerId": "{pract}",
            "locationId": "{loc}",
            "weekday": "sunday",
            "starts": "09:00",
            "ends": "00:00",
            "validUntil": None,
        },
        versions=V2,
    ),
    "updateWorkingHours": Call(query={"preview": "true"}, body={"ends": "11:30"}, versions=V2),
    "deleteWorkingHours": Call(query={"preview": "true"}, versions=V2),
    "listTimeOff": Call(versions=V2, made=("toff",)),
    "createTimeOff": Call(
        status=201,
        query={"preview": "true"},
        body={"practitionerId": "{pract}", "firstDay": "{day}", "lastDay": "{day}", "reason": "vacation"},
        versions=V2,
    ),
    "deleteTimeOff": Call(status=204, versions=V2),
    "listHolds": Call(query={"practitioner": "{pract}"}, versions=V2, made=("hold",)),
    "placeHold": Call(
        status=201,
        body={"slotIds": ["{free}"], "type": "comprehensive_exam", "patientId": "{pat}"},
        versions=V2,
    ),
    "getWorkspace": Call(versions=V2),
    "putFrontDesk": Call(body={"greeting": "Good morning", "script": "", "insurance": ["VSP"]}, versions=V2),
    "openCall": Call(body={"callerNumber": "{phone}"}, status=201, versions=V2),
    "listCalls": Call(query={"from": "{today}", "to": "{today}"}, versions=V2, made=("call",)),
    "getCall": Call(versions=V2),
    "endCall": Call(body={"outcome": "not_booked", "reason": "price"}, versions=V2),
    "reportCalls": Call(query={"from": "{today}", "to": "{today}"}, versions=V2, made=("call",)),
    "listWaitlist": Call(query={"patient": "{pat}", "status": "waiting"}, versions=V2, made=("wait",)),
    "addToWaitlist": Call(
        status=201,
        body={
            "patientId": "{pat}",
            "type": "comprehensive_exam",
            "appointmentId": "{appt}",
            "weekdays": ["mon"],
            "practitionerIds": ["{pract}"],
            "locationIds": ["{loc}"],
            "fromDate": "{today}",
            "untilDate": "{today}",
            "partOfDay": "morning",
            "urgency": "urgent",
        },
        versions=V2,
    ),
    "getWaitlistEntry": Call(versions=V2),
    "withdrawFromWaitlist": Call(versions=V2),
    "listWaitlistOffers": Call(
        query={"practitioner": "{pract}", "slot": "{later}", "openingStatus": "open"}, versions=V2, made=("wofr",)
    ),
    "releaseHold": Call(status=204, versions=V2),
    "changeAppointmentStatus": Call(body={"status": "entered-in-error"}, versions=V2),
    "listSlots": Call(query={**DAYS, "type": "comprehensive_exam"}, query_v2={"patient": "{pat}"}),
    "nextSlots": Call(
        query={
            "type": "comprehensive_exam",
            "from": "2026-01-01T00:00:00Z",
            "practitioner": "{pract}",
            "location": "{loc}",
            "count": "3",
        },
        query_v2={
            "until": "2100-01-01T00:00:00Z",
            "partOfDay": "morning",
            "weekday": "mon,tue,wed,thu,fri,sat,sun",
            "urgency": "routine",
            "newPatient": "true",
            "patient": "{pat}",
            "insurance": "VSP",
        },
    ),
    "whyNot": Call(
        query={
            "type": "comprehensive_exam",
            "practitioner": "{pract}",
            "location": "{loc}",
            "start": "2026-01-01T09:00:00Z",
            "newPatient": "true",
            "patient": "{pat}",
        },
        versions=V2,
    ),
    "exportPatients": Call(versions=V2),
    "matchPatients": Call(
        body={"firstName": "Ada", "lastName": "Okafor", "dateOfBirth": "1984-03-09", "phone": "212 555 0188"},
        versions=V2,
    ),
    "mergePatients": Call(status=201, body={"mergedPatientId": "{copy}"}, versions=V2),
    "listPatientMerges": Call(versions=V2, made=("merge",)),
    "undoPatientMerge": Call(versions=V2),
    "listRelatedPersons": Call(versions=V2, made=("rel",)),
    "addRelatedPerson": Call(
        status=201,
        body={"name": "Uche Okafor", "relationship": "parent", "phone": "212 555 0189", "maySchedule": True},
        versions=V2,
    ),
    "changeRelatedPerson": Call(body={"phone": ""}, versions=V2),
    "removeRelatedPerson": Call(status=204, versions=V2),
    "listAccess": Call(query={"from": "{since}", "to": "{until}"}, versions=V2),
    "listPatientAudit": Call(query={"from": "{since}", "to": "{until}"}, versions=V2),
    "getProtocol": Call(versions=V2),
    "evaluateProtocol": Call(body={"answers": {"symptoms": ["none"]}, "protocolId": "{prot}"}, versions=V2),
    "listProtocolVersions": Call(versions=V2, made=("prot",)),
    "draftProtocol": Call(status=201, body={"origin": "platform"}, versions=V2),
    "getProtocolVersion": Call(versions=V2),
    "saveProtocol": Call(body={"definition": optometry()[0], "examples": optometry()[1]}, versions=V2),
    "discardProtocol": Call(status=204, versions=V2),
    "checkProtocol": Call(versions=V2),
    "publishProtocol": Call(body={"effectiveFrom": "2030-01-01T00:00:00Z"}, versions=V2),
    "listApiClients": Call(versions=V2, made=("appc",)),
    "createApiClient": Call(
        status=201, body={"name": "Recall", "scopes": ["patients:read"], "jwks": jwks("ES256")}, versions=V2
    ),
    "getApiClient": Call(versions=V2),
    "updateApiClient": Call(body={"name": "Renamed"}, versions=V2),
    "rotateApiClientSecret": Call(body={"overlapSeconds": 60}, versions=V2),
    "revokeApiClient": Call(versions=V2),
    "addApiClientCertificate": Call(status=201, body={"certificate": issued("next").pem}, versions=V2),
    "revokeApiClientCertificate": Call(body={"thumbprint": thumbprint(issued("partner").certificate)}, versions=V2),
    "submitBulkMessages": Call(status=202, body={"messages": texts(2)}),
    "getBulkStatus": Call(),
    "listBulkJobs": Call(versions=V2, made=("job",)),
    "exportAppointments": Call(query={"from": "{day}", "to": "{day}"}, versions=V2),
    "exportWorkingHours": Call(versions=V2, made=("hours",)),
    "createCalendarFeed": Call(status=201, body={"practitionerId": "{pract}", "showPatients": True}, versions=V2),
    "listCalendarFeeds": Call(versions=V2, made=("feed",)),
    "revokeCalendarFeed": Call(status=204, versions=V2),
    "rotateCalendarFeed": Call(versions=V2),
    "createImport": Call(
        status=201,
        body={
            "kind": "patients",
            "content": "firstName,lastName,dateOfBirth\r\nInes,Moreau,5/17/1990\r\n",
            "dryRun": True,
            "dates": "us",
            "evenIfAlike": False,
        },
        versions=V2,
    ),
    "listImports": Call(versions=V2, made=("imp",)),
    "getImport": Call(versions=V2),
    "getImportErrors": Call(versions=V2),
    "getBulkFailures": Call(versions=V2),
    "pauseBulk": Call(versions=V2),
    "resumeBulk": Call(versions=V2),
    "cancelBulk": Call(versions=V2),
}
# What ids in paths name.
DAILY = Call(query={"from": "{day}", "to": "{day}", "by": "practitioner"}, versions=V2, made=("count",))
CALLS |= {"dailyAnalytics": DAILY, "exportDailyAnalytics": DAILY}
FIGURES = {"from": "{day}", "to": "{day}"}
CALLS |= {
    "reportFillRate": Call(query=FIGURES, versions=V2, made=("slot",)),
    "exportFillRate": Call(query=FIGURES, versions=V2, made=("slot",)),
    "reportLeadTimes": Call(query={**FIGURES, "by": "type"}, versions=V2, made=("appt",)),
    "exportLeadTimes": Call(query={**FIGURES, "by": "day"}, versions=V2, made=("appt",)),
    "reportThirdNextAvailable": Call(versions=V2, made=("slot",)),
    "exportThirdNextAvailable": Call(versions=V2, made=("slot",)),
    "reportCallBookings": Call(query={"from": "{today}", "to": "{today}"}, versions=V2, made=("call",)),
    "exportCallBookings": Call(query={"from": "{today}", "to": "{today}"}, versions=V2, made=("call",)),
}
CRM_TERMS = {
    "accessToken": "pat-na1-good-token",
    "businessAssociateAgreement": True,
    "share": {"name": True, "email": True, "phone": True},
}
CALLS |= {
    "getCrmConnection": Call(versions=V2, made=("crm",)),
    "putCrmConnection": Call(body=CRM_TERMS, versions=V2),
    "deleteCrmConnection": Call(status=204, versions=V2, made=("crm",)),
    "testCrmConnection": Call(versions=V2, made=("crm",)),
    "getSubscription": Call(versions=V2),
    "getUsage": Call(versions=V2),
    "createCheckoutSession": Call(status=201, body={"plan": "standard"}, versions=V2),
    "createPortalSession": Call(status=201, versions=V2, made=("customer",)),
}
CALLS |= {
    "listWebhookEndpoints": Call(versions=V2, made=("whep",)),
    "createWebhookEndpoint": Call(
        status=201, body={"url": "http://127.0.0.1:4242/in", "enabledEvents": ["appointment.*"]}, versions=V2
    ),
    "getWebhookEndpoint": Call(versions=V2),
    "deleteWebhookEndpoint": Call(status=204, versions=V2),
    "changeWebhookEndpoint": Call(body={"enabledEvents": ["*"]}, versions=V2),
    "rotateWebhookSecret": Call(versions=V2),
    "sendTestEvent": Call(status=202, versions=V2),
    "replayWebhookEndpoint": Call(status=202, versions=V2),
    "listWebhookDeliveries": Call(
        query={"endpointId": "{whep}", "status": "dead", "order": "newest"}, versions=V2, made=("whep", "whd")
    ),
    "getWebhookDelivery": Call(versions=V2),
    "listWebhookDeliveryAttempts": Call(versions=V2),
    "replayWebhookDelivery": Call(status=202, versions=V2),
    "listDeadLetters": Call(query={"listener": "webhooks"}, versions=V2, made=("whd",)),
    "replayDeadLetters": Call(status=202, body={"deliveryIds": ["{whd}"]}, versions=V2),
    "discardDeadLetters": Call(body={"deliveryIds": ["{whd}"], "reason": "not wanted"}, versions=V2),
    "listNotices": Call(versions=V2, made=("notc",)),
    "acknowledgeNotice": Call(versions=V2),
}
CALLS |= {
    "getMessagingConnection": Call(versions=V2, made=("twilio",)),
    "putMessagingConnection": Call(
        body={"accountSid": twilio.ACCOUNT, "authToken": twilio.TOKEN, "number": "+16465550100"}, versions=V2
    ),
    "deleteMessagingConnection": Call(status=204, versions=V2, made=("twilio",)),
    "testMessagingConnection": Call(versions=V2, made=("twilio",)),
    "getCommunication": Call(versions=V2),
    "changeCommunication": Call(body={"channel": "email", "declined": ["reminder"]}, versions=V2),
    "listPatientMessages": Call(versions=V2, made=("msg",)),
    "listMessageTemplates": Call(query={"language": "es"}, versions=V2),
    "putMessageTemplate": Call(body={"body": "{practice}: see you soon."}, versions=V2),
    "deleteMessageTemplate": Call(status=204, versions=V2),
    "previewMessageTemplate": Call(body={"appointmentId": "{appt}"}, versions=V2),
    "listInbox": Call(query={"status": "open"}, versions=V2, made=("imsg",)),
    "getInboundMessage": Call(versions=V2),
    "getInboxThread": Call(versions=V2),
    "replyToInboundMessage": Call(status=201, body={"text": "See you then", "patientId": "{pat}"}, versions=V2),
    "changeInboundMessage": Call(body={"status": "handled", "assignedToMe": True}, versions=V2),
}
CALLS |= {
    "planVisit": Call(
        status=201, body={"appointmentId": "{appt}", "destination": {"lat": 40.7, "lng": -74.0}}, versions=V2
    ),
    "listVisits": Call(versions=V2, made=("visit",)),
    "getVisit": Call(versions=V2),
    "moveVisitOn": Call(body={"status": "under_way"}, versions=V2),
    "createVisitLink": Call(status=201, versions=V2),
    "getReminderSettings": Call(versions=V2),
    "putReminderSettings": Call(body={"offsetsMinutes": [1440], "cutoffMinutes": 60}, versions=V2),
    "getWaitlistSettings": Call(versions=V2),
    "putWaitlistSettings": Call(
        body={"active": True, "batchSize": 2, "answerMinutes": 30, "leadHours": 4}, versions=V2
    ),
    "getVisitPolicy": Call(versions=V2),
    "putVisitPolicy": Call(body={"trailDays": 7}, versions=V2),
    "createLiveTicket": Call(status=201, versions=V2),
    "listChanges": Call(query={"after": "0"}, versions=V2, made=("change",)),
}
NAMED = {
    "webhook_endpoint_id": "whep",
    "delivery_id": "whd",
    "notice_id": "notc",
    "inbound_message_id": "imsg",
    "template_name": "template",
    "patient_id": "pat",
    "appointment_id": "appt",
    "protocol_id": "prot",
    "merge_id": "merge",
    "related_person_id": "rel",
    "client_id": "appc",
    "job_id": "job",
    "import_id": "imp",
    "feed_id": "feed",
    "visit_id": "visit",
    "hold_id": "hold",
    "call_id": "call",
    "resource_id": "res",
    "location_id": "loc",
    "practitioner_id": "pract",
    "member_id": "mem",
    "hours_id": "hours",
    "time_off_id": "toff",
    "block_id": "blk",
    "cap_id": "cap",
    "type_code": "type",
    "group_id": "group",
    "waitlist_entry_id": "wait",
}
FORM = "application/x-www-form-urlencoded"
PAGING = {"v1": {"page": "1", "pageSize": "10"}, "v2": {"limit": "10"}}


@pytest.fixture(autouse=True)
def _vendors(settings: Any) -> Iterator[None]:
    """Those whom some operations ask, on this machine."""
    stripe = Stripe()
    settings.STRIPE_API_URL, settings.STRIPE_SECRET_KEY, settings.STRIPE_PRICES = stripe.url, "sk_test_good", PRICES
    stripe.customers["cus_1"] = {}
    with hubspot_for_us(), stripe.running():
        yield


@pytest.fixture
def agent(clinic: Clinic) -> Caller:
    """A manager: who may call every operation."""
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def _relayed(event: Event) -> str:
    relay_events(now=timezone.now())
    return public("evt", event.id)


def _grouped(clinic: Clinic) -> str:
    """A group of what the patient has."""
    group = make_group(clinic)
    with practice_scope(clinic.practice.id):
        Appointment.objects.update(group=group)
    return public("group", group.id)


def _slots_at(clock: str, clinic: Clinic) -> list[Slot]:
    start = tomorrow_at(clock, time_zone=clinic.practice.time_zone)
    return make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=2)


def _booked_at(clock: str, clinic: Clinic) -> dict[str, str]:
    slot = public("slot", _slots_at(clock, clinic)[0].id)
    answer = Caller(clinic.agent, clinic.practice).book(clinic, slotId=slot)
    return {"appointmentId": answer.json()["appointmentId"], "slotId": slot}


def _weekly(clinic: Clinic) -> str:
    """A slot that is there again a week later."""
    begins = [tomorrow_at("14:00", time_zone=clinic.practice.time_zone, days=days) for days in (1, 8)]
    made = [
        make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=2) for start in begins
    ]
    return public("slot", made[0][0].id)


class Own(dict[str, str]):
    """What the calls name. What would stand in another call's way is made when it is asked for."""

    def __init__(self, clinic: Clinic, agent: Caller, **values: str) -> None:
        super().__init__(**values)
        self.clinic, self.agent = clinic, agent

    def __missing__(self, name: str) -> str:
        # In v1 a job is shown to whom submitted it, and to nobody else.
        made = with_a_failure(self.agent) if name == "job" else MAKERS[name](self.clinic)
        return self.setdefault(name, made)

    def at(self, path: str) -> str:
        """The path with these ids in it."""
        return re.sub(r"{(\w+)}", lambda place: self[NAMED[place[1]]], path)


MAKERS: dict[str, Callable[[Clinic], str]] = {
    "hours": lambda clinic: public("hours", make_hours(clinic).id),
    "mem": lambda clinic: public("mem", make_invited(clinic).id),
    "welcome": lambda clinic: token_of(make_invited(clinic).user),
    "toff": lambda clinic: public("toff", make_time_off(clinic).id),
    "feed": lambda clinic: public("feed", make_feed(clinic).id),
    "imp": lambda clinic: public("imp", make_import(practice=clinic.practice).id),
    "hold": lambda clinic: public("hold", make_held(clinic, holder=clinic.agent).id),
    "group": _grouped,
    "res": lambda clinic: public("res", make_resource(clinic).id),
    "blk": lambda clinic: public("blk", make_block(clinic, clinic.exam).id),
    "cap": lambda clinic: public("cap", make_cap(clinic, practitioner=clinic.practitioner, most=100).id),
    "type": lambda clinic: clinic.exam.code,
    "step1": lambda clinic: public("slot", _slots_at("15:00", clinic)[0].id),
    "step2": lambda clinic: public("slot", _slots_at("16:00", clinic)[0].id),
    "appt2": lambda clinic: _booked_at("17:00", clinic)["appointmentId"],
    "taken": lambda clinic: _booked_at("18:00", clinic)["slotId"],
    "free": lambda clinic: public("slot", _slots_at("19:00", clinic)[0].id),
    "weekly": _weekly,
    "wait": lambda clinic: public("wait", make_waiting(clinic).id),
    "wofr": lambda clinic: public("wofr", make_waitlist_offer(clinic).id),
    "call": lambda clinic: public("call", make_call(clinic).id),
    "visit": lambda clinic: public("visit", make_visit(clinic).id),
    "change": lambda clinic: _relayed(make_change(clinic)),
    "prot": lambda clinic: public("prot", make_protocol(practice=clinic.practice).id),
    "copy": lambda clinic: public("pat", make_patient(practice=clinic.practice).id),
    "merge": lambda clinic: public("merge", make_merge(practice=clinic.practice).id),
    "rel": lambda clinic: public("rel", make_related_person(patient=clinic.patient).id),
    "appc": lambda clinic: public("appc", make_bound_client(practice=clinic.practice).id),
    "crm": lambda clinic: str(make_crm_connection(practice=clinic.practice).id),
    "customer": lambda clinic: make_customer(practice=clinic.practice),
    "whep": lambda clinic: public("whep", make_endpoint(practice=clinic.practice).id),
    "whd": lambda clinic: public("whd", make_dead_delivery(practice=clinic.practice).id),
    # Templates have braces of their own.
    "practice": lambda clinic: "{practice}",
    "twilio": lambda clinic: str(make_messaging_connection(practice=clinic.practice).id),
    "template": lambda clinic: "booked.sms.en",
    "msg": lambda clinic: public("msg", make_message(clinic).id),
    "imsg": lambda clinic: public("imsg", make_inbound_message(clinic).id),
    "notc": lambda clinic: public("notc", make_notice(practice=clinic.practice).id),
    "count": lambda clinic: str(make_daily_count(practice=clinic.practice).id),
}


@pytest.fixture
def own(agent: Caller, clinic: Clinic) -> Own:
    """The patient has an appointment."""
    client, secret = make_api_client(practice=clinic.practice)
    values = {
        "client": public("appc", client.id),
        "secret": str(secret),
        "prac": public("prac", clinic.practice.id),
        "pract": public("pract", clinic.practitioner.id),
        "loc": public("loc", clinic.location.id),
        "pat": public("pat", clinic.patient.id),
        "slot": public("slot", clinic.slots[4].id),
        "later": public("slot", clinic.slots[6].id),
        "appt": agent.book(clinic).json()["appointmentId"],
        "day": clinic.slots[0].starts_at.astimezone(clinic.zone).date().isoformat(),
        "today": timezone.now().astimezone(clinic.zone).date().isoformat(),
        "phone": clinic.patient.phone,
        "email": clinic.agent.email,
        "since": (timezone.now() - timedelta(days=1)).isoformat(),
        "until": (timezone.now() + timedelta(days=1)).isoformat(),
    }
    return Own(clinic, agent, **values)


def filled(values: dict[str, Any], own: Own) -> dict[str, Any]:
    return {name: _filled(value, own) for name, value in values.items()}


def _filled(value: Any, own: Own) -> Any:
    if isinstance(value, dict):
        return filled(value, own)
    if isinstance(value, list):
        return [_filled(each, own) for each in value]
    return value.format_map(own) if isinstance(value, str) else value


def send(
    agent: Caller,
    method: str,
    path: str,
    query: dict[str, str],
    body: dict[str, Any] | None,
    *,
    kind: str = "application/json",
) -> Any:
    headers = {**agent.headers, "X-Idempotency-Key": "a-key"} if kind != FORM else {}
    text = b"" if body is None else urlencode(body).encode() if kind == FORM else orjson.dumps(body)
    return agent.http.generic(method, path, text, kind, query_params=query, headers=headers)


@both_versions
def test_the_document_is_openapi_3_0(version: str) -> None:
    document = schema(version)
    validate_schema(document)
    assert (document["openapi"], document["info"]["version"]) == ("3.0.3", version)
    assert document["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }


@both_versions
def test_every_route_is_described_and_nothing_else(version: str) -> None:
    other = {"v1": "api/v2/", "v2": "api/v1/"}[version]
    served = {
        (method, "/" + route.path.replace("<str:", "{").replace(">", "}"))
        for route in routes()
        if route.path not in UNDESCRIBED and not route.path.startswith(other)
        for method in route.methods
    }
    assert {(method, path) for method, path, _ in operations(version)} == served


@both_versions
def test_every_operation_has_a_call_here(version: str) -> None:
    names = [operation["operationId"] for _, _, operation in operations(version)]
    assert sorted(names) == sorted(name for name, call in CALLS.items() if version in call.versions)


@both_versions
def test_what_is_deprecated_and_what_asks_for_a_token_is_said(version: str) -> None:
    for _, path, operation in operations(version):
        versioned = path.startswith(f"/api/{version}/")
        assert operation.get("deprecated", False) == (versioned and version == "v1"), path
        assert operation.get("security") == ([{"bearer": []}] if versioned or path.endswith(BY_TOKEN) else None)


@pytest.mark.parametrize(("version", "name"), [(version, name) for name in CALLS for version in CALLS[name].versions])
def test_an_operation_answers_as_described(agent: Caller, own: Own, version: str, name: str) -> None:
    ((method, path, operation),) = [each for each in operations(version) if each[2]["operationId"] == name]
    call = CALLS[name]
    assert all(own[made] for made in call.made)
    parameters = {each["name"]: each for each in operation.get("parameters", [])}
    paged = {"page", "pageSize", "limit"} & set(parameters)
    asked = {**call.query, **(call.query_v2 if version == "v2" else {})}
    query = {**filled(asked, own), **(PAGING[version] if paged else {})}
    described = {name for name, each in parameters.items() if each["in"] == "query"}
    assert set(query) | ({"cursor"} & described) == described, "every parameter is tried"
    kind, given = (FORM, call.form) if call.form else ("application/json", call.body)
    body = None if given is None else filled(given, own)
    if body is not None:
        assert errors(body, operation["requestBody"]["content"][kind]["schema"], version) == []
    answer = send(agent, method, own.at(path), query, body, kind=kind)
    assert (
        [code for code in operation["responses"] if code not in ("default", "429")]
        == [str(call.status)]
        == [str(answer.status_code)]
    )
    content = operation["responses"][str(call.status)].get("content")
    if content is None:
        assert answer.content == b""
        return
    if "text/csv" in content:
        assert (list(content), answer.headers["Content-Type"]) == (["text/csv"], "text/csv; charset=utf-8")
        assert answer.content.count(b"\r\n") > 1, "a line besides the head"
        return
    assert list(content) == ["application/json"] == [answer.headers["Content-Type"]]
    assert errors(answer.json(), content["application/json"]["schema"], version) == []
    assert answer.json().get("results", answer.json().get("data", "no list")) != []


@both_versions
def test_a_patient_s_visits_are_as_described_when_there_are_none(agent: Caller, clinic: Clinic, version: str) -> None:
    answer = agent.get(f"/api/{version}/patients/{public('pat', clinic.patient.id)}")
    assert (answer.json()["nextAppointment"], answer.json()["lastVisit"]) == (None, None)
    (operation,) = [each for _, _, each in operations(version) if each["operationId"] == "getPatient"]
    assert errors(answer.json(), operation["responses"]["200"]["content"]["application/json"]["schema"], version) == []


@both_versions
def test_every_refusal_is_as_described(agent: Caller, own: Own, version: str) -> None:
    """Each operation with an id that nobody has, with a member that it does not know, and without a token."""
    # Last what signs the caller out: every other operation is to refuse somebody whom it knows.
    for method, path, operation in sorted(operations(version), key=lambda each: "/logout" in each[1]):
        address = path.format(**{name: public(prefix, new_uuid()) for name, prefix in NAMED.items()})
        answers = [send(agent, method, address, {"x": "1"}, {"x": 1})]
        answers.append(agent.http.generic(method, address))
        ((kind, content),) = operation["responses"]["default"]["content"].items()
        for answer in answers:
            if answer.status_code < 400:
                # What takes nothing in has nothing to refuse to whom it knows.
                assert not operation.get("parameters"), path
                assert "requestBody" not in operation, path
                continue
            assert answer.headers["Content-Type"] == kind, path
            assert errors(answer.json(), content["schema"], version) == []


@both_versions
def test_a_wrong_answer_would_be_seen(version: str) -> None:
    """Negative control of the comparison itself."""
    appointment = schema(version)["components"]["schemas"]["AppointmentOutput"]
    good = dict.fromkeys(appointment["properties"], "x")
    good["status"] = appointment["properties"]["status"]["enum"][0]
    instants = dict.fromkeys(("start", "end", "confirmedAt"), "2026-04-24T10:00:00Z")
    times = {"date": "2026-04-24", "time": "10:00", **instants}
    good |= {name: value for name, value in {**times, "overbooked": False}.items() if name in good}
    assert errors(good, appointment, version) == []
    for wrong in (
        {**good, "patientName": "Ada"},
        {name: value for name, value in good.items() if name != "slotId"},
        {**good, "status": "pending"},
        {**good, "type": None},
        {**good, "slotId": 7},
        {**good, ("date" if version == "v1" else "start"): "24 April"},
    ):
        assert len(errors(wrong, appointment, version)) == 1
