"""Request bodies: how large, of which kind, and what JSON may hold."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from mybcat.errors import DomainError
from mybcat.gateway.problems import problem_response

MAX_BODY_BYTES = 1024 * 1024
# Set in the environment of a request whose body the server's door has given up waiting for.
BODY_LATE = "mybcat.body_late"
# A booking has depth 1; a body that needs more than this is an attack on the parser.
MAX_DEPTH = 32
# What 64 bits hold: PostgreSQL would keep more, and no answer could tell it again. JSON's 1e999 is an infinity by then.
LARGEST = 2**63 - 1


class BodyTooLarge(DomainError):
    code = "body_too_large"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request body is larger than {limit // MAX_BODY_BYTES} MiB")


def body_limit(path: str) -> int:
    """The most bytes that a body sent there may have."""
    return settings.LARGE_BODIES.get(path, MAX_BODY_BYTES)


class BodyTooSlow(DomainError):
    code = "body_too_slow"
    status = 408
    sentence = "The request body did not arrive in time"

    def __init__(self) -> None:
        super().__init__()
        # What is still to come would be taken for the next request.
        self.headers = {"Connection": "close"}


class LengthRequired(DomainError):
    code = "length_required"
    status = 411
    sentence = "Send the body with Content-Length, not in chunks"


class LengthInvalid(DomainError):
    code = "bad_request"
    status = 400
    sentence = "Content-Length is not a number"


class BodyLimitMiddleware:
    """Refuses by header alone, before a byte of the body is read.

    WSGI reads a chunked body as an empty one: refusing it is the only alternative to ignoring it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Raises DisallowedHost, which is 400, for a Host that is not in ALLOWED_HOSTS.
        request.get_host()
        if request.META.get(BODY_LATE):
            return problem_response(BodyTooSlow(), request=request)
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return problem_response(LengthRequired(), request=request)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return problem_response(LengthInvalid(), request=request)
        # 19 digits hold any length there is; Python refuses to read 4 301.
        limit = body_limit(request.path)
        if len(length) > 19 or int(length) > limit:
            return problem_response(BodyTooLarge(limit), request=request)
        return self.get_response(request)


class JSONParser(BaseParser):
    """UTF-8 JSON by RFC 8259, with every ambiguity refused: NaN, numbers of 65 bits, names twice, NUL, surrogates."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        refuse_other_charsets(media_type or "")
        return parsed(stream.read())


def refuse_other_charsets(media_type: str) -> None:
    """Raises UnsupportedMediaType for a media type with a charset other than UTF-8."""
    charset = _parameter(media_type, "charset")
    if charset not in ("", "utf-8", "utf8"):
        raise UnsupportedMediaType(f"application/json; charset={charset[:20]}")


def parsed(raw: bytes) -> Any:
    """The value of a JSON text. Raises ParseError, whose words quote nothing of the text."""
    try:
        text = raw.decode("utf-8")
        value = _READER.decode(text)
    except (ValueError, RecursionError) as error:
        if isinstance(error, _Refused):
            raise ParseError(str(error)) from error
        raise ParseError("The body is not valid JSON") from error
    _check(value, depth=0)
    return value


class _Refused(ValueError):
    """Raised inside the parser to name what is wrong."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Refused("The body names a member twice")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise _Refused("The body holds a number that JSON does not have")


_READER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse_constant)


def _check(value: Any, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ParseError("The body is nested too deeply")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_text(name)
            _check(member, depth=depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth=depth + 1)
    elif isinstance(value, int | float) and not -LARGEST <= value <= LARGEST:
        raise ParseError("The body holds a number that is too large")


def _check_text(text: str) -> None:
    """PostgreSQL has no NUL in text; a lone surrogate is no character."""
    if "\x00" in text:
        raise ParseError("The body holds a NUL character")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ParseError("The body holds a lone surrogate")


def _parameter(media_type: str, name: str) -> str:
    for part in media_type.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"').lower()
    return ""
