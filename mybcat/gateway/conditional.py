"""ETags: an answer that the caller already has is 304, and where its rows tell so, it is not even made.

RFC 9110, section 13. Validators are strong, and made from the practice, the address, the code's release and
the versions of the rows behind the answer, so that one practice's never fits another's answer. PostgreSQL
keeps a row's version by itself (`xmin`, the transaction that wrote it): no write pays for it, and a change
invalidates the answers that show the row and no others. The state is read before the answer; a change in
between gives a newer answer an older tag, which costs one 200 too many and never hides anything. An answer
whose statement sees its rows' versions too needs no question before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.db import models
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework.request import Request

from mybcat import audit
from mybcat.errors import DomainError
from mybcat.gateway.output_guard import rendered
from mybcat.gateway.remembered import Kept, memory
from mybcat.principal import Principal
from mybcat.release import release

# Of what is no patient's: kept by the browser, asked about before each use.
REVALIDATE = "private, no-cache"


class PreconditionFailed(DomainError):
    """What the caller knows of the object is not its present state."""

    code = "precondition_failed"
    status = 412
    sentence = "This has changed since you read it"


@dataclass(frozen=True, slots=True)
class State:
    """What an answer follows from, and whose data it shows: a 304 is a read of it too."""

    versions: tuple[object, ...]
    action: str = ""
    patients: tuple[UUID, ...] = ()


Answer = Callable[[], HttpResponse]
Validator = Callable[[Any, Request, Answer], HttpResponse]


def of_state(
    read: Callable[[Any, Request], State | None],
    *,
    told: Callable[[Any], object] | None = None,
    shown: Callable[[Any], Sequence[UUID]] | None = None,
    cache: str = "no-store",
) -> Validator:
    """Asks `read` for the state; None: this answer has no tag, as one that changes by the minute.

    `told`: the same versions, as the answer's own statement has seen them. `shown`: whose data it shows. Who has no
    tag to compare is then spared the question where nothing is remembered of this address, and where the question
    tells that the remembered answer stands, the answer is spared (remembered.py).
    """

    def validated(endpoint: Any, request: Request, answer: Answer) -> HttpResponse:
        if told is not None and shown is not None and not _is_conditional(request):
            address = repr(_place(endpoint.principal, request))
            kept = memory.get(address)
            state = read(endpoint, request) if kept else None
            if kept and state and kept.tag == _tag(endpoint.principal, request, state.versions):
                _record(endpoint, state.action, kept.patients)
                return _with(HttpResponse(kept.body, content_type="application/json"), kept.tag, cache)
            response = answer()
            tag = _tag(endpoint.principal, request, (told(endpoint),))
            memory.put(address, Kept(tag, rendered(response), shown(endpoint)))
            return _with(response, tag, cache)
        state = read(endpoint, request)
        if state is None:
            return answer()
        tag = _tag(endpoint.principal, request, state.versions)
        if not _known(request, tag):
            return _with(answer(), tag, cache)
        if state.action:
            _record(endpoint, state.action, state.patients, outcome="not_modified")
        return _with(HttpResponseNotModified(), tag, cache)

    return validated


def _record(endpoint: Any, action: str, patients: Sequence[UUID], *, outcome: str = "success") -> None:
    """What is not made again is a read of the same patients."""
    audit.record(
        principal=endpoint.principal,
        action=action,
        object_kind="pat",
        object_ids=patients,
        now=endpoint.now,
        outcome=outcome,
    )


def refuse_stale(*, principal: Principal, request: Request, path: str, read: Callable[[], State | None]) -> None:
    """Before a change, under the lock that it takes: raises PreconditionFailed where If-Match names a tag that GET
    `path` would not give now. Whoever names none changes what is there.
    """
    required = request.META.get("HTTP_IF_MATCH")
    if required is None or "*" in parse_etags(required):
        return
    state = read()
    if state is not None and _tag_of(principal, path, "", state.versions) not in parse_etags(required):
        raise PreconditionFailed


def tagged(response: HttpResponse, *, principal: Principal, path: str, state: State | None) -> HttpResponse:
    """The answer to a change, with the tag that GET `path` gives from now on; without one where it gives none."""
    if state is not None:
        response.headers["ETag"] = _tag_of(principal, path, "", state.versions)
    return response


def of_answer(endpoint: Any, request: Request, answer: Answer) -> HttpResponse:
    """For what costs less to show than to ask whether it has changed; only the way back is spared."""
    response: Any = answer()
    tag = _tag(endpoint.principal, request, (orjson.dumps(response.data),))
    return _with(HttpResponseNotModified() if _known(request, tag) else response, tag, "no-store")


def state_of_answer(shown: Any) -> State:
    """What such an answer follows from, for who changes what it shows."""
    return State((orjson.dumps(shown),))


def all_of(model: type[models.Model]) -> Validator:
    """For a list of a practice's rows of reference data."""

    def read(endpoint: Any, request: Request) -> State:
        return State(versions=versions_of(model._default_manager.all()))

    return of_state(read, cache=REVALIDATE)


def versions_of(rows: QuerySet[Any], *besides: str) -> tuple[Any, ...]:
    """How many rows there are, the sum of hashes of their ids and versions, and more such SQL expressions."""
    table = rows.model._meta.db_table
    versions = f"sum(hash_record_extended(({table}.id, {table}.xmin::text), 0))"
    told = [RawSQL(expression, ()) for expression in ("count(*)", versions, *besides)]  # noqa: S611  # no caller's text
    found: tuple[Any, ...] = next(iter(rows.order_by().values_list(*told)))
    return found


def _tag(principal: Principal, request: Request, versions: tuple[object, ...]) -> str:
    http = request._request
    return _tag_of(principal, http.path, http.META.get("QUERY_STRING", ""), versions)


def _place(principal: Principal, request: Request) -> tuple[object, ...]:
    http = request._request
    return principal.practice_id, principal.time_zone, http.path, http.META.get("QUERY_STRING", "")


def _tag_of(principal: Principal, path: str, query: str, versions: tuple[object, ...]) -> str:
    told = (release(), principal.practice_id, principal.time_zone, path, query, versions)
    return f'"{sha256(repr(told).encode()).hexdigest()[:32]}"'


def _is_conditional(request: Request) -> bool:
    return "HTTP_IF_MATCH" in request.META or "HTTP_IF_NONE_MATCH" in request.META


def _known(request: Request, tag: str) -> bool:
    """Whether If-None-Match names the tag. Raises PreconditionFailed where If-Match does not."""
    required = request.META.get("HTTP_IF_MATCH")
    if required is not None and not {"*", tag} & set(parse_etags(required)):
        raise PreconditionFailed
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    # The weak comparison, as the RFC has it for this header: a proxy that compresses weakens tags.
    return "*" in known or tag in {each.removeprefix("W/") for each in known}


def _with(response: HttpResponse, tag: str, cache: str) -> HttpResponse:
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = cache
    return response
