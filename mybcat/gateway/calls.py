"""`X-Call-Id`: a request that was made while a caller was on the line is kept with the call, if it succeeds."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.module_loading import import_string

from mybcat.ids import internal_id
from mybcat.principal import Principal

HEADER = "X-Call-Id"


class Keeper(Protocol):
    """Keeps that `act` was done during the call, in the request's transaction. Raises UnknownId and other refusals."""

    def __call__(self, *, call_id: UUID, act: str, object_id: str, by: Principal, now: datetime) -> None: ...


def keep(response: HttpResponse, *, told: str | None, act: str, by: Principal, now: datetime) -> None:
    """Keep what the request did, if it names a call. Above the gateway, so the keeper is named in the settings.

    `act` is `code` or `code:member`, where `member` of the answer names the object.
    """
    if told is None or response.status_code >= 300:
        return
    code, _, member = act.partition(":")
    data: Any = getattr(response, "data", None)
    object_id = str(data.get(member, "")) if member and isinstance(data, dict) else ""
    keeper: Keeper = import_string(settings.CALL_KEEPER)
    keeper(call_id=internal_id("call", told), act=code, object_id=object_id, by=by, now=now)
