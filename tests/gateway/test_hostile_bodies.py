"""Bodies that no client of good will sends: refused with a reason, changing nothing, and never a failure of ours."""

from typing import Any

import pytest
from django.conf import settings

from tests.api.refusals import assert_invalid, assert_refused
from tests.api.rows import changes
from tests.callers import Caller, public
from tests.factories import PASSWORD, Clinic

MIB = 1024 * 1024
JSON = "application/json"

NOT_JSON = "The body is not valid JSON"
NUL = "The body holds a NUL character"
SURROGATE = "The body holds a lone surrogate"
DEEP = "The body is nested too deeply"
TWICE = "The body names a member twice"
NO_NUMBER = "The body holds a number that JSON does not have"
LARGE = "The body holds a number that is too large"

# What is wrong with each is told before anything else of it is read.
BROKEN: dict[str, tuple[bytes, str]] = {
    "NUL, escaped": (rb'{"type": "a\u0000b"}', NUL),
    "NUL in a name": (rb'{"a\u0000b": 1}', NUL),
    "NUL, deep inside": (rb'{"a": [{"b": ["\u0000"]}]}', NUL),
    "NUL, raw in a text": (b'{"type": "a\x00b"}', NOT_JSON),
    "NUL, raw": (b"\x00", NOT_JSON),
    "lone surrogate": (rb'{"type": "\ud800"}', SURROGATE),
    "lone low surrogate": (rb'{"type": "\udfff x"}', SURROGATE),
    "surrogates in the wrong order": (rb'{"type": "\udc00\ud800"}', SURROGATE),
    "lone surrogate in a name": (rb'{"\ud83d": 1}', SURROGATE),
    "surrogate in UTF-8": (b'{"type": "\xed\xa0\x80"}', NOT_JSON),
    "33 deep": (b"[" * 33 + b"1" + b"]" * 33, DEEP),
    "33 objects deep": (b'{"a":' * 33 + b"1" + b"}" * 33, DEEP),
    "5 000 deep": (b"[" * 5_000 + b"]" * 5_000, NOT_JSON),
    "5 000 objects deep": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, NOT_JSON),
    "300 000 deep and unclosed": (b"[" * 300_000, NOT_JSON),
    "5 000 digits": (b'{"type": ' + b"9" * 5_000 + b"}", NOT_JSON),
    "4 000 digits": (b'{"type": ' + b"9" * 4_000 + b"}", LARGE),
    "65 bits": (b'{"x": 9223372036854775808}', LARGE),
    "65 bits, below nothing": (b'{"x": [-9223372036854775808]}', LARGE),
    "no float": (b'{"a": {"b": 1e999}}', LARGE),
    "no float, below nothing": (b'{"x": -1e999}', LARGE),
    "NaN": (b'{"type": NaN}', NO_NUMBER),
    "Infinity": (b'{"type": [Infinity]}', NO_NUMBER),
    "-Infinity": (b"-Infinity", NO_NUMBER),
    "a member twice": (b'{"type": "a", "type": "b"}', TWICE),
    "a member twice, deep inside": (b'{"a": [{"b": 1, "b": 1}]}', TWICE),
    "a member twice, once escaped": (rb'{"type": 1, "\u0074ype": 1}', TWICE),
    "invalid UTF-8": (b'{"type": "\xff"}', NOT_JSON),
    "overlong UTF-8": (b'{"type": "\xc0\xaf"}', NOT_JSON),
    "UTF-16": ('{"type": "a"}'.encode("utf-16"), NOT_JSON),
    "UTF-8 with a mark": (b'\xef\xbb\xbf{"type": "a"}', NOT_JSON),
    "cut off": (b'{"type": "comprehensive', NOT_JSON),
    "two bodies": (b"{}{}", NOT_JSON),
    "a comma too many": (b'{"type": "a",}', NOT_JSON),
    "single quotes": (b"{'type': 'a'}", NOT_JSON),
    "a comment": (b"{} // all", NOT_JSON),
    "a form": (b"type=a&slotId=b", NOT_JSON),
    "spaces": (b"   ", NOT_JSON),
    "XML": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', NOT_JSON),
}
# Good JSON, and no object.
NO_OBJECT: dict[bytes, str] = {
    b"[]": "Invalid data. Expected a dictionary, but got list.",
    b'["a"]': "Invalid data. Expected a dictionary, but got list.",
    b'"a"': "Invalid data. Expected a dictionary, but got str.",
    b"7": "Invalid data. Expected a dictionary, but got int.",
    b"7.5": "Invalid data. Expected a dictionary, but got float.",
    b"true": "Invalid data. Expected a dictionary, but got bool.",
    b"null": "No data provided",
}
# Good objects whose one member no route knows.
UNKNOWN: list[bytes] = [
    b'{"x": 9223372036854775807}',
    b'{"x": -9223372036854775807}',
    b'{"x": 1e18}',
    b'{"x": 1e-999}',
    b'{"x": ' + b"[" * 30 + b"]" * 30 + b"}",
    rb'{"x": "\ud83d\udc41"}',
    b'{"x": "' + b"a" * 900_000 + b'"}',
]
WRONG_TYPES = [
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/merge-patch+json",
    "application/*",
    "*/*",
    "json",
    "application/json; charset=utf-7",
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    'application/json; charset="\u00e9"',
    "application/json; charset=" + "x" * 5_000,
]
GOOD_TYPES = [
    "Application/JSON",
    "application/json; charset=UTF-8",
    'application/json ;charset="utf-8"',
    "application/json;v=1",
]

ROUTES = [
    ("POST", "/api/v1/patients"),
    ("POST", "/api/v2/patients"),
    ("PATCH", "/api/v1/patients/{patient}"),
    ("PATCH", "/api/v2/patients/{patient}"),
    ("POST", "/api/v1/appointments"),
    ("POST", "/api/v2/appointments"),
    ("POST", "/api/v1/appointments/{appointment}/cancel"),
    ("POST", "/api/v2/appointments/{appointment}/cancel"),
    ("POST", "/api/auth/token"),
    ("POST", "/api/auth/practice"),
]
each_route = pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(route) for route in ROUTES])


class Sender:
    """Sends bytes to one route, by a caller who may."""

    def __init__(self, agent: Caller, clinic: Clinic, method: str, path: str) -> None:
        appointment = agent.book(clinic).json()["appointmentId"] if "{appointment}" in path else ""
        self.path = path.format(patient=public("pat", clinic.patient.id), appointment=appointment)
        self.agent, self.method = agent, method

    def send(self, body: bytes, content_type: str = JSON, **headers: str) -> Any:
        headers = {**self.agent.headers, "X-Idempotency-Key": "a-key", **headers}
        return self.agent.http.generic(self.method, self.path, body, content_type=content_type, headers=headers)


@pytest.fixture
def sender(agent: Caller, clinic: Clinic, method: str, path: str) -> Sender:
    return Sender(agent, clinic, method, path)


@each_route
def test_a_broken_body_is_refused_for_what_is_wrong_with_it(sender: Sender) -> None:
    with changes():
        for body, sentence in BROKEN.values():
            assert_refused(sender.send(body), status=400, code="bad_request", sentence=sentence)


@each_route
def test_a_body_is_an_object(sender: Sender) -> None:
    with changes():
        for body, sentence in NO_OBJECT.items():
            answer = sender.send(body)
            assert_refused(answer, status=400, code="invalid", sentence=sentence, fields={"body": [sentence]})


@each_route
def test_numbers_texts_and_depths_of_any_size_are_no_failure(sender: Sender) -> None:
    with changes():
        for body in UNKNOWN:
            assert_invalid(sender.send(body), x=["Unknown member"])


@each_route
def test_a_body_of_another_kind_is_refused(sender: Sender) -> None:
    with changes():
        for content_type in WRONG_TYPES:
            answer = sender.send(b'{"x": 1}', content_type)
            sentence = "Send application/json in UTF-8"
            assert_refused(answer, status=415, code="unsupported_media_type", sentence=sentence)
        for content_type in GOOD_TYPES:
            assert_invalid(sender.send(b'{"x": 1}', content_type), x=["Unknown member"])


EVERY_ROUTE = [*ROUTES, ("POST", "/api/auth/refresh"), ("POST", "/api/auth/logout"), ("POST", "/nowhere")]
every_route = pytest.mark.parametrize(("method", "path"), EVERY_ROUTE, ids=[" ".join(route) for route in EVERY_ROUTE])


@every_route
def test_a_body_over_a_mebibyte_is_refused_by_its_length(sender: Sender) -> None:
    sentence = "The request body is larger than 1 MiB"
    with changes():
        for body in (b'"' + b"x" * (MIB - 1) + b'"', b" " * 2 * MIB):
            assert_refused(sender.send(body), status=413, code="body_too_large", sentence=sentence)
        for length in ("1048577", "99999999999999999999", "9" * 5_000):
            answer = sender.send(b"{}", **{"Content-Length": length})
            assert_refused(answer, status=413, code="body_too_large", sentence=sentence)


@every_route
def test_a_length_that_is_no_number_is_refused(sender: Sender) -> None:
    with changes():
        for length in ("-1", "+2", "2.0", "0x2", "two", "2, 2", "\u0662", "1e3"):
            answer = sender.send(b"{}", **{"Content-Length": length})
            assert_refused(answer, status=400, code="bad_request", sentence="Content-Length is not a number")


@every_route
def test_a_chunked_body_is_refused(sender: Sender) -> None:
    sentence = "Send the body with Content-Length, not in chunks"
    with changes():
        for encoding in ("chunked", "gzip, chunked", "identity"):
            answer = sender.send(b"{}", **{"Transfer-Encoding": encoding})
            assert_refused(answer, status=411, code="length_required", sentence=sentence)


@each_route
def test_a_mebibyte_is_read(sender: Sender) -> None:
    body = b'{"x": "' + b"a" * (MIB - 9) + b'"}'
    assert len(body) == MIB == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    with changes():
        assert_invalid(sender.send(body), x=["Unknown member"])


def test_an_empty_body_lacks_its_members(agent: Caller, clinic: Clinic) -> None:
    required = ["This field is required."]
    with changes():
        for content_type in (JSON, ""):
            for version in ("v1", "v2"):
                sender = Sender(agent, clinic, "POST", f"/api/{version}/appointments")
                answer = sender.send(b"", content_type)
                assert_invalid(answer, patientId=required, slotId=required, type=required)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_queries_of_ill_will_are_named_and_refused(agent: Caller, version: str) -> None:
    lists = ["patients", "appointments", "slots", "slots/next", "practitioners", "locations", "appointment-types"]
    with changes():
        for path in lists:
            address = f"/api/{version}/{path}?type=comprehensive_exam&" if "next" in path else f"/api/{version}/{path}?"
            assert_invalid(agent.get(address + "%00=1"), **{"\x00": ["Unknown member"]})
            assert_invalid(agent.get(address + "%ff=1"), **{"\ufffd": ["Unknown member"]})
            assert_invalid(agent.get(address + "__proto__=1"), __proto__=["Unknown member"])
            assert_invalid(agent.get(address + "practice_id__gt=0"), practice_id__gt=["Unknown member"])
            assert_invalid(agent.get(address + "x" * 5_000 + "=1"), **{"x" * 60: ["Unknown member"]})
            assert_invalid(agent.get(address + "y=1&y=2"), y=["Give this once"])


def test_credentials_of_ill_will_are_wrong_credentials(agent: Caller, clinic: Clinic) -> None:
    """They reach the password's hash, and the database as a parameter."""
    with changes(mybcat_failedsignins=11):
        for email in ("' OR 1=1 --", "%", "\U0001f441", "\u202eelpmaxe.tacbym@haras", "a" * 254):
            body = {"email": email, "password": PASSWORD}
            answer = agent.http.post("/api/auth/token", body, content_type=JSON)
            assert_refused(answer, status=401, code="wrong_credentials", sentence="Invalid email or password")
