"""The body of a bulk job: up to 256 MiB, read piece by piece, kept on disk in batches of 1 000.

A million messages as Python objects would take a gigabyte. Here one batch at a time becomes objects,
to be checked; what is kept is the request's own bytes.
"""

import json
import re
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import IO, Any, Protocol

import orjson
from rest_framework.exceptions import ParseError, ValidationError

from mybcat.errors import DomainError
from mybcat.gateway.bodies import JSONParser, refuse_other_charsets

BATCH = 1000
MAX_MESSAGES = 1_000_000
# What Twilio takes at most in one message, and what any number with all its punctuation needs.
MAX_TEXT, MAX_NUMBER = 1600, 30

_PIECE = 1024 * 1024
_SPACE = rb"[ \t\n\r]*+"
# Possessive throughout: each byte is looked at once, whatever is sent.
_STRING = rb'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrtu])*+"'


def _members(*names: bytes) -> bytes:
    comma = _SPACE + rb"," + _SPACE
    return comma.join(rb'"' + name + rb'"' + _SPACE + rb":" + _SPACE + _STRING for name in names)


# A message with its two members, in either order and each once: no other object passes.
_MESSAGE = (
    rb"\{" + _SPACE + rb"(?:" + _members(b"to", b"body") + rb"|" + _members(b"body", b"to") + rb")" + _SPACE + rb"\}"
)
_OPENING = re.compile(_SPACE + rb"\{" + _SPACE + rb'"messages"' + _SPACE + rb":" + _SPACE + rb"\[" + _SPACE)
_RUN = re.compile(_MESSAGE + rb"(?:" + _SPACE + rb"," + _SPACE + _MESSAGE + rb"){0,999}+" + _SPACE)
_ENDING = re.compile(rb"\]" + _SPACE + rb"\}" + _SPACE)
_MORE_MEMBERS = re.compile(rb"\]" + _SPACE + rb",")
_SPACES = re.compile(_SPACE)
# Nothing longer is a message, even with each character escaped.
_LONGEST_MESSAGE = 16 * 1024


class NotJSON(ParseError):
    default_detail = "The body is not valid JSON"


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Batches(dict[str, Any]):
    """A checked body: the number of its messages and its digest as members, its batches in a file."""

    def __init__(self, file: IO[bytes], sizes: list[int], *, total: int, digest: str) -> None:
        super().__init__(messages=total, sha256=digest)
        self._file, self._sizes = file, sizes
        # An answer that is replayed never looks at it, so nobody could close it.
        weakref.finalize(self, file.close)

    @property
    def total(self) -> int:
        return int(self["messages"])

    def payloads(self) -> Iterator[bytes]:
        """Up to 1 000 messages each, as they came."""
        self._file.seek(0)
        for size in self._sizes:
            yield self._file.read(size)


class TooManyMessages(DomainError):
    code = "too_many_messages"
    status = 400
    sentence = "Max 1,000,000 messages per job"


class BulkParser(JSONParser):
    """`request.data` becomes Batches. Raises ParseError, ValidationError, TooManyMessages; they quote nothing of it."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        refuse_other_charsets(media_type or "")
        return read_batches(stream)


def read_batches(stream: Readable) -> Batches:
    """The body in batches. Raises ParseError, ValidationError, TooManyMessages."""
    return _Reader(stream).read()


def given(data: object) -> Batches:
    """What the parser made. Raises ValidationError where there was no body, and so nothing to parse."""
    if not isinstance(data, Batches):
        raise ValidationError({"body": ["No data provided"]})
    return data


class _Reader:
    """Goes through the stream once, with no more of it in memory than a few batches."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._digest = sha256()
        self._buffer, self._at = b"", 0
        self._total = 0

    def read(self) -> Batches:
        # Without a name, so that nothing is left of it: it holds patients' numbers.
        file = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            return self._read(file)
        except BaseException:
            file.close()
            raise

    def _read(self, file: IO[bytes]) -> Batches:
        sizes = []
        self._pass_opening()
        while run := _RUN.match(self._filled(), self._at):
            self._check(run.group())
            sizes.append(file.write(run.group()))
            self._at = run.end()
            if not self._passed(b","):
                break
            if self._filled()[self._at : self._at + 1] == b"]":
                raise NotJSON
        if not _ENDING.fullmatch(self._filled(), self._at) or self._stream.read(1):
            self._refuse()
        if not self._total:
            raise ValidationError({"messages": ["Give at least one message"]})
        return Batches(file, sizes, total=self._total, digest=self._digest.hexdigest())

    def _filled(self) -> bytes:
        """The buffer, with two pieces in it from where the reader is, or all that are left."""
        if len(self._buffer) - self._at < _PIECE:
            self._buffer, self._at = self._buffer[self._at :], 0
            while len(self._buffer) < 2 * _PIECE and (piece := self._stream.read(_PIECE)):
                self._digest.update(piece)
                self._buffer += piece
        return self._buffer

    def _pass_opening(self) -> None:
        opening = _OPENING.match(self._filled())
        if opening is None:
            self._value()
            raise ValidationError({"messages": ['Send {"messages": […]} and nothing beside it']})
        self._at = opening.end()

    def _passed(self, mark: bytes) -> bool:
        found = self._filled()[self._at : self._at + 1] == mark
        if found:
            self._at += 1
            space = _SPACES.match(self._filled(), self._at)
            self._at = space.end() if space else self._at
        return found

    def _check(self, run: bytes) -> None:
        try:
            messages = orjson.loads(b"[" + run + b"]")
        except orjson.JSONDecodeError as error:
            raise NotJSON from error
        for place, message in enumerate(messages, self._total):
            for name, most in (("to", MAX_NUMBER), ("body", MAX_TEXT)):
                if not 0 < len(message[name]) <= most:
                    raise ValidationError({f"messages.{place}.{name}": [f"Give 1 to {most} characters"]})
        # PostgreSQL has no NUL in text.
        if rb"\u0000" in run and any("\x00" in text for message in messages for text in message.values()):
            raise ParseError("The body holds a NUL character")
        self._total += len(messages)
        if self._total > MAX_MESSAGES:
            raise TooManyMessages

    def _refuse(self) -> None:
        """Say what is wrong with what stands where a message or the end should."""
        if _MORE_MEMBERS.match(self._buffer, self._at):
            raise ValidationError({"body": ["Send messages and nothing beside it"]})
        if self._buffer[self._at : self._at + 1] in (b"]", b"}", b",", b""):
            raise NotJSON
        self._value()
        raise ValidationError({f"messages.{self._total}": ["Give a message the members to and body, as text"]})

    def _value(self) -> None:
        """Raises ParseError where no JSON value begins, at least not one as short as a message."""
        text = self._buffer[self._at : self._at + _LONGEST_MESSAGE].decode("utf-8", "replace").lstrip()
        try:
            json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError) as error:
            raise NotJSON from error
