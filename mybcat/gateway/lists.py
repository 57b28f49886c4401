"""Lists: numbered pages in v1, cursors in v2."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Any, Protocol, TypeVar
from uuid import UUID

import orjson
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat.errors import InvalidInput, UnknownId
from mybcat.gateway import output_guard
from mybcat.gateway.inputs import Input, read
from mybcat.tenancy import current_scope

F = TypeVar("F", bound=Callable[..., Any])

_CURSOR = re.compile(r"[A-Za-z0-9_-]+={0,2}", re.ASCII)

# Rows of one page as the wire shows them.
ShowAll = Callable[[Sequence[Any]], list[dict[str, Any]]]

MAX_PAGE = 200
DEFAULT_PAGE = 50
# Beyond this, counting and skipping cost more than any caller wants to wait; v2's cursors have no end.
MAX_PAGE_NUMBER = 1000


class NumberedPage(Input):
    """v1: `page`, `pageSize`."""

    page = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_NUMBER, default=1)
    pageSize = serializers.IntegerField(min_value=1, max_value=MAX_PAGE, default=DEFAULT_PAGE)


class CursorPage(Input):
    """v2: `cursor`, `limit`."""

    # Two names of 160 characters of 4 bytes and an id, in base 64.
    cursor = serializers.CharField(required=False, max_length=2000)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_PAGE, default=DEFAULT_PAGE)


def listed(
    operation_id: str,
    *,
    v1: type[serializers.Serializer[Any]],
    v2: type[serializers.Serializer[Any]],
    query: type[Input] = Input,
    query_v2: type[Input] | None = None,
    paged: bool = True,
) -> Callable[[F], F]:
    """Describes a list operation to OpenAPI, in both versions' shapes; `paged` adds their page members.

    `query_v2`: where v2 can be asked for more than v1, which is frozen.
    """

    def describe(method: F) -> F:
        shapes = (("v1", v1, _numbered_envelope, query), ("v2", v2, _cursor_envelope, query_v2 or query))
        for version, output, envelope, asked in shapes:
            method = extend_schema(
                operation_id=operation_id,
                versions=[version],
                parameters=[_with_page(asked, version) if paged else asked],
                responses=envelope(output),
            )(method)
        return method

    return describe


def read_query(request: Request, kind: type[Input] = Input, *, paged: bool = True) -> dict[str, Any]:
    """The query, with the version's page members if `paged`. Raises ValidationError naming what is wrong."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise InvalidInput(fields={name[:60]: ["Give this once"]})
    reader = _with_page(kind, request.version or "v2") if paged else kind
    return dict(read(reader, request.query_params.dict()))


@cache
def _with_page(kind: type[Input], version: str) -> type[Input]:
    page = NumberedPage if version == "v1" else CursorPage
    return page if kind is Input else type(f"{kind.__name__}{version.upper()}", (kind, page), {})


@cache
def _numbered_envelope(output: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    members = {"results": output(many=True), "count": serializers.IntegerField()}
    return type(f"{_noun(output)}Page", (serializers.Serializer,), members)


@cache
def _cursor_envelope(output: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    members = {"data": output(many=True), "nextCursor": serializers.CharField(allow_null=True)}
    return type(f"{_noun(output)}List", (serializers.Serializer,), members)


def _noun(output: type[serializers.Serializer[Any]]) -> str:
    return output.__name__.removesuffix("Output")


class Rows(Protocol):
    """Rows in an order whose last member is unique; pages are cut from them."""

    @property
    def order(self) -> Sequence[str]: ...

    def cut(self, start: int, stop: int) -> Sequence[Any]:
        """Those from number `start` on, before `stop`."""

    def count(self) -> int:
        """How many there are."""

    def after(self, values: Sequence[str]) -> "Rows":
        """Those behind these values of `order`. Raises ValueError where they are none."""


@dataclass(frozen=True, slots=True)
class _Queried:
    """The rows of a query set, as `Rows`."""

    rows: QuerySet[Any]
    order: Sequence[str]

    def cut(self, start: int, stop: int) -> Sequence[Any]:
        return list(self.rows.order_by(*self.order)[start:stop])

    def count(self) -> int:
        return self.rows.order_by().count()

    def after(self, values: Sequence[str]) -> "_Queried":
        typed = [_typed(self.rows, field, value) for field, value in zip(self.order, values, strict=True)]
        return _Queried(self.rows.filter(_after(self.order, typed)), self.order)


def page_of(
    rows: QuerySet[Any], *, request: Request, query: dict[str, Any], order: Sequence[str], show_all: ShowAll
) -> Response:
    """One page of `rows` in `order`, whose last field must be unique, in the shape of the version."""
    return page_cut(_Queried(rows, order), request=request, query=query, show_all=show_all)


def page_cut(rows: Rows, *, request: Request, query: dict[str, Any], show_all: ShowAll) -> Response:
    """One page of `rows`, in the shape of the version."""
    return _numbered(rows, query, show_all) if request.version == "v1" else _by_cursor(rows, query, show_all)


def each(show: Callable[[Any], dict[str, Any]]) -> ShowAll:
    """Shows rows one by one."""
    return lambda rows: [show(row) for row in rows]


def _numbered(rows: Rows, query: dict[str, Any], show_all: ShowAll) -> Response:
    number, size = query["page"], query["pageSize"]
    start = (number - 1) * size
    found = rows.cut(start, start + size + 1)
    output_guard.check_rows(found)
    # A first page with nothing behind it tells the count by itself.
    count = len(found) if number == 1 and len(found) <= size else rows.count()
    return Response({"results": show_all(found[:size]), "count": count})


def _by_cursor(rows: Rows, query: dict[str, Any], show_all: ShowAll) -> Response:
    if query.get("cursor"):
        rows = _behind(query["cursor"], rows)
    limit = query["limit"]
    page = rows.cut(0, limit + 1)
    output_guard.check_rows(page)
    following = _cursor(page[limit - 1], rows.order) if len(page) > limit else None
    return Response({"data": show_all(page[:limit]), "nextCursor": following})


def _cursor(row: Any, order: Sequence[str]) -> str:
    values = [current_scope().practice_id, *(getattr(row, field.removeprefix("-")) for field in order)]
    return _seal().encrypt(orjson.dumps(values)).decode()


@cache
def _seal() -> Fernet:
    """Cursors stand in URLs, and so in logs: what they hold, a patient's name among it, is for us alone."""
    return Fernet(urlsafe_b64encode(sha256(b"cursor:" + settings.SECRET_KEY.encode()).digest()))


def _behind(cursor: str, rows: Rows) -> Rows:
    try:
        if not _CURSOR.fullmatch(cursor):
            # base64 would pass over what is no letter of its own.
            raise InvalidInput
        values = orjson.loads(_seal().decrypt(cursor.encode()))
        if not isinstance(values, list) or len(values) != len(rows.order) + 1:
            raise InvalidInput
        practice_id, *values = values
        if practice_id != str(current_scope().practice_id):
            raise UnknownId(prefix="prac", value=UUID(practice_id))
        return rows.after(values)
    except (ValueError, TypeError, InvalidToken, InvalidInput) as error:
        raise InvalidInput(fields={"cursor": ["Take the cursor from nextCursor as it is"]}) from error


def _typed(rows: QuerySet[Any], field: str, value: Any) -> Any:
    kind = rows.model._meta.get_field(field.removeprefix("-")).get_internal_type()
    if kind.endswith("IntegerField"):
        return _number(value)
    if not isinstance(value, str) or "\x00" in value:
        raise InvalidInput
    read: dict[str, Callable[[str], Any]] = {
        "UUIDField": UUID,
        "DateTimeField": _instant,
        "DateField": date.fromisoformat,
    }
    return read.get(kind, str)(value)


def _number(value: Any) -> int:
    # A cursor of another list may hold anything here.
    if type(value) is not int:
        raise InvalidInput
    return value


def _instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise InvalidInput
    return value


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows behind `values` in `order`: a > x, or a = x and b > y, and so on; `-a` is a < x."""
    names = [field.removeprefix("-") for field in order]
    behind = ["lt" if field.startswith("-") else "gt" for field in order]
    condition = Q()
    for index, name in enumerate(names):
        equal = dict(zip(names[:index], values[:index], strict=True))
        condition |= Q(**equal, **{f"{name}__{behind[index]}": values[index]})
    # Says to the planner where to start in the index, which the OR alone does not.
    return Q(**{f"{names[0]}__{behind[0]}e": values[0]}) & condition
