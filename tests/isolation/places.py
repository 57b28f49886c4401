"""Where an id may stand, in every request there is. A route without a row here fails a test."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from mybcat.gateway.certificates import thumbprint
from mybcat.ids import new_uuid, public_id
from tests.callers import Caller
from tests.certificates import issued
from tests.factories import PASSWORD, Clinic, optometry


@dataclass(frozen=True)
class Place:
    """`where` is path, body or query; `prefix` tells what the id names."""

    where: str
    name: str
    prefix: str


PATIENT = Place("path", "patient_id", "pat")
VISIT = Place("path", "visit_id", "visit")
JOB = Place("path", "job_id", "job")
APPOINTMENT = Place("path", "appointment_id", "appt")
RELATED_PERSON = Place("path", "related_person_id", "rel")
ENDPOINT = Place("path", "webhook_endpoint_id", "whep")
GROUP = Place("path", "group_id", "group")
BLOCK = Place("path", "block_id", "blk")
CALL = Place("path", "call_id", "call")
WAITING = Place("path", "waitlist_entry_id", "wait")
DELIVERY = Place("path", "delivery_id", "whd")
PROTOCOL = Place("path", "protocol_id", "prot")
INBOUND = Place("path", "inbound_message_id", "imsg")
CLIENT = Place("path", "client_id", "appc")
MEMBER = Place("path", "member_id", "mem")
HOURS = Place("path", "hours_id", "hours")
WHO_AND_WHERE = (Place("query", "practitioner", "pract"), Place("query", "location", "loc"))

FEED = Place("path", "feed_id", "feed")
IMPORT = Place("path", "import_id", "imp")

# What stands in paths and is no id.
NAMES = {"template_name": "booked.sms.en", "type_code": "comprehensive_exam"}
_NAMED = re.compile(r"<str:(\w+)>")

# {v} is each version, v2 what it has alone.
PLACES: dict[tuple[str, str], tuple[Place, ...]] = {
    ("GET", "api/{v}/practitioners"): (),
    ("GET", "api/{v}/locations"): (),
    ("GET", "api/{v}/appointment-types"): (),
    ("GET", "api/{v}/patients"): (),
    ("POST", "api/{v}/patients"): (),
    ("GET", "api/{v}/patients/<str:patient_id>"): (PATIENT,),
    ("PATCH", "api/{v}/patients/<str:patient_id>"): (PATIENT,),
    ("GET", "api/{v}/patients/<str:patient_id>/appointments"): (PATIENT,),
    ("GET", "api/{v}/appointments"): WHO_AND_WHERE,
    ("POST", "api/{v}/appointments"): (Place("body", "patientId", "pat"), Place("body", "slotId", "slot")),
    ("GET", "api/{v}/appointments/<str:appointment_id>"): (APPOINTMENT,),
    ("POST", "api/{v}/appointments/<str:appointment_id>/cancel"): (APPOINTMENT,),
    ("POST", "api/v2/appointments/<str:appointment_id>/move"): (APPOINTMENT, Place("body", "slotId", "slot")),
    ("POST", "api/v2/appointments/<str:appointment_id>/status"): (APPOINTMENT,),
    ("POST", "api/v2/appointments/<str:appointment_id>/undo"): (APPOINTMENT,),
    ("POST", "api/v2/appointments/<str:appointment_id>/swap"): (
        APPOINTMENT,
        Place("body", "withAppointmentId", "appt"),
    ),
    ("POST", "api/v2/overbookings"): (Place("body", "patientId", "pat"), Place("body", "slotId", "slot")),
    ("POST", "api/v2/appointment-groups"): (),
    ("POST", "api/v2/appointment-groups/offers"): (),
    ("GET", "api/v2/appointment-groups/<str:group_id>"): (GROUP,),
    ("POST", "api/v2/appointment-groups/<str:group_id>/cancel"): (GROUP,),
    ("POST", "api/v2/appointment-groups/<str:group_id>/undo"): (GROUP,),
    ("POST", "api/v2/appointment-series"): (Place("body", "patientId", "pat"), Place("body", "slotId", "slot")),
    ("GET", "api/v2/appointment-blocks"): (),
    ("POST", "api/v2/appointment-blocks"): (
        Place("body", "practitionerId", "pract"),
        Place("body", "locationId", "loc"),
    ),
    ("PATCH", "api/v2/appointment-blocks/<str:block_id>"): (BLOCK,),
    ("DELETE", "api/v2/appointment-blocks/<str:block_id>"): (BLOCK,),
    ("GET", "api/v2/appointment-caps"): (),
    ("POST", "api/v2/appointment-caps"): (
        Place("body", "practitionerId", "pract"),
        Place("body", "locationId", "loc"),
    ),
    ("DELETE", "api/v2/appointment-caps/<str:cap_id>"): (Place("path", "cap_id", "cap"),),
    ("GET", "api/v2/resources"): (),
    ("POST", "api/v2/resources"): (Place("body", "locationId", "loc"),),
    ("PATCH", "api/v2/resources/<str:resource_id>"): (Place("path", "resource_id", "res"),),
    ("PUT", "api/v2/appointment-types/<str:type_code>/resources"): (),
    ("GET", "api/v2/members"): (),
    ("POST", "api/v2/members"): (),
    ("PATCH", "api/v2/members/<str:member_id>"): (MEMBER,),
    ("POST", "api/v2/members/<str:member_id>/invite"): (MEMBER,),
    ("POST", "api/auth/password"): (),
    ("POST", "api/auth/password/forgotten"): (),
    ("POST", "api/v2/appointment-types"): (),
    ("PATCH", "api/v2/appointment-types/<str:type_code>"): (),
    ("POST", "api/v2/practitioners"): (Place("body", "memberId", "mem"),),
    ("PATCH", "api/v2/practitioners/<str:practitioner_id>"): (
        Place("path", "practitioner_id", "pract"),
        Place("body", "memberId", "mem"),
    ),
    ("POST", "api/v2/locations"): (),
    ("PATCH", "api/v2/locations/<str:location_id>"): (Place("path", "location_id", "loc"),),
    ("GET", "api/v2/self-service-settings"): (),
    ("PUT", "api/v2/self-service-settings"): (),
    ("GET", "api/v2/working-hours"): (Place("query", "practitioner", "pract"),),
    ("POST", "api/v2/working-hours"): (Place("body", "practitionerId", "pract"), Place("body", "locationId", "loc")),
    ("PATCH", "api/v2/working-hours/<str:hours_id>"): (HOURS, Place("body", "locationId", "loc")),
    ("DELETE", "api/v2/working-hours/<str:hours_id>"): (HOURS,),
    ("GET", "api/v2/time-off"): (),
    ("POST", "api/v2/time-off"): (Place("body", "practitionerId", "pract"), Place("body", "locationId", "loc")),
    ("DELETE", "api/v2/time-off/<str:time_off_id>"): (Place("path", "time_off_id", "toff"),),
    ("GET", "api/v2/holds"): (Place("query", "practitioner", "pract"),),
    ("POST", "api/v2/holds"): (Place("body", "slotIds", "slot"),),
    ("GET", "api/v2/workspace"): (),
    ("PUT", "api/v2/workspace/front-desk"): (),
    ("GET", "api/v2/waitlist"): (Place("query", "patient", "pat"),),
    ("POST", "api/v2/waitlist"): (
        Place("body", "patientId", "pat"),
        Place("body", "appointmentId", "appt"),
        Place("body", "practitionerIds", "pract"),
        Place("body", "locationIds", "loc"),
    ),
    ("GET", "api/v2/waitlist/<str:waitlist_entry_id>"): (WAITING,),
    ("POST", "api/v2/waitlist/<str:waitlist_entry_id>/withdraw"): (WAITING,),
    ("GET", "api/v2/waitlist-offers"): (
        Place("query", "slot", "slot"),
        Place("query", "practitioner", "pract"),
    ),
    ("GET", "api/v2/calls"): (),
    ("POST", "api/v2/calls"): (),
    ("GET", "api/v2/calls/<str:call_id>"): (CALL,),
    ("POST", "api/v2/calls/<str:call_id>/end"): (CALL,),
    ("GET", "api/v2/reports/calls"): (),
    ("GET", "api/v2/reports/fill-rate"): (),
    ("GET", "api/v2/reports/fill-rate.csv"): (),
    ("GET", "api/v2/reports/lead-times"): (),
    ("GET", "api/v2/reports/lead-times.csv"): (),
    ("GET", "api/v2/reports/third-next-available"): (),
    ("GET", "api/v2/reports/third-next-available.csv"): (),
    ("GET", "api/v2/reports/call-bookings"): (),
    ("GET", "api/v2/reports/call-bookings.csv"): (),
    ("DELETE", "api/v2/holds/<str:hold_id>"): (Place("path", "hold_id", "hold"),),
    ("GET", "api/{v}/slots"): WHO_AND_WHERE,
    ("GET", "api/{v}/slots/next"): WHO_AND_WHERE,
    ("GET", "api/v2/slots/why-not"): (*WHO_AND_WHERE, Place("query", "patient", "pat")),
    ("GET", "api/v2/patients/export.csv"): (),
    ("POST", "api/v2/patients/matches"): (),
    ("POST", "api/v2/patients/<str:patient_id>/merge"): (PATIENT, Place("body", "mergedPatientId", "pat")),
    ("GET", "api/v2/patient-merges"): (),
    ("POST", "api/v2/patient-merges/<str:merge_id>/undo"): (Place("path", "merge_id", "merge"),),
    ("GET", "api/v2/patients/<str:patient_id>/related-persons"): (PATIENT,),
    ("POST", "api/v2/patients/<str:patient_id>/related-persons"): (PATIENT,),
    ("PATCH", "api/v2/related-persons/<str:related_person_id>"): (RELATED_PERSON,),
    ("DELETE", "api/v2/related-persons/<str:related_person_id>"): (RELATED_PERSON,),
    ("GET", "api/v2/patients/<str:patient_id>/audit"): (PATIENT,),
    ("GET", "api/v2/access"): (),
    ("GET", "api/v2/protocol"): (),
    ("POST", "api/v2/protocol/evaluations"): (Place("body", "protocolId", "prot"),),
    ("GET", "api/v2/protocol-versions"): (),
    ("POST", "api/v2/protocol-versions"): (),
    ("GET", "api/v2/protocol-versions/<str:protocol_id>"): (PROTOCOL,),
    ("PUT", "api/v2/protocol-versions/<str:protocol_id>"): (PROTOCOL,),
    ("DELETE", "api/v2/protocol-versions/<str:protocol_id>"): (PROTOCOL,),
    ("POST", "api/v2/protocol-versions/<str:protocol_id>/check"): (PROTOCOL,),
    ("POST", "api/v2/protocol-versions/<str:protocol_id>/publish"): (PROTOCOL,),
    ("GET", "api/v2/api-clients"): (),
    ("POST", "api/v2/api-clients"): (),
    ("GET", "api/v2/api-clients/<str:client_id>"): (CLIENT,),
    ("PATCH", "api/v2/api-clients/<str:client_id>"): (CLIENT,),
    ("POST", "api/v2/api-clients/<str:client_id>/rotate-secret"): (CLIENT,),
    ("POST", "api/v2/api-clients/<str:client_id>/revoke"): (CLIENT,),
    ("POST", "api/v2/api-clients/<str:client_id>/certificates"): (CLIENT,),
    ("POST", "api/v2/api-clients/<str:client_id>/certificates/revoke"): (CLIENT,),
    ("POST", "api/oauth/token"): (),
    ("GET", ".well-known/oauth-authorization-server"): (),
    ("GET", "api/v2/webhook-endpoints"): (),
    ("POST", "api/v2/webhook-endpoints"): (),
    ("GET", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>"): (ENDPOINT,),
    ("PATCH", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>"): (ENDPOINT,),
    ("DELETE", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>"): (ENDPOINT,),
    ("POST", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>/rotate-secret"): (ENDPOINT,),
    ("POST", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>/test"): (ENDPOINT,),
    ("POST", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>/replay"): (ENDPOINT,),
    ("GET", "api/v2/webhook-deliveries"): (Place("query", "endpointId", "whep"),),
    ("GET", "api/v2/webhook-deliveries/<str:delivery_id>"): (DELIVERY,),
    ("GET", "api/v2/webhook-deliveries/<str:delivery_id>/attempts"): (DELIVERY,),
    ("POST", "api/v2/webhook-deliveries/<str:delivery_id>/replay"): (DELIVERY,),
    ("GET", "api/v2/visits"): (),
    ("POST", "api/v2/visits"): (Place("body", "appointmentId", "appt"),),
    ("GET", "api/v2/visits/<str:visit_id>"): (VISIT,),
    ("POST", "api/v2/visits/<str:visit_id>/status"): (VISIT,),
    ("POST", "api/v2/visits/<str:visit_id>/link"): (VISIT,),
    ("GET", "api/v2/visit-policy"): (),
    ("PUT", "api/v2/visit-policy"): (),
    ("GET", "api/v2/reminder-settings"): (),
    ("PUT", "api/v2/reminder-settings"): (),
    ("GET", "api/v2/waitlist-settings"): (),
    ("PUT", "api/v2/waitlist-settings"): (),
    ("POST", "api/v2/live/tickets"): (),
    ("GET", "api/v2/changes"): (),
    ("GET", "api/v2/dead-letters"): (),
    ("POST", "api/v2/dead-letters/replay"): (),
    ("POST", "api/v2/dead-letters/discard"): (),
    ("GET", "api/v2/notices"): (),
    ("POST", "api/v2/notices/<str:notice_id>/acknowledge"): (Place("path", "notice_id", "notc"),),
    ("GET", "api/v2/analytics/daily"): (),
    ("GET", "api/v2/analytics/daily.csv"): (),
    ("GET", "api/v2/crm-connection"): (),
    ("PUT", "api/v2/crm-connection"): (),
    ("DELETE", "api/v2/crm-connection"): (),
    ("POST", "api/v2/crm-connection/test"): (),
    ("GET", "api/v2/billing/subscription"): (),
    ("GET", "api/v2/billing/usage"): (),
    ("POST", "api/v2/billing/checkout-session"): (),
    ("POST", "api/v2/billing/portal-session"): (),
    ("GET", "api/v2/patients/<str:patient_id>/messages"): (PATIENT,),
    ("GET", "api/v2/patients/<str:patient_id>/communication"): (PATIENT,),
    ("PATCH", "api/v2/patients/<str:patient_id>/communication"): (PATIENT,),
    ("GET", "api/v2/messaging-connection"): (),
    ("PUT", "api/v2/messaging-connection"): (),
    ("DELETE", "api/v2/messaging-connection"): (),
    ("POST", "api/v2/messaging-connection/test"): (),
    ("GET", "api/v2/message-templates"): (),
    ("PUT", "api/v2/message-templates/<str:template_name>"): (),
    ("DELETE", "api/v2/message-templates/<str:template_name>"): (),
    ("POST", "api/v2/message-templates/<str:template_name>/preview"): (Place("body", "appointmentId", "appt"),),
    ("GET", "api/v2/inbox"): (),
    ("GET", "api/v2/inbox/<str:inbound_message_id>"): (INBOUND,),
    ("PATCH", "api/v2/inbox/<str:inbound_message_id>"): (INBOUND,),
    ("GET", "api/v2/inbox/<str:inbound_message_id>/thread"): (INBOUND,),
    ("POST", "api/v2/inbox/<str:inbound_message_id>/replies"): (INBOUND, Place("body", "patientId", "pat")),
    ("GET", "api/v2/exports/appointments.csv"): (),
    ("GET", "api/v2/exports/working-hours.csv"): (),
    ("GET", "api/v2/calendar-feeds"): (),
    ("POST", "api/v2/calendar-feeds"): (Place("body", "practitionerId", "pract"),),
    ("DELETE", "api/v2/calendar-feeds/<str:feed_id>"): (FEED,),
    ("POST", "api/v2/calendar-feeds/<str:feed_id>/rotate"): (FEED,),
    ("GET", "api/v2/imports"): (),
    ("POST", "api/v2/imports"): (),
    ("GET", "api/v2/imports/<str:import_id>"): (IMPORT,),
    ("GET", "api/v2/imports/<str:import_id>/errors.csv"): (IMPORT,),
    ("GET", "api/v2/bulk-jobs"): (),
    ("POST", "api/{v}/bulk-messages"): (),
    ("GET", "api/{v}/bulk-messages/<str:job_id>/status"): (JOB,),
    ("GET", "api/v2/bulk-messages/<str:job_id>/failures"): (JOB,),
    ("POST", "api/v2/bulk-messages/<str:job_id>/pause"): (JOB,),
    ("POST", "api/v2/bulk-messages/<str:job_id>/resume"): (JOB,),
    ("POST", "api/v2/bulk-messages/<str:job_id>/cancel"): (JOB,),
    ("POST", "api/auth/token"): (Place("body", "practice", "prac"),),
    ("POST", "api/auth/practice"): (Place("body", "practice", "prac"),),
    ("POST", "api/auth/refresh"): (),
    ("POST", "api/auth/logout"): (),
    ("POST", "api/auth/logout/everywhere"): (),
    ("GET", ".well-known/jwks.json"): (),
    ("GET", "api/schema/v1"): (),
    ("GET", "api/schema/v2"): (),
    ("GET", "api/docs"): (),
}
# What answers without asking who calls, and takes nothing in.
BARE = {
    "", "manage/<path:rest>", "settings/<path:rest>", "welcome", "healthz", "readyz", "metrics",
    "visit/<str:token>", "visit/<str:token>/state",
    "unsubscribe/<str:token>", "a/<str:token>", "a/<str:token>/appointment.ics",
}  # fmt: skip
# What must bring an idempotency key.
KEYED = {
    *(f"api/{version}/appointments" for version in ("v1", "v2")),
    *(f"api/v2/{name}" for name in ("appointment-groups", "appointment-series", "overbookings")),
    "api/v2/inbox/<str:inbound_message_id>/replies",
}


@dataclass(frozen=True)
class Probe:
    """One request with one id in one place."""

    method: str
    path: str
    place: Place

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.place.name}"

    @property
    def kinds(self) -> set[str]:
        """The prefixes of all that it names, in its path and in its place."""
        return {self.place.prefix, *(_prefix(name) for name in _NAMED.findall(self.path) if name not in NAMES)}

    def own(self, ids: Mapping[str, str]) -> dict[str, str]:
        """Of each kind that it names, what the clinic has: made here, before the request."""
        return {name: ids[name] for name in ids if _prefix(name) in self.kinds}

    def send(self, caller: Caller, clinic: Clinic, value: Any, *, own: dict[str, str]) -> Any:
        """A good request of the clinic's but for `value` in its place."""
        query, body = good_query(self.path, clinic), good_body(self.method, self.path, clinic)
        if self.place.where == "path":
            own = {**own, self.place.name: value}
        else:
            stands = query if self.place.where == "query" else body
            several = isinstance(stands.get(self.place.name), list)
            stands[self.place.name] = [value] if several else value
        address = "/" + path_of(self.path, own)
        if self.method == "GET":
            return caller.get(address, **query)
        headers = {**caller.headers, **({"X-Idempotency-Key": "a-probe"} if self.path in KEYED else {})}
        text = orjson.dumps(body)
        return caller.http.generic(self.method, address, text, "application/json", headers=headers)


PROBES = [
    Probe(method, path.replace("{v}", version), place)
    for (method, path), places in PLACES.items()
    for version in (("v1", "v2") if "{v}" in path else ("",))
    for place in places
]


def path_of(path: str, ids: dict[str, str]) -> str:
    """The path with `ids` in their places; what they lack is an id that nobody has."""
    return _NAMED.sub(lambda place: _value(place[1], ids), path)


def _value(name: str, ids: dict[str, str]) -> str:
    return ids.get(name) or NAMES.get(name) or public_id(_prefix(name), new_uuid())


def _prefix(name: str) -> str:
    """What an id of that name in a path begins with, as the table tells."""
    return next(place.prefix for places in PLACES.values() for place in places if place.name == name)


def good_query(path: str, clinic: Clinic) -> dict[str, str]:
    """What the request must ask besides ids in its places."""
    queries = {
        "changes": {"after": "0"},
        "slots/next": {"type": clinic.exam.code},
        "slots/why-not": {
            "type": clinic.exam.code,
            "practitioner": public_id("pract", clinic.practitioner.id),
            "start": clinic.slots[0].starts_at.isoformat(),
        },
    }
    return dict(queries.get(re.sub(r"^api/v[12]/", "", path), {}))


def good_body(method: str, path: str, clinic: Clinic) -> dict[str, Any]:
    """What the request needs besides ids in its places; a member that stands for an id is put there by the probe."""
    return dict(_bodies(clinic).get((method, re.sub(r"^api/v[12]/", "", path)), {}))


def _bodies(clinic: Clinic) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        ("POST", "appointments"): {
            "patientId": public_id("pat", clinic.patient.id),
            "slotId": public_id("slot", clinic.slots[4].id),
            "type": clinic.exam.code,
        },
        ("POST", "appointments/<str:appointment_id>/cancel"): {"reason": "other"},
        ("POST", "visits/<str:visit_id>/status"): {"status": "under_way"},
        ("PUT", "visit-policy"): {"trailDays": 7},
        ("PUT", "reminder-settings"): {"offsetsMinutes": [1440], "cutoffMinutes": 60},
        ("PUT", "waitlist-settings"): {"active": True, "batchSize": 3, "answerMinutes": 15, "leadHours": 2},
        ("POST", "appointments/<str:appointment_id>/move"): {"slotId": public_id("slot", clinic.slots[4].id)},
        ("POST", "holds"): {"slotIds": [public_id("slot", clinic.slots[4].id)], "type": clinic.exam.code},
        ("POST", "appointment-blocks"): {
            "practitionerId": public_id("pract", clinic.practitioner.id),
            "name": "New patients",
            "weekdays": ["monday"],
            "starts": "09:00",
            "ends": "10:00",
            "newPatients": True,
        },
        ("PATCH", "appointment-blocks/<str:block_id>"): {"name": "Emergencies"},
        ("POST", "appointment-caps"): {"type": clinic.exam.code, "most": 2},
        ("POST", "resources"): {
            "locationId": public_id("loc", clinic.location.id),
            "kind": "room",
            "category": "lane",
            "name": "Lane 7",
        },
        ("PATCH", "resources/<str:resource_id>"): {"name": "Lane 8"},
        ("PUT", "appointment-types/<str:type_code>/resources"): {"categories": []},
        ("POST", "members"): {"email": "ines@members.example", "name": "Ines Moreau", "role": "practitioner"},
        ("PATCH", "members/<str:member_id>"): {"role": "practitioner"},
        ("POST", "appointment-types"): {"code": "dry_eye", "name": "Dry eye visit", "durationMinutes": 20},
        ("PATCH", "appointment-types/<str:type_code>"): {"name": "Whole exam"},
        ("POST", "practitioners"): {"name": "Dr Ines Moreau"},
        ("PATCH", "practitioners/<str:practitioner_id>"): {"name": "Dr Alice Lee-Park"},
        ("POST", "locations"): {"name": "Uptown", "timeZone": "America/Denver"},
        ("PATCH", "locations/<str:location_id>"): {"address": "2 Main Street"},
        ("PUT", "self-service-settings"): {"leadHours": 2, "horizonDays": None},
        ("POST", "working-hours"): {
            "practitionerId": public_id("pract", clinic.practitioner.id),
            "locationId": public_id("loc", clinic.location.id),
            "weekday": "sunday",
            "starts": "09:00",
            "ends": "12:00",
        },
        ("PATCH", "working-hours/<str:hours_id>"): {"ends": "11:00"},
        ("POST", "time-off"): {"firstDay": "2030-12-24", "lastDay": "2030-12-26", "reason": "holiday"},
        # Nobody's: whose the one in the path is, is told first.
        ("POST", "appointments/<str:appointment_id>/swap"): {"withAppointmentId": public_id("appt", clinic.patient.id)},
        ("POST", "overbookings"): {
            "patientId": public_id("pat", clinic.patient.id),
            "slotId": public_id("slot", clinic.slots[4].id),
            "type": clinic.exam.code,
            "reason": "other",
        },
        ("POST", "appointment-groups"): {
            "kind": "family",
            "items": [
                {
                    "patientId": public_id("pat", clinic.patient.id),
                    "slotId": public_id("slot", slot.id),
                    "type": clinic.exam.code,
                }
                for slot in (clinic.slots[4], clinic.slots[6])
            ],
        },
        ("POST", "appointment-groups/offers"): {"kind": "chain", "items": [{"type": clinic.exam.code}] * 2},
        ("POST", "appointment-groups/<str:group_id>/cancel"): {"reason": "other"},
        ("POST", "appointment-series"): {
            "patientId": public_id("pat", clinic.patient.id),
            "slotId": public_id("slot", clinic.slots[4].id),
            "type": clinic.exam.code,
            "everyWeeks": 1,
            "count": 2,
        },
        ("PUT", "workspace/front-desk"): {"greeting": "Good morning", "script": "", "insurance": ["VSP"]},
        ("POST", "waitlist"): {
            "patientId": public_id("pat", clinic.patient.id),
            "type": clinic.exam.code,
            "practitionerIds": [public_id("pract", clinic.practitioner.id)],
            "locationIds": [public_id("loc", clinic.location.id)],
        },
        ("POST", "calls"): {"callerNumber": "+12125550177"},
        ("POST", "calls/<str:call_id>/end"): {"outcome": "information"},
        ("POST", "appointments/<str:appointment_id>/status"): {"status": "entered-in-error"},
        ("PATCH", "patients/<str:patient_id>"): {"lastName": "Ibe"},
        ("POST", "patients/<str:patient_id>/merge"): {"mergedPatientId": public_id("pat", clinic.patient.id)},
        ("POST", "patients/<str:patient_id>/related-persons"): {"name": "Uche Okafor", "relationship": "parent"},
        ("PATCH", "related-persons/<str:related_person_id>"): {"name": "Uche Okafor"},
        ("POST", "protocol/evaluations"): {"answers": {}},
        ("PUT", "protocol-versions/<str:protocol_id>"): {"definition": optometry()[0], "examples": optometry()[1]},
        ("PATCH", "webhook-endpoints/<str:webhook_endpoint_id>"): {"description": "Renamed"},
        ("PATCH", "patients/<str:patient_id>/communication"): {"language": "es"},
        ("PUT", "message-templates/<str:template_name>"): {"body": "{practice}: see you on {date}."},
        ("PATCH", "inbox/<str:inbound_message_id>"): {"status": "handled"},
        ("POST", "inbox/<str:inbound_message_id>/replies"): {"text": "See you then"},
        ("PATCH", "api-clients/<str:client_id>"): {"name": "Renamed"},
        ("POST", "api-clients/<str:client_id>/certificates"): {"certificate": issued("next").pem},
        ("POST", "api-clients/<str:client_id>/certificates/revoke"): {
            "thumbprint": thumbprint(issued("partner").certificate)
        },
        ("POST", "api/auth/token"): {"email": clinic.agent.email, "password": PASSWORD},
    }
