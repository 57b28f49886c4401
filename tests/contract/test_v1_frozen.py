"""v1 is frozen: its schema is the stored one, to the letter."""

import copy
import os
from collections.abc import Callable
from typing import Any

from tests.contract.frozen import breaks, current, store, stored

Schema = dict[str, Any]
Change = Callable[[Schema], object]

HOW = (
    "v1 differs from tests/contract/v1.json. Clients were promised that it does not: put the difference into v2. "
    "Only what no client can stumble over (an optional parameter or member more, a route more) may be stored, "
    "by running this test with MYBCAT_STORE_V1=1; it refuses anything else."
)


def test_v1_is_what_was_promised() -> None:
    if os.environ.get("MYBCAT_STORE_V1"):
        assert breaks(stored(), current()) == [], "this would break clients of v1"
        store()
    assert current() == stored(), HOW


def listing(document: Schema) -> Schema:
    return document["paths"]["/api/v1/patients"]["get"]


def shape(document: Schema, name: str) -> Schema:
    return document["schemas"][name]


HARMLESS: dict[str, Change] = {
    "a route": lambda v1: v1["paths"].update({"/api/v1/rooms": {"get": {}}}),
    "a method": lambda v1: v1["paths"]["/api/v1/slots"].update({"post": {}}),
    "a shape": lambda v1: v1["schemas"].update({"Room": {}}),
    "an optional parameter": lambda v1: listing(v1)["parameters"].append({"name": "room", "in": "query"}),
    "a member of an answer": lambda v1: shape(v1, "BookedOutput")["properties"].update({"room": {"type": "string"}}),
    "an answer's member that is always there": lambda v1: shape(v1, "SlotOutput")["required"].append("room"),
    "an optional member of a body": lambda v1: shape(v1, "BookingInputRequest")["properties"].update({"note": {}}),
    "a body's member that may be left out": lambda v1: shape(v1, "PatientInputRequest")["required"].remove("lastName"),
    "a reason more": lambda v1: shape(v1, "CancellationInputRequest")["properties"]["reason"]["enum"].append("snow"),
}
BREAKING: dict[str, Change] = {
    "a route gone": lambda v1: v1["paths"].pop("/api/v1/slots"),
    "a method gone": lambda v1: v1["paths"]["/api/v1/patients"].pop("post"),
    "a parameter gone": lambda v1: listing(v1)["parameters"].pop(),
    "a parameter demanded": lambda v1: listing(v1)["parameters"].append({"name": "room", "required": True}),
    "a parameter bounded": lambda v1: listing(v1)["parameters"][0]["schema"].update({"maximum": 10}),
    "a member of an answer gone": lambda v1: shape(v1, "BookedOutput")["properties"].pop("time"),
    "a member of an answer renamed": lambda v1: shape(v1, "BookedOutput")["properties"].update(
        {"start": shape(v1, "BookedOutput")["properties"].pop("time")}
    ),
    "a member of an answer optional": lambda v1: shape(v1, "BookedOutput")["required"].remove("time"),
    "a member of an answer of another type": lambda v1: shape(v1, "SlotPage")["properties"].update(count={}),
    "a member of an answer null": lambda v1: shape(v1, "SlotOutput")["properties"]["date"].update(nullable=True),
    "a status more": lambda v1: shape(v1, "SlotOutput")["properties"]["status"]["enum"].append("gone"),
    "a reason less": lambda v1: shape(v1, "CancellationInputRequest")["properties"]["reason"]["enum"].pop(),
    "a member of a body demanded": lambda v1: shape(v1, "PatientInputRequest")["required"].append("phone"),
    "a member of a body gone": lambda v1: shape(v1, "BookingInputRequest")["properties"].pop("type"),
    "a member of a body shorter": lambda v1: shape(v1, "BookingInputRequest")["properties"]["type"].update(maxLength=5),
    "a pattern": lambda v1: shape(v1, "BookingInputRequest")["properties"]["type"].update(pattern="^a"),
    "a status code": lambda v1: v1["paths"]["/api/v1/appointments"]["post"]["responses"].update(
        {"200": v1["paths"]["/api/v1/appointments"]["post"]["responses"].pop("201")}
    ),
    "an operation renamed": lambda v1: listing(v1).update(operationId="findPatients"),
    "an error's member gone": lambda v1: shape(v1, "Error")["properties"].pop("error"),
}  # fmt: skip


def changed(change: Change) -> Schema:
    document = copy.deepcopy(stored())
    change(document)
    assert document != stored()
    return document


def test_more_breaks_nobody() -> None:
    assert {name: breaks(stored(), changed(change)) for name, change in HARMLESS.items()} == {
        name: [] for name in HARMLESS
    }


def test_anything_else_breaks_someone() -> None:
    assert [name for name, change in BREAKING.items() if breaks(stored(), changed(change)) == []] == []
