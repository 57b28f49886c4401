"""The published schemas, and how an answer is held against them."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker

Schema = dict[str, Any]

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date", raises=ValueError)
def _date(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


@FORMATS.checks("date-time", raises=ValueError)
def _instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("email")
def _address(value: object) -> bool:
    return not isinstance(value, str) or "@" in value


@cache
def schema(version: str) -> Schema:
    """As any caller gets it."""
    answer = Client().get(f"/api/schema/{version}")
    assert answer.status_code == 200
    return answer.json()


def operations(version: str) -> Iterator[tuple[str, str, Schema]]:
    """Method, path and description of each."""
    for path, methods in schema(version)["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def errors(value: Any, expected: Schema, version: str, *, strict: bool = True) -> list[str]:
    """How `value` differs from the schema; `strict`: it holds no member that the schema lacks."""
    readable = _json_schema(expected, schema(version)["components"]["schemas"], strict=strict)
    validator = Draft202012Validator(readable, format_checker=FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def _json_schema(node: Any, named: Schema, *, strict: bool) -> Any:
    """OpenAPI 3.0 is JSON Schema but for `nullable`; references are put in place, since none is recursive."""
    if isinstance(node, list):
        return [_json_schema(item, named, strict=strict) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _json_schema(named[node["$ref"].rsplit("/", 1)[1]], named, strict=strict)
    readable = {key: _json_schema(value, named, strict=strict) for key, value in node.items() if key != "nullable"}
    if strict and "properties" in node:
        readable.setdefault("additionalProperties", False)
    return {"anyOf": [readable, {"type": "null"}]} if node.get("nullable") else readable
