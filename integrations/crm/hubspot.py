"""HubSpot, whole: contacts and meetings, made once however often they are told.

Each is recognized by a property of ours whose values HubSpot keeps unique, so that a repetition finds what the
first attempt made. Patients' data stands in bodies alone, never in a URL. Raises DeliveryFailed where a later
attempt may succeed, DeliveryRefused where none can, with HubSpot's category and never its sentence, which may
quote the patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import httpx
import orjson

from integrations.http import vendor_client
from mybcat.listeners import DeliveryFailed, DeliveryRefused

PATIENT_PROPERTY = "mybcat_patient_id"
APPOINTMENT_PROPERTY = "mybcat_appointment_id"
# HubSpot's own number for "this meeting is with that contact".
MEETING_TO_CONTACT = 200
_PROPERTIES = (
    ("contacts", PATIENT_PROPERTY, "contactinformation", "MyBCAT patient"),
    ("meetings", APPOINTMENT_PROPERTY, "engagement", "MyBCAT appointment"),
)
# A token that was revoked is replaced by people, who need some time.
UNAUTHORIZED_WAIT = timedelta(hours=1)
# The window of HubSpot's limit on bursts, and what to wait where the day is used up.
BURST_WAIT, DAILY_WAIT = timedelta(seconds=10), timedelta(hours=1)
LONGEST_WAIT = timedelta(hours=24)


class PropertyMissing(DeliveryFailed):
    """Someone removed one of our properties in HubSpot: they have to be made anew."""

    def __init__(self) -> None:
        super().__init__("hubspot_property_missing", answered=True)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as HubSpot has it; `patient_id` is empty for one that we have not linked."""

    id: str
    patient_id: str
    last_name: str


class HubSpot:
    """One practice's account."""

    def __init__(self, *, token: str, base_url: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = _client(base_url)

    def prepare(self) -> None:
        """Make our two properties, unless they are there."""
        for kind, name, group, label in _PROPERTIES:
            wanted = {"name": name, "label": label, "groupName": group, "type": "string", "fieldType": "text"}
            self._ask("POST", f"/crm/v3/properties/{kind}", {**wanted, "hasUniqueValue": True}, allowed=(409,))

    def linked_contact(self, *, patient_id: str) -> Contact | None:
        """The contact that we made or linked for the patient."""
        return self._read_contact(PATIENT_PROPERTY, patient_id)

    def contact_with_email(self, email: str) -> Contact | None:
        """HubSpot keeps e-mail addresses unique."""
        return self._read_contact("email", email)

    def contacts_with_phone(self, phone: str) -> list[Contact]:
        """At most two: more than one is no answer."""
        wanted = {"propertyName": "phone", "operator": "EQ", "value": phone}
        body = {"filterGroups": [{"filters": [wanted]}], "properties": _CONTACT_PROPERTIES, "limit": 2}
        return [_contact(found) for found in self._ask("POST", "/crm/v3/objects/contacts/search", body)["results"]]

    def update_contact(self, contact_id: str, properties: Mapping[str, str]) -> None:
        self._ask("PATCH", f"/crm/v3/objects/contacts/{contact_id}", {"properties": properties})

    def put_contact(self, patient_id: str, properties: Mapping[str, str]) -> str:
        """Make or update the patient's contact; its id."""
        return self._put("contacts", PATIENT_PROPERTY, patient_id, properties)

    def put_meeting(self, appointment_id: str, properties: Mapping[str, str]) -> str:
        """Make or update the appointment's meeting; its id."""
        return self._put("meetings", APPOINTMENT_PROPERTY, appointment_id, properties)

    def associate(self, *, meeting_id: str, contact_id: str) -> None:
        path = f"/crm/v3/objects/meetings/{meeting_id}/associations/contacts/{contact_id}/{MEETING_TO_CONTACT}"
        self._ask("PUT", path)

    def _read_contact(self, name: str, value: str) -> Contact | None:
        body = {
            "idProperty": name,
            "inputs": [{"id": value}],
            "properties": _CONTACT_PROPERTIES,
            "propertiesWithHistory": [],
        }
        results = self._ask("POST", "/crm/v3/objects/contacts/batch/read", body)["results"]
        return _contact(results[0]) if results else None

    def _put(self, kind: str, name: str, value: str, properties: Mapping[str, str]) -> str:
        record = {"idProperty": name, "id": value, "properties": {**properties, name: value}}
        answer = self._ask("POST", f"/crm/v3/objects/{kind}/batch/upsert", {"inputs": [record]})
        if not answer["results"]:
            # 207: the batch was taken, and its only member refused.
            raise DeliveryFailed("hubspot_207", answered=True)
        return str(answer["results"][0]["id"])

    def _ask(self, method: str, path: str, body: Any = None, *, allowed: tuple[int, ...] = ()) -> Any:
        # Every request of ours may come twice: reads, and writes that find what they wrote.
        extensions = {"repeatable": True}
        try:
            response = self._client.request(method, path, json=body, headers=self._headers, extensions=extensions)
        except httpx.HTTPError as error:
            raise DeliveryFailed("hubspot_unreachable") from error
        if not response.is_success and response.status_code not in allowed:
            raise _refusal(response)
        return _json(response)


_CONTACT_PROPERTIES = [PATIENT_PROPERTY, "lastname"]


@cache
def _client(base_url: str) -> httpx.Client:
    """One for all practices: each request brings its own token."""
    return vendor_client(base_url=base_url)


def _contact(found: Mapping[str, Any]) -> Contact:
    properties = found["properties"]
    return Contact(str(found["id"]), properties.get(PATIENT_PROPERTY) or "", properties.get("lastname") or "")


def _refusal(response: httpx.Response) -> Exception:
    status, body = response.status_code, _json(response)
    if status == 429:
        # Each account has a limit of its own: other practices' are not used up, nor their tokens revoked.
        wait = _wait(response, policy=str(body.get("policyName", "")))
        return DeliveryFailed("hubspot_429", retry_after=wait, answered=True)
    if status in (401, 403):
        return DeliveryFailed(f"hubspot_{status}", retry_after=UNAUTHORIZED_WAIT, answered=True)
    if status == 400 and b"PROPERTY_DOESNT_EXIST" in response.content:
        return PropertyMissing()
    if status >= 500 or status in (408, 409, 423):
        # 409: another of our workers has just made the same contact; the next attempt finds it.
        return DeliveryFailed(f"hubspot_{status}", answered=status in (409, 423))
    category = str(body.get("category", "")).upper()
    known = category if category.replace("_", "").isalpha() and category.isascii() else "UNKNOWN"
    return DeliveryRefused(f"hubspot_{status}_{known[:40]}")


def _wait(response: httpx.Response, *, policy: str) -> timedelta:
    """HubSpot's own word where it gives one, else the window of the limit that was met."""
    after = response.headers.get("Retry-After", "")
    if after.isascii() and after.isdigit():
        return min(timedelta(seconds=int(after[:9])), LONGEST_WAIT)
    if policy == "DAILY":
        return DAILY_WAIT
    window = response.headers.get("X-HubSpot-RateLimit-Interval-Milliseconds", "")
    return min(timedelta(milliseconds=int(window[:9])), LONGEST_WAIT) if window.isdigit() else BURST_WAIT


def _json(response: httpx.Response) -> Any:
    """What was said, or nothing where a proxy answered in its own words."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
