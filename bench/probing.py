"""Probes of one practice's fence, generated from OpenAPI: every operation, every place, another practice's ids.

A probe is a request of one's own with one foreign id in one place. It must be refused with 403 and be
on record, unless the place takes any text, where the id is a text like others, good or not for what is
said there. Either way nothing of
the other practice may be in the answer.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.conf import settings
from django.db import connection

from mybcat.ids import public_id
from mybcat.models import SecurityEvent
from mybcat.tenancy import platform_scope, practice_scope

# Method, path with query, headers, body; status, headers as text and body of the answer.
Send = Callable[[str, str, dict[str, str], bytes | None], tuple[int, str, bytes]]
Document = dict[str, Any]

# Members that hold whatever people write.
TEXT = {
    "firstName", "lastName", "insuranceProvider", "name", "description", "address", "note", "subject", "body",
    "greeting", "script", "text", "qualification",
}  # fmt: skip
# Undeclared ones: an id there must not pass unnoticed either.
STRAY = "elsewhere"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the id goes; the rest of the request is good where the schema tells how."""

    method: str
    path: str
    where: str
    name: str
    body: dict[str, Any] | None

    @property
    def is_text(self) -> bool:
        """Whether an id there is a text like others, which is kept and shown again."""
        return self.where == "body" and self.name in TEXT

    @property
    def is_unread(self) -> bool:
        """Whether the body is a stream of texts and numbers, refused at its first byte that is out of form."""
        return self.method == "POST" and self.path.endswith("/bulk-messages") and self.where not in ("query", "header")


@dataclass
class Report:
    """What became of the probes."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    places: set[tuple[str, str, str, str]] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set)
    rows_changed: bool = False

    @property
    def unrecorded(self) -> set[str]:
        return self.refused - self.recorded

    @property
    def clean(self) -> bool:
        return not (self.leaks or self.unexpected or self.unrecorded or self.rows_changed)


def ids_of(practice_id: UUID, *, each: int) -> list[str]:
    """Up to `each` ids of every kind that the practice has."""
    found = [public_id("prac", practice_id)]
    with platform_scope(reason="ids to probe with"):
        for prefix, label in settings.PUBLIC_IDS.items():
            if prefix != "prac":
                rows = apps.get_model(label)._default_manager.filter(practice_id=practice_id).order_by("?")
                found += [public_id(prefix, value) for value in rows.values_list("pk", flat=True)[:each]]
    return found


def secrets_of(practice_id: UUID) -> list[str]:
    """Texts that only this practice's rows hold."""
    with practice_scope(practice_id), connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM patients_patient WHERE phone <> '' LIMIT 50")
        phones = [phone for (phone,) in cursor.fetchall()]
        cursor.execute("SELECT name FROM practices_practice")
        return [*phones, cursor.fetchone()[0]]


def digest_of(practice_id: UUID, tables: dict[str, str]) -> str:
    """Of every row that the practice has; `tables` with the column that names it."""
    digest = sha256()
    with platform_scope(reason="rows after probes"), connection.cursor() as cursor:
        for table, key in sorted(tables.items()):
            rows = (
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t WHERE {key} = %s"
            )
            cursor.execute(rows, [practice_id])
            digest.update(cursor.fetchone()[0].encode())
    return digest.hexdigest()


def places(document: Document, own: dict[str, Any]) -> Iterator[Place]:
    """Every place of every operation under /api/v1 or /api/v2; `own` holds good values by name."""
    for path, methods in document["paths"].items():
        if not path.startswith("/api/v"):
            continue
        for method, operation in methods.items():
            schema = _body_schema(document, operation)
            body = None if schema is None else _filled(document, schema, own)
            for where, name in _of_operation(document, operation, schema):
                yield Place(method.upper(), path, where, name, body)


def _of_operation(document: Document, operation: Document, schema: Document | None) -> Iterator[tuple[str, str]]:
    for parameter in operation.get("parameters", []):
        # A key is whatever its caller calls it.
        if parameter["in"] != "header":
            yield parameter["in"], parameter["name"]
    yield from (("query", STRAY), ("header", "If-Match"), ("header", "If-None-Match"))
    if schema is not None:
        for name in _properties(document, schema):
            yield "body", name
            yield "list", name
        yield from (("body", STRAY), ("nested", STRAY), ("key", STRAY))


def _body_schema(document: Document, operation: Document) -> Document | None:
    content = operation.get("requestBody", {}).get("content", {})
    found: Document | None = content.get("application/json", {}).get("schema")
    return found


def _properties(document: Document, schema: Document) -> Document:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    found: Document = schema.get("properties", {})
    return found


def _filled(document: Document, schema: Document, own: dict[str, Any]) -> dict[str, Any]:
    """What is known by name; the rest is left out, and so probed alone."""
    return {name: own[name] for name in _properties(document, schema) if name in own}


def probe(
    *,
    send: Send,
    document: Document,
    own: dict[str, Any],
    foreign: list[str],
    texts: list[str],
    secrets: list[str],
    report: Report,
    most: int,
    seed: int,
) -> None:
    """Send `most` probes, or all there are, in an order that `seed` tells; add what became of them to `report`.

    `texts` are foreign ids for places that keep what they are given; no answer may hold one of `foreign`.
    """
    pairs = [(place, value) for place in places(document, own) for value in (texts if place.is_text else foreign)]
    random.Random(seed).shuffle(pairs)
    for place, value in pairs[:most]:
        report.sent += 1
        correlation = f"probe-{seed}-{report.sent:06}"
        status, headers, body = send(*_request(place, value, own, correlation))
        report.statuses[status] += 1
        report.places.add((place.method, place.path, place.where, place.name))
        what = f"{place.method} {place.path} {place.where} {place.name} {value.split('_')[0]}: {status}"
        # v1's Link leads from the address that was asked to its successor.
        told = body.decode("utf-8", "replace") + headers.replace(value, "")
        if any(each in told for each in (*secrets, *foreign)):
            report.leaks.append(what)
        if status == 403:
            report.refused.add(correlation)
        elif not (place.is_text and (status < 300 or status == 400)) and not (status == 400 and place.is_unread):
            report.unexpected.append(what)


def _request(
    place: Place, value: str, own: dict[str, Any], correlation: str
) -> tuple[str, str, dict[str, str], bytes | None]:
    path, query, body = place.path, "", place.body
    headers = {"X-Correlation-Id": correlation, "X-Idempotency-Key": correlation}
    if place.where == "path":
        path = path.replace(f"{{{place.name}}}", value)
    elif place.where == "query":
        query = f"?{place.name}={value}"
    elif place.where == "header":
        headers[place.name] = f'"{value}"'
    elif place.where == "key":
        body = {**(body or {}), value: True}
    else:
        shapes = {"body": value, "list": [value], "nested": {"deeper": [{"id": value}]}}
        body = {**(body or {}), place.name: shapes[place.where]}
    for name, good in own.items():
        path = path.replace(f"{{{name}}}", str(good))
    return place.method, path + query, headers, None if body is None else orjson.dumps(body)


def recorded(practice_id: UUID) -> set[str]:
    """Correlation ids of the attempts that are on record for this practice's callers."""
    with practice_scope(practice_id):
        events = SecurityEvent.objects.filter(kind="cross_practice_access")
        return set(events.values_list("correlation_id", flat=True))
