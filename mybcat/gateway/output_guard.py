"""The last look at an answer: nothing of another practice leaves, whatever went wrong before.

Two rules. Rows that come with their practice are compared with the caller's (`check_rows`). Ids in
the answer itself are held against those known to be the practice's own (`check`); what is not yet
known is asked of PostgreSQL by practice and id, which needs neither managers nor row-level security.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from rest_framework.response import Response

from mybcat.gateway.owners import Named, foreign
from mybcat.gateway.problems import Unexpected
from mybcat.ids import minted, parsed
from mybcat.tenancy import current_scope, platform_glance

# Inside a text of JSON each quotation mark has a backslash before it, so this finds members only. A figure's `group`
# is the id of what the figures were grouped by. What all have in common comes first: that is searched for fast.
_MEMBER = re.compile(rb'":"(?:(?<=[Ii]d":")|(?<="group":"))([a-z]{2,8}_\w{26})"')
# An address of ours names what it leads to.
_ADDRESS = re.compile(rb'Url":"[^"]*/([a-z]{2,8}_\w{26})[/"]')
_LIST = re.compile(rb'Ids":\[([^\]]*)\]')
# In a table that is no JSON, wherever it stands.
_WORD = re.compile(rb"(?<!\w)[a-z]{2,8}_\w{26}(?!\w)")
# Some 100 bytes each, in each process.
_MOST_KNOWN = 100_000

# An id never changes its practice, so what was once known stays so.
_known: dict[UUID, set[bytes]] = {}


class PreventedLeak(Unexpected):
    """The answer held a row of another practice. To the caller: an unexpected error and nothing more."""

    def __init__(self, *, named: Named | None, owner: UUID) -> None:
        super().__init__()
        self.named = named
        self.owner = owner


def check_rows(rows: Sequence[Any]) -> None:
    """Raises PreventedLeak where a row that knows its practice is of another one than the scope's."""
    own = current_scope().practice_id
    # All rows of a list are of one kind.
    if not rows or not hasattr(rows[0], "practice_id"):
        return
    for row in rows:
        if row.practice_id != own:
            raise PreventedLeak(named=None, owner=row.practice_id)


def check(response: HttpResponse, *, practice_id: UUID) -> None:
    """Raises PreventedLeak where a member of the answer names another practice's row.

    In the practice's scope. A streamed answer passes: it is no list of rows.
    """
    if response.streaming:
        return
    leak = another_s(_shown(response), practice_id=practice_id)
    if leak:
        raise PreventedLeak(named=leak[0], owner=leak[1])


def _shown(response: HttpResponse) -> set[bytes]:
    """The ids in the answer."""
    body = rendered(response)
    if response.get("Content-Type", "").startswith("text/csv"):
        return set(_WORD.findall(body))
    shown = set(_MEMBER.findall(body))
    if b'Ids":[' in body:
        shown.update(text.strip(b'"') for texts in _LIST.findall(body) for text in texts.split(b","))
    if b'Url":"' in body:
        shown.update(_ADDRESS.findall(body))
    return shown


def rendered(response: HttpResponse) -> bytes:
    """The body. Written once: what was looked at is what leaves."""
    if not isinstance(response, Response) or response.is_rendered:
        return response.content
    if response.data is None:
        return b""
    response.content = body = orjson.dumps(response.data)
    response["Content-Type"] = "application/json"
    return body


def another_s(texts: set[bytes], *, practice_id: UUID) -> tuple[Named, UUID] | None:
    """An id among these that is of another practice, and of which. In the practice's scope.

    What is known to be the practice's own costs nothing; one query tells of the rest.
    """
    strangers = texts - _known.get(practice_id, set())
    return _ask(strangers, practice_id) if strangers else None


def _ask(texts: Iterable[bytes], practice_id: UUID) -> tuple[Named, UUID] | None:
    fresh = minted()
    named = {text: found for text in texts if (found := parsed(text.decode())) and found[0] in settings.PUBLIC_IDS}
    asked = {text: found for text, found in named.items() if found[1] not in fresh and found[1] != practice_id}
    own = _own(set(asked.values()), practice_id) if asked else set()
    others = [found for found in asked.values() if found not in own]
    if others:
        with platform_glance(reason="whose id would have left"):
            leak = foreign(others, practice_id=practice_id)
        if leak:
            return leak
    _remember(practice_id, {text for text, found in asked.items() if found in own})
    return None


def _own(named: set[Named], practice_id: UUID) -> set[Named]:
    """Those that the practice has, by one query that names it."""
    queries: list[str] = []
    parameters: list[Any] = []
    for prefix in sorted({prefix for prefix, _ in named}):
        table = apps.get_model(settings.PUBLIC_IDS[prefix])._meta.db_table
        key = "id" if prefix == "prac" else "practice_id"
        queries.append(f"SELECT %s, id FROM {table} WHERE {key} = %s AND id = ANY(%s)")  # noqa: S608
        parameters += [prefix, practice_id, [value for kind, value in named if kind == prefix]]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(queries), parameters)
        return set(cursor.fetchall())


def _remember(practice_id: UUID, texts: set[bytes]) -> None:
    if len(texts) > _MOST_KNOWN:
        # A spreadsheet of all patients, which nobody asks for twice a minute.
        return
    # list(): other threads add practices meanwhile.
    if sum(map(len, list(_known.values()))) + len(texts) > _MOST_KNOWN:
        _known.clear()
    _known.setdefault(practice_id, set()).update(texts)
