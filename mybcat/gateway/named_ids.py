"""The public ids that a request names, wherever they stand."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.conf import settings
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from mybcat.errors import DomainError
from mybcat.gateway.owners import Named
from mybcat.ids import parsed

# More than any operation takes; a body of 1 MiB could hold thirty thousand.
MOST = 1000
_PRECONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")


def of_request(request: Request) -> list[Named]:
    """Ids in path, query, preconditions and body, nested as they may be; at most MOST of them."""
    return [*of_address(request), *islice(_ids(_texts(_body(request))), MOST)]


def of_address(request: Request) -> list[Named]:
    """Ids in path and query, and those offered as entity tags."""
    texts = list((request.parser_context or {}).get("kwargs", {}).values())
    if request.META.get("QUERY_STRING"):
        texts += [part for _, values in request.query_params.lists() for each in values for part in each.split(",")]
    for name in _PRECONDITIONS:
        if tags := request.META.get(name):
            texts += [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
    return list(_ids(iter(texts)))


def _ids(texts: Iterator[Any]) -> Iterator[Named]:
    for text in texts:
        found = parsed(text) if isinstance(text, str) and "_" in text else None
        if found and found[0] in settings.PUBLIC_IDS:
            yield found


def _body(request: Request) -> Any:
    try:
        return request.data
    except (APIException, DomainError):
        # Not readable, so it names nothing.
        return None


def _texts(node: Any) -> Iterator[Any]:
    """Every text in it, names of members too. Not by recursion: nesting is the caller's to choose."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
        else:
            yield each
