"""v1 as it was promised: the part of its schema that binds, and what would break a client."""

import json
from pathlib import Path
from typing import Any

from tests.contract.openapi import Schema, schema

FILE = Path(__file__).with_name("v1.json")
# Prose may be improved.
PROSE = {"description", "x-spec-enum-id"}
# Under these, what is new is an addition that a client passes over.
GROWING = {"paths", "schemas", "properties", "responses", "content"}


def current() -> Schema:
    """v1's routes, and the shapes that they name."""
    document = schema("v1")
    paths = {path: methods for path, methods in document["paths"].items() if path.startswith("/api/v1/")}
    named: Schema = {}
    _collect(paths, document["components"]["schemas"], named)
    return _without_prose({"paths": paths, "schemas": named})


def stored() -> Schema:
    return json.loads(FILE.read_text())


def store() -> None:
    FILE.write_text(json.dumps(current(), indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def breaks(old: Any, new: Any, where: str = "", *, growing: bool = False) -> list[str]:
    """What in `new` a client written for `old` could stumble over; empty where it is only more."""
    if isinstance(old, dict) and isinstance(new, dict):
        gone = [f"{where}/{name} is gone" for name in old if name not in new]
        added = [f"{where}/{name} is new" for name in new if name not in old and not growing]
        return gone + added + [line for name in old if name in new for line in _member(name, old, new, where)]
    return [] if old == new else [f"{where} was {old!r}, is {new!r}"]


def _member(name: str, old: Schema, new: Schema, where: str) -> list[str]:
    inside = f"{where}/{name}"
    sent = "requestBody" in inside or "Request/" in inside
    if name == "parameters":
        return _parameters(old[name], new[name], inside)
    if name == "required" and isinstance(old[name], list):
        wrong = set(new[name]) - set(old[name]) if sent else set(old[name]) - set(new[name])
        return [f"{inside}: {each}" for each in sorted(wrong)]
    if name == "enum":
        wrong = set(old[name]) - set(new[name]) if sent else set(new[name]) - set(old[name])
        return [f"{inside}: {each}" for each in sorted(wrong)]
    # A path grows by methods; a member called "properties" is no more than a name.
    return breaks(old[name], new[name], inside, growing=name in GROWING or where == "/paths")


def _parameters(old: list[Schema], new: list[Schema], where: str) -> list[str]:
    before, after = ({each["name"]: each for each in each_list} for each_list in (old, new))
    demanded = [f"{where}/{name} is demanded" for name in after if name not in before and after[name].get("required")]
    kept = {name: after[name] for name in after if name in before}
    return demanded + breaks(before, kept, where)


def _collect(node: Any, named: Schema, found: Schema) -> None:
    if isinstance(node, list):
        for item in node:
            _collect(item, named, found)
    elif isinstance(node, dict):
        name = node.get("$ref", "").rsplit("/", 1)[-1]
        if name and name not in found:
            found[name] = named[name]
            _collect(named[name], named, found)
        for value in node.values():
            _collect(value, named, found)


def _without_prose(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_prose(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _without_prose(value) for name, value in node.items() if name not in PROSE or not isinstance(value, str)
    }
