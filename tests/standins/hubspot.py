"""HubSpot: the part of its CRM that we ask.

Held against `hubspot-api-client` 12.0 (tests/integrations/crm/test_vendor_sdk.py): its client asks this server
with the same paths and bodies as our adapter does, and reads what is answered into its own models. From the
documentation: e-mail addresses of contacts are unique (409 names the one that is there), a property that nobody
made is `PROPERTY_DOESNT_EXIST`, ids that a batch does not find make it 207 with `errors`, a limit that is met is
429 with `policyName`, and answers tell the limits in `X-HubSpot-RateLimit-*`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from integrations.crm import hubspot as adapter
from integrations.http import vendor_client
from tests.standins.server import Answer, Asked, Standin

TOKEN = "pat-na1-good-token"
LIMITS = {
    "X-HubSpot-RateLimit-Max": "100",
    "X-HubSpot-RateLimit-Remaining": "99",
    "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    "X-HubSpot-RateLimit-Daily": "250000",
    "X-HubSpot-RateLimit-Daily-Remaining": "249999",
}
_AT = "2026-03-01T12:00:00.000Z"
_BATCH = {"status": "COMPLETE", "startedAt": _AT, "completedAt": _AT}
_KNOWN = {
    "contacts": {"email", "firstname", "lastname", "phone"},
    "meetings": {
        "hs_timestamp", "hs_meeting_title", "hs_meeting_start_time", "hs_meeting_end_time", "hs_meeting_outcome"
    },
}  # fmt: skip
OUTCOMES = {"SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED"}


@dataclass
class _Object:
    id: str
    properties: dict[str, str] = field(default_factory=dict)

    def shown(self, **more: Any) -> dict[str, Any]:
        properties = {**self.properties, "hs_object_id": self.id}
        return {
            "id": self.id, "properties": properties, "createdAt": _AT, "updatedAt": _AT, "archived": False, **more
        }  # fmt: skip


class HubSpot(Standin):
    def __init__(self) -> None:
        super().__init__()
        self.unique: dict[str, set[str]] = {"contacts": {"email"}, "meetings": set()}
        self.objects: dict[str, dict[str, _Object]] = {"contacts": {}, "meetings": {}}
        self.associations: set[tuple[str, str]] = set()

    @property
    def contacts(self) -> list[dict[str, str]]:
        return [each.properties for each in self.objects["contacts"].values()]

    @property
    def meetings(self) -> list[dict[str, str]]:
        return [each.properties for each in self.objects["meetings"].values()]

    def add_contact(self, **properties: str) -> str:
        """One that people made in HubSpot, or another program."""
        return self._new("contacts", properties).id

    def respond(self, asked: Asked) -> Answer:
        answer = self._judged(asked)
        return Answer(answer.status, answer.body, {**LIMITS, **answer.headers})

    def _judged(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        body = json.loads(asked.body) if asked.body else {}
        match asked.path.strip("/").split("/")[2:]:
            case ["properties", kind]:
                return self._property(kind, body)
            case ["objects", kind, "batch", "read" | "upsert" as act]:
                return (self._read if act == "read" else self._upsert)(kind, body)
            case ["objects", kind, "search"]:
                return self._search(kind, body)
            case ["objects", "meetings", meeting, "associations", "contacts", contact, "200"]:
                return self._associate(meeting, contact)
            case ["objects", kind, known]:
                return self._update(kind, known, body)
        raise AssertionError(f"{asked.path}: nothing that we ask")

    def _property(self, kind: str, body: dict[str, Any]) -> Answer:
        if body["name"] in self.unique[kind]:
            return _error(409, "OBJECT_ALREADY_EXISTS", f"A property named '{body['name']}' already exists.")
        if body["hasUniqueValue"]:
            self.unique[kind].add(body["name"])
        return Answer(201, {**body, "createdAt": _AT, "updatedAt": _AT, "options": [], "archived": False})

    def _read(self, kind: str, body: dict[str, Any]) -> Answer:
        name = body["idProperty"]
        if name not in self.unique[kind]:
            return _missing(name)
        wanted = [each["id"] for each in body["inputs"]]
        found = [each for each in self.objects[kind].values() if each.properties.get(name) in wanted]
        batch = {
            "status": "COMPLETE",
            "results": [each.shown() for each in found],
            "startedAt": _AT,
            "completedAt": _AT,
        }
        if len(found) == len(wanted):
            return Answer(200, batch)
        error = {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some objects",
            "context": {},
        }
        return Answer(207, {**batch, "numErrors": 1, "errors": [error]})

    def _upsert(self, kind: str, body: dict[str, Any]) -> Answer:
        (record,) = body["inputs"]
        name, value = record["idProperty"], record["id"]
        refusal = self._refusal(kind, record["properties"]) if name in self.unique[kind] else _missing(name)
        if refusal:
            return refusal
        known = [each for each in self.objects[kind].values() if each.properties.get(name) == value]
        taken = self._holder(kind, record["properties"], but=known[0] if known else None)
        if taken:
            return _error(409, "CONFLICT", f"Contact already exists. Existing ID: {taken.id}")
        one = known[0] if known else self._new(kind, {name: value})
        one.properties.update(record["properties"])
        return Answer(200, {**_BATCH, "results": [one.shown(new=not known)]})

    def _update(self, kind: str, known: str, body: dict[str, Any]) -> Answer:
        one = self.objects[kind].get(known)
        if one is None:
            return _error(404, "OBJECT_NOT_FOUND", "resource not found")
        if refusal := self._refusal(kind, body["properties"]):
            return refusal
        if taken := self._holder(kind, body["properties"], but=one):
            return _error(409, "CONFLICT", f"Contact already exists. Existing ID: {taken.id}")
        one.properties.update(body["properties"])
        return Answer(200, one.shown())

    def _search(self, kind: str, body: dict[str, Any]) -> Answer:
        ((wanted,),) = [group["filters"] for group in body["filterGroups"]]
        found = [
            each.shown()
            for each in self.objects[kind].values()
            if each.properties.get(wanted["propertyName"]) == wanted["value"]
        ]
        return Answer(200, {"total": len(found), "results": found[: body["limit"]]})

    def _associate(self, meeting: str, contact: str) -> Answer:
        if meeting not in self.objects["meetings"] or contact not in self.objects["contacts"]:
            return _error(404, "OBJECT_NOT_FOUND", "resource not found")
        self.associations.add((meeting, contact))
        return Answer(200, self.objects["meetings"][meeting].shown())

    def _refusal(self, kind: str, properties: dict[str, str]) -> Answer | None:
        unknown = set(properties) - _KNOWN[kind] - self.unique[kind]
        if unknown:
            return _missing(unknown.pop())
        if properties.get("hs_meeting_outcome", "SCHEDULED") not in OUTCOMES:
            return _error(400, "VALIDATION_ERROR", "hs_meeting_outcome was not one of the allowed options")
        return None

    def _holder(self, kind: str, properties: dict[str, str], *, but: _Object | None) -> _Object | None:
        """Another object that has one of these unique values."""
        for name in self.unique[kind] & set(properties):
            for each in self.objects[kind].values():
                if each is not but and each.properties.get(name) == properties[name]:
                    return each
        return None

    def _new(self, kind: str, properties: dict[str, str]) -> _Object:
        made = _Object(str(sum(map(len, self.objects.values())) + 101), dict(properties))
        self.objects[kind][made.id] = made
        return made


@contextmanager
def hubspot_for_us() -> Iterator[HubSpot]:
    """Serves, and our adapter's client is closed with it: another server may get its address next.

    Nobody waits for the client's pauses.
    """
    vendor = HubSpot()
    client = vendor_client(base_url=vendor.url, sleep=lambda _: None)
    with pytest.MonkeyPatch.context() as patch, client, vendor.running():
        patch.setattr(settings, "HUBSPOT_API_URL", vendor.url)
        patch.setattr(adapter, "_client", lambda _: client)
        yield vendor


def limited(*, policy: str = "TEN_SECONDLY_ROLLING", retry_after: str | None = None) -> Callable[[Asked], Answer]:
    """A mood: the limit is met."""
    body = {"status": "error", "message": "You have reached your secondly limit.", "errorType": "RATE_LIMIT"}
    headers = {**LIMITS, "X-HubSpot-RateLimit-Remaining": "0", **({"Retry-After": retry_after} if retry_after else {})}
    return lambda _: Answer(429, {**body, "correlationId": str(uuid4()), "policyName": policy}, headers)


def _missing(name: str) -> Answer:
    problem = {"isValid": False, "message": f'Property "{name}" does not exist', "error": "PROPERTY_DOESNT_EXIST"}
    return _error(400, "VALIDATION_ERROR", f"Property values were not valid: {json.dumps([problem])}")


def _error(status: int, category: str, message: str) -> Answer:
    body = {"status": "error", "message": message, "correlationId": str(uuid4()), "category": category}
    return Answer(status, body)
